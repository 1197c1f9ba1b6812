"""A file of contacts through the wizard, and a list out of it, in a real browser."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from contacts.exporting.spreadsheets import unguarded
from tests.browser.desk import Desk
from tests.browser.looking import LOOKS, violations

SLOW = 60_000  # ms: a worker shares this machine with a browser


def at(desk: Desk, rest: str = "") -> str:
    return f"{desk.stack.base_url}/w/{desk.slug}/contacts/{rest}"


def file(folder: Path, *, start: int, rows: int = 300) -> Path:
    path = folder / "people.csv"
    with path.open("w", encoding="windows-1256", newline="") as stored:
        writer = csv.writer(stored, delimiter=";")
        writer.writerow(["الاسم", "رقم الجوال", "City"])
        for number in range(rows):
            phone = "none" if number % 100 == 99 else f"05{start + number:08d}"
            writer.writerow([f"زائر {number}", phone, "الرياض"])
        writer.writerow(["مكرر", f"05{start:08d}", ""])
    return path


def to_the_columns(desk: Desk, page: Page, path: Path) -> None:
    page.goto(at(desk, "import/new/"))
    page.get_by_label("A CSV or Excel (XLSX) file").set_input_files(path)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name="What is in people.csv?")).to_be_visible()


def choose(page: Page, column: str, target: str) -> None:
    page.get_by_role("row", name=re.compile(f"^{column}")).get_by_role("combobox").select_option(label=target)


def test_a_file_is_uploaded_mapped_checked_imported_and_taken_back(desk: Desk, tmp_path: Path):
    with desk.agent("owner") as page:
        to_the_columns(desk, page, file(tmp_path, start=11_000_000))
        expect(page.get_by_text("guessed")).to_have_count(2)
        expect(page.get_by_role("cell", name="زائر 0", exact=True).first).to_be_visible()
        page.get_by_label("Country of numbers without a country code").select_option(label="Saudi Arabia")
        expect(page.locator("#map-preview")).to_contain_text("+966511000000")
        choose(page, "City", "New field: text")
        page.get_by_label("Tag for everybody").fill("Visitors")
        page.get_by_role("button", name="Check the file").click()

        expect(page.get_by_role("button", name="Import 297, leave out 4")).to_be_visible(timeout=SLOW)
        problems = page.get_by_role("group", name="Rows left out")
        expect(problems.get_by_role("row")).to_have_count(5)
        expect(problems).to_contain_text("This is not a phone number.")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download all of them").click()
        rows = list(csv.reader(download.value.path().open(encoding="utf-8-sig", newline="")))
        assert rows[0] == ["الاسم", "رقم الجوال", "City", "Line", "Problem"]
        assert [row[3] for row in rows[1:]] == ["101", "201", "301", "302"]

        page.get_by_role("button", name="Import 297, leave out 4").click()
        expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible(timeout=SLOW)
        expect(page.locator(".figure").filter(has_text="added")).to_contain_text("297")
        page.get_by_role("link", name="Imports").click()
        expect(page.get_by_role("row", name=re.compile("people.csv")).first).to_contain_text("297")

        page.get_by_role("link", name="people.csv").first.click()
        page.get_by_role("button", name="Take back new contacts").click()
        page.locator("#confirm").get_by_role("button", name="Continue").click()
        expect(page.get_by_text("297 of the new contacts taken back.")).to_be_visible(timeout=SLOW)


def test_progress_arrives_without_a_reload(desk: Desk, tmp_path: Path):
    with desk.agent("owner") as page:
        to_the_columns(desk, page, file(tmp_path, start=12_000_000, rows=20_000))
        page.get_by_label("Country of numbers without a country code").select_option(label="Saudi Arabia")
        page.get_by_role("button", name="Check the file").click()
        page.evaluate("window.sameDocument = true")
        expect(page.get_by_role("button", name=re.compile("^Import 19,800"))).to_be_visible(timeout=SLOW)
        assert page.evaluate("window.sameDocument")
        page.get_by_role("button", name=re.compile("^Import 19,800")).click()
        page.evaluate("window.sameDocument = true")
        expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible(timeout=SLOW)
        assert page.evaluate("window.sameDocument")


def test_a_refused_file_says_why_where_it_was_chosen(desk: Desk, tmp_path: Path):
    path = tmp_path / "people.csv"
    path.write_text('Name,Phone\nA,1\n"Nora,+966500000001\n')
    with desk.agent("owner") as page:
        page.goto(at(desk, "import/new/"))
        page.get_by_label("A CSV or Excel (XLSX) file").set_input_files(path)
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("alert").filter(has_text="Line 3 opens a quotation mark")).to_be_visible()


def test_a_filtered_list_is_exported_and_fetched(desk: Desk):
    with desk.agent("owner") as page:
        page.goto(at(desk, "exports/?q=a"))
        expect(page.get_by_text("matching “a”").first).to_be_visible()
        page.get_by_role("button", name="Export as CSV").click()
        link = page.get_by_role("link", name=re.compile("^Download")).first
        expect(link).to_be_visible(timeout=SLOW)
        with page.expect_download() as download:
            link.click()
        rows = list(csv.DictReader(download.value.path().open(encoding="utf-8-sig", newline="")))
        assert rows
        assert all(unguarded(row["Phone"]).startswith("+") for row in rows if row["Phone"])


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_the_pages(desk: Desk, tmp_path: Path, width: int, theme: str):
    options = {"viewport": {"width": width, "height": 844}, "color_scheme": theme}
    with desk.agent("owner", **options) as page:
        page.goto(at(desk, "import/new/"))
        assert violations(page) == []
        page.get_by_label("A CSV or Excel (XLSX) file").set_input_files(file(tmp_path, start=13_000_000 + width))
        page.get_by_role("button", name="Upload").click()
        expect(page.get_by_role("heading", name="What is in people.csv?")).to_be_visible()
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.get_by_label("Country of numbers without a country code").select_option(label="Saudi Arabia")
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_role("button", name=re.compile("^Import 2"))).to_be_visible(timeout=SLOW)
        assert violations(page) == []
        for rest in ("import/", "exports/"):
            page.goto(at(desk, rest))
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

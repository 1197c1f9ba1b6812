"""What became of a broadcast, in a real browser: progress before one's eyes, figures that lead to people."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.browser.looking import LOOKS, too_wide, violations

SALE, PAUSED = "Autumn linen sale", "Weekend flash sale"
SOON = 60_000  # milliseconds; the clock goes round every three seconds, and machines are slow at times


def at(desk: Desk, name: str, rest: str = "") -> str:
    found = next(row for row in desk.stack.facts["broadcasts"] if row["name"] == name and row["workspace"] == desk.slug)
    return f"{desk.stack.base_url}/w/{desk.slug}/broadcasts/{found['uuid']}/{rest}"


def number(text: str | None) -> int:
    return int(re.sub(r"\D", "", text or ""))


def test_each_step_of_the_funnel_leads_to_its_people(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk, SALE))
        for step in ("Accepted", "Delivered", "Read", "Replied"):
            row = page.locator(".funnel tbody tr", has=page.get_by_role("link", name=step, exact=True))
            count = number(row.locator("td.table__number").first.text_content())
            row.get_by_role("link").click()
            expect(page.locator(".recipients__head strong")).to_have_text(str(count))
            page.go_back()


def test_recipients_are_filtered_in_place_and_the_address_keeps_it(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk, SALE, "recipients/"))
        expect(page.get_by_role("button", name="Apply")).to_be_hidden()
        page.get_by_label("Who").select_option("failed")
        expect(page).to_have_url(re.compile(r"who=failed"))
        everybody = number(page.locator(".recipients__head strong").text_content())
        page.get_by_label("Reason").select_option(index=1)
        expect(page).to_have_url(re.compile(r"cause=\d+"))
        expect(page.locator(".recipients__head strong")).not_to_have_text(str(everybody))
        shown = page.locator("#recipient-rows tr").count()
        page.reload()
        expect(page.locator("#recipient-rows tr")).to_have_count(shown)
        page.get_by_label("Search recipients").press_sequentially("nobody is called this")
        expect(page.get_by_text("Nobody matches")).to_be_visible()


def test_more_people_come_by_a_button_and_the_conversation_is_one_click_away(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk, SALE, "recipients/"))
        total = number(page.locator(".recipients__head strong").text_content())
        page.get_by_role("button", name="Load more").or_(page.get_by_role("link", name="Load more")).click()
        expect(page.locator("#recipient-rows tr[id^='r-']")).to_have_count(total)
        page.get_by_role("link", name=re.compile("^Open the conversation with")).first.click()
        expect(page).to_have_url(re.compile("/inbox/all/c/"))


def test_the_download_has_the_rows_of_the_filter(desk: Desk, tmp_path: Path) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk, SALE, "recipients/?who=read"))
        count = number(page.locator(".recipients__head strong").text_content())
        with page.expect_download() as download:
            page.get_by_role("link", name="Download as CSV").click()
        download.value.save_as(tmp_path / "read.csv")
        with (tmp_path / "read.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == count
        assert {row["Status"] for row in rows} == {"Read"}


def test_the_charts_are_drawn_over_another_span_and_stand_as_a_table_too(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk, SALE))
        page.get_by_role("link", name="First 30 days").click()
        expect(page.get_by_role("link", name="First 30 days")).to_have_attribute("aria-current", "true")
        page.get_by_text("The same as a table").click()
        expect(page.get_by_role("group", name="Over time, as a table").get_by_role("row").nth(1)).to_be_visible()


def test_two_broadcasts_are_compared(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk, SALE))
        page.get_by_role("link", name="Compare").click()
        page.get_by_label("Compare with").select_option(index=0)
        page.get_by_role("button", name="Compare").click()
        expect(page.get_by_role("row", name=re.compile("^Read"))).to_contain_text("%")


def test_a_new_draft_for_some_of_them_sends_nothing(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk, SALE))
        page.get_by_role("button", name=re.compile("who got it and have not read it$")).click()
        expect(page).to_have_url(re.compile("/audience/$"))
        expect(page.locator("#main")).to_contain_text("Nothing is sent yet.")
        expect(page.locator("#main")).to_contain_text(SALE)


def test_cancelling_asks_first(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk, PAUSED))
        page.get_by_role("button", name="Cancel…").click()
        dialog = page.locator("#confirm")
        expect(dialog).to_contain_text("cannot be recalled")
        dialog.get_by_role("button", name="Cancel").click()
        expect(page.get_by_role("button", name="Resume")).to_be_visible()


def every_page(desk: Desk, page: Page) -> Iterator[str]:
    for name, rests in (
        (SALE, ("", "recipients/", "recipients/?who=failed", "recipients/?q=nobody", "comparison/")),
        (PAUSED, ("",)),
        ("White Friday, before everybody else", ("",)),
        ("Loyalty points run out", ("",)),
    ):
        for rest in rests:
            page.goto(at(desk, name, rest))
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            yield f"{name} {rest}"


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe_finds_nothing_on_any_page(desk: Desk, width: int, theme: Any) -> None:
    with desk.agent("marketer", color_scheme=theme, viewport={"width": width, "height": 844}) as page:
        for name in every_page(desk, page):
            assert (name, violations(page)) == (name, [])


def test_nothing_has_to_be_scrolled_sideways(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        for name in every_page(desk, page):
            assert (name, too_wide(page)) == (name, [])


def test_everything_works_without_scripts(desk: Desk) -> None:
    with desk.agent("marketer", java_script_enabled=False) as page:
        page.goto(at(desk, SALE, "recipients/"))
        page.get_by_label("Who").select_option("failed")
        page.get_by_role("button", name="Apply").click()
        expect(page).to_have_url(re.compile("who=failed"))
        page.get_by_label("Reason").select_option(index=1)
        page.get_by_role("button", name="Apply").click()
        expect(page.locator("#recipient-rows tr").first).to_contain_text("Code")
        page.goto(at(desk, PAUSED))
        expect(page.get_by_role("button", name="Resume")).to_be_visible()


def test_a_paused_broadcast_goes_on_and_ends_before_ones_eyes(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk, PAUSED))
        expect(page.get_by_text("It paused by itself")).to_be_visible()
        page.evaluate("() => { window.stayed = true }")
        done = page.locator(".progress-card progress")
        before = number(done.get_attribute("value"))
        with page.context.expect_page() as opened:
            page.evaluate("() => { window.open(location.href) }")
        watching = opened.value
        expect(watching.get_by_role("button", name="Resume")).to_be_visible()
        watching.evaluate("() => { window.stayed = true }")
        page.get_by_role("button", name="Resume").click()
        expect(watching.locator(".report-facts .chip")).to_have_text("Finished", timeout=SOON)
        audience = number(watching.locator(".funnel tbody tr").first.locator("td.table__number").first.text_content())
        written = number(watching.locator(".funnel tbody tr").nth(1).locator("td.table__number").first.text_content())
        assert before < written <= audience
        assert watching.evaluate("() => window.stayed"), "the page was not loaded again"

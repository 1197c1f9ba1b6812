"""A broadcast put together in a real browser: every step, launch and undo; with scripts, without, on every screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.browser.looking import LOOKS, too_wide, violations

SLOW = 30_000  # milliseconds: two processors, many tests


def at(desk: Desk, rest: str = "") -> str:
    return f"{desk.stack.base_url}/w/{desk.slug}/broadcasts/{rest}"


def begin(desk: Desk, page: Page, name: str) -> str:
    """A new draft at its audience; returns its address."""
    page.goto(at(desk, "new/"))
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Choose the audience").click()
    expect(page).to_have_url(re.compile("/audience/$"))
    page.wait_for_load_state()
    return page.url.removesuffix("audience/")


def forward(page: Page, step: str) -> None:
    """Press the button that leads on."""
    page.locator(".wizard__acts .button--primary").click()
    expect(page).to_have_url(re.compile(f"/{step}/$"), timeout=SLOW)
    page.wait_for_load_state()


def choose_everybody(page: Page) -> None:
    page.locator("#picks-include select").first.select_option("everybody")
    expect(page.locator("#summary .big__number").first).to_have_text(re.compile(r"^\d[\d,]*$"), timeout=SLOW)


def choose_season(page: Page) -> None:
    """The English template with a name and a discount in it, filled."""
    page.get_by_label("Search templates").fill("new_season english")
    expect(page.locator(".choose__row:visible")).to_have_count(1)
    page.locator(".choose__row:visible input").check()
    expect(page.locator("#values-title")).to_be_visible(timeout=SLOW)
    page.locator("#v-body-discount").fill("35 %")
    expect(page.locator("#phone")).to_contain_text("35 %", timeout=SLOW)


def filled(desk: Desk, page: Page, name: str) -> str:
    """A draft at its review."""
    base = begin(desk, page, name)
    choose_everybody(page)
    forward(page, "message")
    choose_season(page)
    forward(page, "schedule")
    forward(page, "review")
    return base


def test_a_broadcast_is_put_together_tried_launched_and_taken_back(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        begin(desk, page, "Whole way")
        choose_everybody(page)
        page.locator("#summary a[data-people]").first.click()
        expect(page.locator("#people-dialog li").first).to_be_visible()
        page.keyboard.press("Escape")
        forward(page, "message")
        choose_season(page)
        first = page.locator("#preview-title").inner_text()
        page.locator("#preview-after").click()
        expect(page.locator("#preview-title")).not_to_have_text(first)
        page.locator("#preview-before").click()
        expect(page.locator("#preview-title")).to_have_text(first)
        page.get_by_label(re.compile("^Your number")).fill("+20 100 555 0199")
        page.get_by_role("button", name="Send a test").click()
        expect(page.locator("#test")).to_contain_text("on its way", timeout=SLOW)
        forward(page, "schedule")
        page.get_by_role("radio", name=re.compile("^At a time")).check()
        page.get_by_label("Date").fill("2040-03-04")
        page.get_by_label("Time", exact=True).fill("10:00")
        expect(page.locator("#when")).to_contain_text("Sunday 4 March 2040 at 10:00 Cairo time", timeout=SLOW)
        page.get_by_role("radio", name=re.compile("^Right away")).check()
        forward(page, "review")
        people = int(page.locator("#summary .big__number").inner_text().replace(",", ""))
        page.get_by_role("button", name=f"Send to {people:,}").dblclick()
        expect(page).to_have_url(re.compile("/starting/$"), timeout=SLOW)
        page.get_by_role("button", name="Undo").click()
        expect(page).to_have_url(re.compile("/review/$"), timeout=SLOW)
        expect(page.get_by_text("Nothing was sent. It is a draft again.")).to_be_visible()
        tested = desk.at_provider("35 %")
        assert len(tested) == 1, "the test went out, the broadcast did not"


def test_what_is_typed_is_there_again_and_a_second_tab_is_told(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        base = begin(desk, page, "Two tabs")
        with page.expect_response(re.compile("/saving/$")):
            page.get_by_label("Name of the broadcast, for your team").fill("Two tabs, one draft")
        expect(page.locator("#saved")).to_contain_text("Draft saved")
        other = page.context.new_page()
        other.goto(f"{base}audience/")
        expect(other.get_by_label("Name of the broadcast, for your team")).to_have_value("Two tabs, one draft")
        with other.expect_response(re.compile("/saving/$")):
            other.get_by_role("radio", name=re.compile("^Service")).check()
        expect(other.locator("#saved")).to_contain_text("Draft saved")
        with page.expect_response(re.compile("/saving/$")):
            page.get_by_label("Leave out people who got marketing within").select_option("24")
        expect(page.locator("#saved")).to_contain_text("in another tab")


def test_rows_come_and_go_and_the_number_follows(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        begin(desk, page, "Rows")
        choose_everybody(page)
        everybody = page.locator("#summary .big__number").first.inner_text()
        page.get_by_role("button", name="Leave people out").click()
        row = page.locator("#picks-exclude select.pick__what")
        expect(row).to_be_focused()
        row.select_option(label="Newsletter")
        expect(page.locator("#summary")).to_contain_text("Excluded by your own choice", timeout=SLOW)
        page.locator("#picks-exclude").get_by_role("button", name="Remove this row").click()
        expect(page.locator("#summary")).not_to_contain_text("Excluded by your own choice", timeout=SLOW)
        expect(page.locator("#summary .big__number").first).to_have_text(everybody)


def test_the_wizard_works_without_scripts(desk: Desk) -> None:
    with desk.agent("marketer", java_script_enabled=False) as page:
        begin(desk, page, "Without scripts")
        page.locator("#picks-include select").first.select_option("everybody")
        page.get_by_role("button", name="Leave people out").click()
        expect(page.locator("#picks-exclude [data-pick]")).to_have_count(1)
        page.locator("#picks-exclude select.pick__what").select_option(label="Wholesale")
        page.get_by_role("button", name="Save", exact=True).last.click()
        expect(page.locator("#summary")).to_contain_text("Excluded by your own choice")
        forward(page, "message")
        page.locator(".choose__row", has_text="winter_picks").locator("input").check()
        page.get_by_role("button", name="Show what this template needs").click()
        expect(page.locator("#phone")).to_contain_text("Hello")
        forward(page, "schedule")
        page.get_by_role("radio", name=re.compile("^At everybody's own time")).check()
        expect(page.get_by_label("Date")).to_be_visible()
        page.get_by_label("Date").fill("2040-03-04")
        page.get_by_label("Time", exact=True).fill("10:00")
        forward(page, "review")
        expect(page.get_by_text("on each person's own clock")).to_be_visible()


def every_page(page: Page, base: str) -> Iterator[str]:
    for step in ("audience", "message", "schedule", "review", "people/receives"):
        page.goto(f"{base}{step}/")
        yield step


@pytest.fixture(scope="module")
def draft(desk: Desk) -> str:
    """A draft with an Arabic name that could be launched."""
    with desk.agent("marketer") as page:
        base = filled(desk, page, "عرض الجمعة البيضاء لعملاء القاهرة والإسكندرية")
        page.goto(f"{base}schedule/")
        page.get_by_role("radio", name=re.compile("^At a time")).check()
        page.locator("[name=quiet]").check()
        page.get_by_label("Date").fill("2040-03-04")
        page.get_by_label("Time", exact=True).fill("10:00")
        forward(page, "review")
        return base


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe_finds_nothing_on_any_step(desk: Desk, draft: str, width: int, theme: Any) -> None:
    with desk.agent("marketer", color_scheme=theme, viewport={"width": width, "height": 844}) as page:
        page.goto(at(desk, "new/"))
        assert violations(page) == []
        for step in every_page(page, draft):
            assert (step, violations(page)) == (step, [])


def test_no_step_has_to_be_scrolled_sideways(desk: Desk, draft: str) -> None:
    with desk.agent("marketer") as page:
        for step in every_page(page, draft):
            assert (step, too_wide(page)) == (step, [])

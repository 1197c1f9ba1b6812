"""The list of broadcasts and their calendar in a real browser, at every width and in both themes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.looking import LOOKS, too_wide, violations

PLACES = ("", "?q=nothing+like+it", "calendar/")


def at(desk: Desk, rest: str = "") -> str:
    return f"{desk.stack.base_url}/w/{desk.slug}/broadcasts/{rest}"


def test_searching_narrows_the_list_while_typing_and_stays_in_the_address(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk))
        expect(page.get_by_role("link", name="Autumn linen sale")).to_be_visible()
        page.get_by_label("Search broadcasts").press_sequentially("linen")
        expect(page.locator("#broadcast-rows tr")).to_have_count(1)
        expect(page).to_have_url(re.compile(r"\?q=linen$"))
        page.get_by_label("Status").select_option("draft")
        expect(page.get_by_text("No broadcast matches")).to_be_visible()
        page.reload()
        expect(page.get_by_label("Status")).to_have_value("draft")
        page.get_by_role("link", name="Show all of them").click()
        expect(page.get_by_role("link", name="Autumn linen sale")).to_be_visible()


def test_the_calendar_leads_from_month_to_month_and_to_the_broadcast(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        page.goto(at(desk))
        page.get_by_role("link", name="Calendar").click()
        here = page.get_by_role("heading", level=1).inner_text()
        months = page.get_by_role("navigation", name="Months")
        months.get_by_role("link").last.click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text(here)
        months.get_by_role("link", name="Today").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(here)
        entry = page.locator(".entry").first
        target = entry.get_attribute("href") or ""
        entry.click()
        expect(page).to_have_url(re.compile(re.escape(target)))


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_everybody_can_use_the_pages(desk: Desk, width: int, theme: Any) -> None:
    with desk.agent("marketer", color_scheme=theme, viewport={"width": width, "height": 844}) as page:
        for place in PLACES:
            page.goto(at(desk, place))
            assert (place, violations(page)) == (place, [])


def test_nothing_has_to_be_scrolled_sideways(desk: Desk) -> None:
    with desk.agent("marketer") as page:
        for place in PLACES:
            page.goto(at(desk, place))
            assert (place, too_wide(page)) == (place, [])

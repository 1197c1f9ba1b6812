"""Every page of the inbox can be used by everybody: axe, both themes, both directions, small screens, no scripts."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk
from tests.browser.looking import too_wide, violations


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(desk: Desk, theme: Any) -> None:
    with desk.agent(color_scheme=theme) as page:
        for rest in ["kit/", "mine/", "closed/", "all/?q=nobody-has-this-name"]:
            page.goto(desk.url(rest))
            assert (rest, violations(page)) == (rest, [])
        for number in list(desk.conversations)[:5]:
            page.goto(desk.thread(number))
            expect(page.locator("#log")).to_be_visible()
            assert (number, violations(page)) == (number, [])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_a_phone_and_in_what_opens(desk: Desk, theme: Any) -> None:
    number = next(iter(desk.conversations))
    with desk.agent(color_scheme=theme, viewport={"width": 390, "height": 844}) as page:
        page.goto(desk.url("all/"))
        assert violations(page) == []
        page.goto(desk.thread(number))
        assert violations(page) == []
        page.locator("#side-toggle").click()
        expect(page.locator("#side")).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.locator("#shortcuts")).to_be_visible()
        assert violations(page) == []


def test_nothing_has_to_be_scrolled_sideways(desk: Desk) -> None:
    with desk.agent() as page:
        for address in (desk.url("all/"), desk.thread(next(iter(desk.conversations)))):
            page.goto(address)
            assert (address, too_wide(page)) == (address, [])


def test_the_chosen_theme_is_there_before_anything_is_drawn(desk: Desk) -> None:
    with desk.agent(color_scheme="light") as page:
        page.goto(desk.url("all/"))
        page.locator(".rail details summary").click()
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        answer = page.request.get(desk.url("all/"))
        assert 'data-theme="dark"' in answer.text()


def test_the_inbox_works_without_scripts(desk: Desk) -> None:
    number = next(number for number, row in desk.conversations.items() if row["contact"] == "Amelia Hartley")
    with desk.agent(java_script_enabled=False) as page:
        page.goto(desk.url("all/"))
        page.locator("#rows .row").first.click()
        expect(page.locator("#log")).to_be_visible()
        page.goto(desk.thread(number))
        page.get_by_label("Reply to").fill("Sent without a script")
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#log-items .bubble", has_text="Sent without a script")).to_have_count(1)
        page.get_by_role("button", name="Resolve").click()
        page.get_by_role("button", name="Reopen").click()
        expect(page.get_by_role("button", name="Resolve")).to_be_visible()

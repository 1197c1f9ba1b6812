"""Every page about contacts can be used by everybody: axe, both themes, both directions, small screens, no scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.browser.looking import LOOKS, too_wide, violations

PAGES = (
    "contacts/",
    "contacts/?consent=opted_in&sort=name",
    "contacts/?q=nobody-has-this-name",
    "contacts/new/",
    "contacts/segments/",
    "contacts/segments/new/",
    "settings/tags/",
    "settings/fields/",
    "settings/consent-words/",
)


def at(desk: Desk, rest: str) -> str:
    return f"{desk.stack.base_url}/w/{desk.slug}/{rest}"


def person(desk: Desk, name: str) -> str:
    [uuid] = {row["contact_uuid"] for row in desk.conversations.values() if row["contact"] == name}
    return at(desk, f"contacts/{uuid}/")


def every_page(desk: Desk, page: Page) -> Iterator[str]:
    """Each page in turn, loaded with what it loads by itself."""
    page.goto(at(desk, "contacts/segments/"))
    segment = page.locator(".people__who a").first.get_attribute("href") or ""
    page.goto(at(desk, "settings/tags/"))
    tag = page.get_by_role("link", name=re.compile("^Change")).first.get_attribute("href") or ""
    for rest in PAGES:
        page.goto(at(desk, rest))
        yield rest
    for path in (segment, tag):
        page.goto(f"{desk.stack.base_url}{path}")
        yield path
    for name in ("Amelia Hartley", "محمود عبد الرحمن"):
        page.goto(person(desk, name))
        expect(page.locator("#log .bubble").first).to_be_visible()
        yield name


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe_finds_nothing_on_any_page(desk: Desk, width: int, theme: Any) -> None:
    with desk.agent("owner", color_scheme=theme, viewport={"width": width, "height": 844}) as page:
        for name in every_page(desk, page):
            assert (name, violations(page)) == (name, [])


def test_axe_finds_nothing_in_what_opens(desk: Desk) -> None:
    with desk.agent("owner") as page:
        page.goto(at(desk, "contacts/"))
        page.locator("#people-rows input").first.check()
        page.get_by_text("Filter").click()
        assert violations(page) == []
        page.goto(person(desk, "محمود عبد الرحمن"))
        page.get_by_role("link", name="Edit E-mail").click()
        expect(page.get_by_label("E-mail")).to_be_focused()
        page.locator("#contact-consent").get_by_text("History").click()
        page.locator("#contact-consent").get_by_text("Change").first.click()
        assert violations(page) == []
        page.goto(desk.thread("447700900118"))
        expect(page.locator("#contact-card .fact").first).to_be_visible()
        assert violations(page) == []


def test_nothing_has_to_be_scrolled_sideways(desk: Desk) -> None:
    with desk.agent("owner") as page:
        for name in every_page(desk, page):
            assert (name, too_wide(page)) == (name, [])


def test_without_scripts_people_are_found_edited_and_grouped(desk: Desk) -> None:
    with desk.agent("owner", java_script_enabled=False) as page:
        page.goto(at(desk, "contacts/"))
        page.get_by_label("Search contacts").fill("Amelia")
        page.get_by_label("Search contacts").press("Enter")
        page.get_by_role("link", name="Amelia Hartley").click()
        page.get_by_role("link", name="Edit Time zone").click()
        page.get_by_label("Time zone").select_option("Europe/London")
        page.get_by_role("button", name="Save Time zone").click()
        expect(page.get_by_text("Europe/London")).to_be_visible()
        page.goto(at(desk, "contacts/segments/new/"))
        page.get_by_label("Name", exact=True).fill("Without scripts")
        page.get_by_label("What is compared", exact=True).select_option("name")
        page.get_by_role("button", name="Update the form").click()
        page.get_by_label("What Name is compared with").fill("Amelia")
        page.get_by_role("button", name="Add a condition").click()
        expect(page.get_by_label("What is compared", exact=True)).to_have_count(2)
        page.get_by_role("button", name="Remove the condition about Tag").click()
        page.get_by_role("button", name="Save segment").click()
        expect(page.get_by_role("link", name="Without scripts", exact=True)).to_be_visible()

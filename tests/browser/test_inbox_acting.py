"""What an agent does with one message, and with a whole conversation: quote, react, put back on the pile."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.browser.looking import violations
from tests.browser.test_inbox_journeys import AMELIA, MAHMOUD, bubble, open_thread
from tests.simulator.driver import eventually


def phone_of(desk: Desk, page: Page, number: str) -> Page:
    phone = page.context.new_page()
    phone.goto(f"{desk.stack.simulator_url}/?customer={number}&channel={desk.channel['external_id']}")
    return phone


@pytest.mark.parametrize("width", [1440, 390])
def test_a_quoted_reply_reaches_the_customers_phone(desk: Desk, width: int) -> None:
    asked, answer = f"Which size is it? {width}", f"The large one {width}"
    with desk.agent(viewport={"width": width, "height": 844}) as page:
        open_thread(page, desk, AMELIA)
        desk.customer_writes(AMELIA, asked)
        bubble(page, asked).hover()
        bubble(page, asked).get_by_role("link", name="Reply to this message").click()
        strip = page.locator("#composer-quote")
        expect(strip).to_contain_text(asked)
        assert violations(page) == []
        page.keyboard.press("Escape")
        expect(strip).to_be_hidden()
        bubble(page, asked).get_by_role("link", name="Reply to this message").click()
        expect(page.get_by_label("Reply to")).to_be_focused()
        page.keyboard.type(answer)
        page.get_by_role("button", name="Send", exact=True).click()
        expect(strip).to_be_hidden()
        expect(bubble(page, answer).locator(".quote")).to_contain_text(asked)
        expect(bubble(page, answer).locator(".bubble__meta")).to_contain_text("Delivered", timeout=15_000)
        shown = phone_of(desk, page, AMELIA).locator(".bubble", has_text=answer).last
        expect(shown.locator(".quote")).to_contain_text(asked)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_reaction_is_made_and_taken_back(desk: Desk, width: int) -> None:
    said = f"That was quick, thank you {width}"
    with desk.agent(viewport={"width": width, "height": 844}) as page:
        open_thread(page, desk, AMELIA)
        desk.customer_writes(AMELIA, said)
        target = bubble(page, said)
        target.hover()
        target.get_by_role("button", name="React to this message").click()
        expect(page.get_by_role("button", name="Thumbs up")).to_be_focused()
        assert violations(page) == []
        page.get_by_role("button", name="Heart").click()
        expect(target.locator(".bubble__reaction")).to_contain_text("❤️ from Your team")
        if width > 768:
            expect(page.locator("#rows li").first).to_contain_text(said)
        assert eventually(lambda: [entry for entry in desk.at_provider("reaction") if "❤️" in str(entry)])
        assert violations(page) == []
        target.get_by_role("button", name="Take the reaction back").click()
        expect(target.locator(".bubble__reaction")).to_have_count(0)


def test_messages_are_reached_and_left_by_keyboard(desk: Desk) -> None:
    with desk.agent() as page:
        open_thread(page, desk, AMELIA)
        for text in ("By keyboard, the first", "By keyboard, the second"):
            desk.customer_writes(AMELIA, text)
            expect(bubble(page, text)).to_have_count(1)
        page.locator("#log").focus()
        assert page.locator('.bubble__act[tabindex="0"]').count() == 2, "one message is a stop for Tab, not each"
        second, first = (bubble(page, f"By keyboard, the {which}") for which in ("second", "first"))
        second.get_by_role("link", name="Reply to this message").focus()
        expect(second.locator(".bubble__acts")).to_have_css("opacity", "1")
        page.keyboard.press("ArrowUp")
        expect(first.get_by_role("link", name="Reply to this message")).to_be_focused()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("button", name="Heart")).to_be_focused()
        page.keyboard.press("Escape")
        expect(first.get_by_role("button", name="React to this message")).to_be_focused()


def test_without_scripts_a_message_is_quoted_by_a_link(desk: Desk) -> None:
    desk.customer_writes(MAHMOUD, "Can you hear me without scripts?")
    with desk.agent(java_script_enabled=False) as page:
        eventually(lambda: page.goto(desk.thread(MAHMOUD)) and bubble(page, "without scripts?").count())
        bubble(page, "without scripts?").get_by_role("link", name="Reply to this message").click()
        expect(page.locator("#composer-quote")).to_contain_text("without scripts?")
        page.get_by_label("Reply to").fill("Loud and clear")
        page.get_by_role("button", name="Send").click()
        expect(bubble(page, "Loud and clear").locator(".quote")).to_contain_text("without scripts?")
        expect(page.locator("#composer-quote")).to_be_hidden()


@pytest.mark.parametrize("how", ["key", "menu"])
def test_marking_unread_closes_the_conversation_and_keeps_it_unread(desk: Desk, how: str) -> None:
    row: Any = f'.row[data-conv="{desk.conversations[MAHMOUD]["uuid"]}"]'
    with desk.agent() as page:
        open_thread(page, desk, MAHMOUD)
        if how == "key":
            page.keyboard.press("u")
        else:
            page.locator("#head").get_by_text("More").locator("..").click()
            page.get_by_role("button", name="Mark unread").click()
        expect(page.locator(".thread")).to_have_count(0)
        expect(page.locator(row).locator(".badge")).to_be_visible()
        expect(page.locator(row)).to_be_focused()
        assert page.url == desk.url("all/")
        page.go_back()
        expect(page.locator("#thread-title")).to_be_visible()

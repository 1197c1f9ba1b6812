"""Templates in the inbox: chosen by key, prefilled, seen, sent, answered by a tap, refused when paused meanwhile."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.browser.looking import violations
from tests.browser.test_inbox_acting import phone_of
from tests.browser.test_inbox_journeys import AMELIA, NOURA, bubble, open_thread
from tests.inbox.templating import picture
from tests.simulator.driver import eventually

EMMA = "420700000215"  # her reply window has been closed for days


def open_picker(page: Page) -> Any:
    page.locator("#thread-title").focus()
    page.keyboard.press("t")
    dialog = page.get_by_role("dialog", name="Choose a template")
    expect(dialog.get_by_label("Search templates")).to_be_focused()
    return dialog


def choose(page: Page, name: str, language: str = "English") -> Any:
    dialog = open_picker(page)
    dialog.get_by_label("Search templates").fill(name)
    row = dialog.locator(".picker__row", has_text=name).filter(has_text=language)
    expect(row).to_have_count(1)
    row.click()
    expect(dialog.locator("[data-heading]")).to_have_text(name)
    return dialog


def change(desk: Desk, name: str, **changes: str) -> None:
    address = f"/_sim/templates/{desk.channel['account_id']}/changes"
    answer = desk.provider.post(address, json={"name": name, "language": "en", **changes})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("width", [1440, 390])
def test_a_template_is_chosen_filled_seen_sent_and_answered_by_a_tap(desk: Desk, width: int) -> None:
    order = f"A-{width}"
    with desk.agent(viewport={"width": width, "height": 844}) as page:
        open_thread(page, desk, AMELIA)
        dialog = choose(page, "order_shipped")
        send, preview = dialog.get_by_role("button", name="Send", exact=True), dialog.locator("#template-preview")
        expect(preview).to_contain_text("Hi Amelia, your order {{2}}")
        expect(send).to_be_disabled()
        expect(dialog.locator("[data-missing]")).to_contain_text("still missing")
        dialog.get_by_label("Body {{2}}").fill(order)
        dialog.get_by_label("Button 1 link {{1}}").fill(order)
        expect(preview).to_contain_text(f"your order {order} has left", timeout=3_000)
        expect(send).to_be_enabled()
        assert violations(page) == []
        send.click()
        expect(dialog).to_be_hidden()
        shown = bubble(page, f"your order {order} has left")
        expect(shown).to_have_count(1)
        expect(shown).to_contain_text("Nile Shop, Cairo")
        expect(shown.get_by_role("link", name="Track it")).to_have_attribute(
            "href", f"https://nile-shop.example/t/{order}"
        )
        expect(shown.locator(".bubble__meta")).to_contain_text("Delivered", timeout=15_000)
        assert violations(page) == []
        phone = phone_of(desk, page, AMELIA)
        phone.locator(".bubble", has_text=order).get_by_role("button", name="Need help").click()
        expect(shown.locator(".bubble__choice--taken")).to_contain_text("Need help")
        expect(bubble(page, "Need help").last).to_be_visible()


def test_a_closed_window_leaves_the_templates(desk: Desk) -> None:
    with desk.agent() as page:
        open_thread(page, desk, EMMA)
        expect(page.locator("#composer-text")).to_have_count(0)
        page.get_by_role("link", name="Choose template").click()
        dialog = page.get_by_role("dialog", name="Choose a template")
        expect(dialog.locator(".picker__row").first).to_be_visible()
        expect(dialog.locator(".picker__row", has_text="Quick")).to_have_count(0)
        dialog.get_by_label("Search templates").fill("winter_picks")
        expect(dialog.locator(".picker__row")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(dialog.locator("#template-preview .bubble__card")).to_have_count(3)
        before = page.locator("#log-items .bubble__card").count()
        dialog.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator("#log-items .bubble__card")).to_have_count(before + 3)
        last = page.locator("#log-items .bubble").last
        expect(last.locator(".bubble__meta")).to_contain_text(re.compile("Delivered|Read"), timeout=15_000)
        expect(last.locator(".bubble__card img")).to_have_count(3)
        page.reload()
        shown = last.locator(".bubble__card img").first
        shown.scroll_into_view_if_needed()
        assert eventually(lambda: shown.evaluate("(image) => image.complete && image.naturalWidth > 0"))


def test_another_picture_is_sent_instead_of_the_templates_own(desk: Desk, tmp_path: Path) -> None:
    mine = tmp_path / "mine.png"
    mine.write_bytes(picture())
    with desk.agent() as page:
        open_thread(page, desk, AMELIA)
        dialog = choose(page, "new_season")
        own = dialog.locator("#template-preview img")
        assert "/templates/" in str(own.get_attribute("src"))
        dialog.get_by_label("Header image").set_input_files(str(mine))
        dialog.get_by_label("Body {{discount}}").fill("35%")
        expect(dialog.locator("#template-preview")).to_contain_text("35%")
        assert str(own.get_attribute("src")).startswith("blob:")
        dialog.get_by_role("button", name="Send", exact=True).click()
        shown = bubble(page, "35% off everything")
        expect(shown.locator(".bubble__meta")).to_contain_text("Delivered", timeout=15_000)
        image = shown.locator("img")
        assert eventually(lambda: image.evaluate("(image) => image.naturalWidth") == 8)


def test_a_template_paused_meanwhile_is_refused_with_the_reason_and_nothing_is_lost(desk: Desk) -> None:
    with desk.agent() as page:
        open_thread(page, desk, AMELIA)
        dialog = choose(page, "new_season")
        dialog.get_by_label("Body {{discount}}").fill("77%")
        change(desk, "new_season", status="PAUSED")
        expect(page.locator("#app")).to_have_attribute("data-connected", "yes")
        template = next(
            row for row in desk.stack.facts["templates"] if (row["name"], row["language"]) == ("new_season", "en")
        )
        address = f"{desk.thread(AMELIA)}templates/{template['uuid']}/"
        eventually(lambda: "paused" in page.request.get(address).text())
        dialog.get_by_role("button", name="Send", exact=True).click()
        expect(dialog.locator("[data-error]")).to_contain_text("paused")
        expect(dialog.get_by_label("Body {{discount}}")).to_have_value("77%")
        expect(page.locator("#alert")).to_contain_text("Not sent")
        expect(bubble(page, "77%")).to_have_count(0)
        assert not desk.at_provider("77%")
        change(desk, "new_season", status="APPROVED")
        eventually(lambda: "paused" not in page.request.get(address).text(), seconds=30)
        dialog.get_by_role("button", name="Send", exact=True).click()
        expect(bubble(page, "77%")).to_have_count(1)
        expect(bubble(page, "77%").locator(".bubble__meta")).to_contain_text("Delivered", timeout=15_000)
        assert len(desk.at_provider("77%")) == 1


def test_a_quick_template_goes_into_the_reply_box(desk: Desk) -> None:
    with desk.agent() as page:
        open_thread(page, desk, AMELIA)
        page.get_by_label("Reply to").fill("PS: ")
        dialog = choose(page, "Thanks for waiting")
        dialog.get_by_role("button", name="Put into the reply box").click()
        box = page.get_by_label("Reply to")
        expect(box).to_have_value("PS: Thank you for waiting, Amelia. We are looking into it now.")
        expect(box).to_be_focused()
        box.fill("")


def test_nothing_of_the_picker_of_one_conversation_stays_for_the_next(desk: Desk) -> None:
    with desk.agent() as page:
        open_thread(page, desk, AMELIA)
        choose(page, "order_shipped")
        page.keyboard.press("Escape")
        expect(page.locator("#template-picker-body")).to_be_empty()
        page.locator(f'.row[data-conv="{desk.conversations[NOURA]["uuid"]}"]').click()
        expect(page.locator("#thread-title")).to_contain_text("نورة")
        choose(page, "order_shipped", "Arabic")
        expect(page.locator("#template-preview")).to_contain_text("مرحبًا نورة")


def test_without_scripts_a_template_is_sent_by_links_and_a_form(desk: Desk) -> None:
    with desk.agent(java_script_enabled=False) as page:
        page.goto(desk.thread(EMMA))
        page.get_by_role("link", name="Choose template").click()
        page.get_by_label("Search templates").fill("order_shipped")
        page.get_by_label("Language").select_option(label="English")
        page.get_by_role("button", name="Search").click()
        page.locator(".picker__row", has_text="order_shipped").click()
        page.get_by_label("Body {{2}}").fill("B-77")
        page.get_by_label("Button 1 link {{1}}").fill("B-77")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(bubble(page, "your order B-77 has left")).to_have_count(1)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_axe_finds_nothing_in_the_picker(desk: Desk, width: int, theme: Any) -> None:
    with desk.agent(viewport={"width": width, "height": 844}, color_scheme=theme) as page:
        open_thread(page, desk, EMMA)
        assert violations(page) == []
        open_picker(page)
        expect(page.locator(".picker__row").first).to_be_visible()
        assert violations(page) == []
        page.locator(".picker__row", has_text="winter_picks").click()
        expect(page.locator("#template-preview .bubble__card")).to_have_count(3)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

"""What agents do all day, with the real processes and a provider that answers."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.desk import Desk
from tests.simulator.driver import eventually

AMELIA, NOURA, MAHMOUD = "447700900118", "966500000121", "201000000134"


def bubble(page: Page, text: str) -> Any:
    return page.locator("#log-items .bubble", has_text=text)


def open_thread(page: Page, desk: Desk, number: str, queue: str = "all") -> None:
    page.goto(desk.thread(number, queue))
    expect(page.locator("#app")).to_have_attribute("data-connected", "yes")


def test_a_customers_message_shows_on_two_screens_and_is_said_once(desk: Desk) -> None:
    with desk.agent() as mine, desk.agent("owner") as theirs:
        open_thread(mine, desk, AMELIA)
        open_thread(theirs, desk, AMELIA)
        desk.customer_writes(AMELIA, "Is anybody there today?")
        for page in (mine, theirs):
            expect(bubble(page, "Is anybody there today?")).to_have_count(1)
        expect(mine.locator("#announce")).to_contain_text("Is anybody there today?")
        expect(mine.locator("#rows li").first).to_contain_text("Amelia Hartley")


def test_a_reply_is_on_the_screen_at_once_and_its_ticks_move_forward(desk: Desk) -> None:
    with desk.agent() as page:
        open_thread(page, desk, AMELIA)
        box = page.get_by_label("Reply to")
        for text in ("First of two quick replies", "Second of two quick replies"):
            box.fill(text)
            box.press("Enter")
            expect(box).to_have_value("")
            expect(bubble(page, text)).to_have_count(1)
        for text in ("First of two quick replies", "Second of two quick replies"):
            expect(bubble(page, text).locator(".bubble__meta")).to_contain_text("Delivered", timeout=15_000)
            assert len(desk.at_provider(text)) == 1
        shown = page.locator("#log-items .bubble").all_inner_texts()[-2:]
        assert ["First" in shown[0], "Second" in shown[1]] == [True, True]


def test_list_thread_and_a_reply_break_no_rule_of_the_page(desk: Desk) -> None:
    # `agent` fails the test for anything in the console and for every violation of the content security policy.
    with desk.agent(reduced_motion="no-preference") as page:
        page.goto(desk.url("all/"))
        page.locator(f'.row[data-conv="{desk.conversations[AMELIA]["uuid"]}"]').click()
        expect(page.locator("#thread-title")).to_contain_text("Amelia")
        open_thread(page, desk, AMELIA)
        # What extensions do to fields: htmx must not copy it into the field's successor, which the policy would refuse.
        page.evaluate("document.getElementById('cursor').style.color = 'red'")
        page.get_by_label("Reply to").fill("Several\nlines\nthat grow")
        page.get_by_label("Reply to").press("Enter")
        expect(bubble(page, "that grow").locator(".bubble__meta")).to_contain_text("Delivered", timeout=15_000)
        desk.customer_writes(AMELIA, "Understood, by the rules")
        expect(bubble(page, "Understood, by the rules")).to_have_count(1)


def test_text_survives_a_lost_connection_and_is_sent_once(desk: Desk) -> None:
    with desk.agent() as page:
        open_thread(page, desk, MAHMOUD)
        page.context.set_offline(True)
        page.get_by_label("Reply to").fill("Written in a tunnel")
        page.get_by_label("Reply to").press("Enter")
        failed = bubble(page, "Written in a tunnel")
        expect(failed).to_contain_text("No connection")
        expect(page.locator("#alert")).to_contain_text("Not sent")
        page.context.set_offline(False)
        page.reload()
        expect(failed).to_contain_text("Not sent yet")
        failed.get_by_role("button", name="Retry").click()
        expect(failed).not_to_contain_text("Not sent yet")
        eventually(lambda: desk.at_provider("Written in a tunnel"))
        expect(failed).to_have_count(1)
        assert len(desk.at_provider("Written in a tunnel")) == 1


def test_a_draft_stays_with_its_conversation(desk: Desk) -> None:
    with desk.agent() as page:
        open_thread(page, desk, AMELIA)
        page.get_by_label("Reply to").fill("For Amelia only")
        page.locator(f'.row[data-conv="{desk.conversations[NOURA]["uuid"]}"]').click()
        expect(page.locator("#thread-title")).to_contain_text("نورة")
        expect(page.get_by_label("Reply to")).to_have_value("")
        page.go_back()
        expect(page.locator("#thread-title")).to_contain_text("Amelia")
        expect(page.get_by_label("Reply to")).to_have_value("For Amelia only")
        page.reload()
        expect(page.get_by_label("Reply to")).to_have_value("For Amelia only")
        page.get_by_label("Reply to").fill("")


def test_a_closed_window_has_no_reply_box_until_the_customer_writes(desk: Desk) -> None:
    with desk.agent() as page:
        for number in desk.conversations:
            page.goto(desk.thread(number))
            if page.locator("#composer", has_text="The reply window is closed").count():
                break
        expect(page.locator("#composer-text")).to_have_count(0)
        expect(page.locator("#app")).to_have_attribute("data-connected", "yes")
        desk.customer_writes(number, "May I ask something else?")
        expect(page.locator("#composer-text")).to_be_visible()
        assert page.evaluate("document.activeElement.id") != "composer-text"


def test_a_conversation_is_worked_by_keyboard_alone(desk: Desk) -> None:
    with desk.agent() as page:
        page.goto(desk.url("all/"))
        page.keyboard.press("j")
        page.keyboard.press("j")
        second = page.evaluate("document.activeElement.dataset.conv")
        page.keyboard.press("k")
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.dataset.conv") == second
        page.keyboard.press("Enter")
        expect(page.locator("#thread-title")).to_be_focused()
        assert page.locator(".thread").get_attribute("data-conversation") == second
        page.keyboard.press("e")
        expect(page.locator("#toasts")).to_contain_text("Resolved")
        expect(page.locator(f"#c-{second}")).to_have_count(0)
        assert page.evaluate("document.activeElement.classList.contains('row')")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(f"#c-{second}")).to_have_count(1)
        page.keyboard.press("/")
        expect(page.locator("#search")).to_be_focused()
        page.keyboard.type("amelia")
        expect(page.locator("#rows .row")).to_have_count(1)
        expect(page.locator("#announce")).to_have_text("1 conversation")


def test_shortcuts_can_be_switched_off(desk: Desk) -> None:
    with desk.agent() as page:
        page.goto(desk.url("all/"))
        page.keyboard.press("?")
        page.get_by_label("Use single-key shortcuts").uncheck()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        expect(page.locator("#search")).not_to_be_focused()


def test_looking_at_it_clears_the_badge(desk: Desk) -> None:
    with desk.agent() as page:
        page.goto(desk.url("all/"))
        expect(page.locator("#app")).to_have_attribute("data-connected", "yes")
        desk.customer_writes(NOURA, "Salaam, a new question")
        row = page.locator(f'.row[data-conv="{desk.conversations[NOURA]["uuid"]}"]')
        expect(row.locator(".badge")).to_be_visible()
        row.click()
        page.bring_to_front()
        expect(row.locator(".badge")).to_have_count(0)


def test_many_tabs_share_one_stream(desk: Desk) -> None:
    with desk.agent() as page:
        pages = [page, *(page.context.new_page() for _ in range(2))]
        streams: list[str] = []
        page.context.on(
            "request", lambda request: streams.append(request.url) if request.url.endswith("/live") else None
        )
        for tab in pages:
            tab.goto(desk.thread(AMELIA))
        for tab in pages:
            expect(tab.locator("#log")).to_be_visible()
        expect(pages[0].locator("#app")).to_have_attribute("data-connected", "yes")
        desk.customer_writes(AMELIA, "Seen by all tabs")
        for tab in pages:
            tab.bring_to_front()
            expect(bubble(tab, "Seen by all tabs")).to_have_count(1)
        assert len(streams) == 1

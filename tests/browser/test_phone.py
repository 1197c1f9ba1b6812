"""The simulator's phone in a browser: live, without a reload, and readable by everybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from simulator.samples import sample
from tests.simulator.driver import AMELIA, PHONE, Hook, Simulator, eventually

CHAT = f"/?customer={AMELIA}&channel={PHONE}"
KINDS = ("Sample image", "Sample voice note", "Sample location", "Sample document", "Sample contact", "Sample sticker")


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory, hook: Hook) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path_factory.mktemp("simulator"), hook)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture
def phone(page: Page, simulator: Simulator) -> Page:
    simulator.window(hours_ago=0)
    page.goto(simulator.url + CHAT)
    expect(page.locator("html.with-script")).to_be_attached()
    return page


def test_a_text_typed_on_the_phone_reaches_the_hook_and_gets_its_ticks(phone, simulator, hook):
    phone.get_by_label("Message", exact=True).fill("Is the shop open?")
    phone.get_by_role("button", name="Send", exact=True).click()
    bubble = phone.locator(".bubble.mine", has_text="Is the shop open?")
    expect(bubble).to_have_attribute("data-status", "delivered")
    [message] = [m for m in hook.messages if m["type"] == "text"]
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": message["id"]}
    simulator.client.post(f"/v23.0/{PHONE}/messages", json=receipt)
    expect(bubble).to_have_attribute("data-status", "read")


def test_a_reply_of_the_business_appears_by_itself_and_is_read(phone, simulator, hook):
    wamid = simulator.accepted(body={"body": "We open at nine."})
    expect(phone.get_by_role("log").get_by_text("We open at nine.")).to_be_visible()
    eventually(lambda: "read" in {status["status"] for status in hook.statuses(wamid)})


def test_samples_are_sent_without_a_reload(phone):
    for name in KINDS:
        before = phone.locator(".bubble").count()
        phone.get_by_role("button", name=name, exact=True).click()
        expect(phone.locator(".bubble")).to_have_count(before + 1)
    assert phone.url.endswith(CHAT)


def test_a_reply_button_of_the_business_can_be_tapped(phone, simulator, hook):
    buttons = [{"type": "reply", "reply": {"id": "yes", "title": "Count me in"}}]
    simulator.accepted("interactive", {"type": "button", "body": {"text": "Coming?"}, "action": {"buttons": buttons}})
    phone.get_by_role("button", name="Count me in").click()
    expect(phone.locator(".bubble.mine", has_text="Count me in")).to_be_visible()
    eventually(lambda: [m for m in hook.messages if m["type"] == "interactive"])


def test_the_phone_shows_when_the_business_types(phone, simulator):
    wamid = simulator.inbound()
    receipt = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    receipt = {**receipt, "typing_indicator": {"type": "text"}}
    simulator.client.post(f"/v23.0/{PHONE}/messages", json=receipt)
    expect(phone.locator("#typing")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", ["/", CHAT])
def test_axe_finds_nothing(browser: Browser, simulator: Simulator, path, width, theme):
    # axe is put in as an inline script, which the page's own policy rightly refuses.
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme, bypass_csp=True)
    page = context.new_page()
    page.goto(simulator.url + path)
    violations = Axe().run(page).response["violations"]
    assert [(found["id"], [node["target"] for node in found["nodes"]]) for found in violations] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()


def test_a_cards_button_is_tapped_and_the_answer_names_it(phone, simulator, hook):
    files = {"file": ("pot.jpg", sample("image").content, "image/jpeg")}
    form = {"messaging_product": "whatsapp", "type": "image/jpeg"}
    image = simulator.client.post(f"/v23.0/{PHONE}/media", data=form, files=files).json()["id"]
    header = {"type": "header", "parameters": [{"type": "image", "image": {"id": image}}]}
    cards = [
        {"card_index": at, "components": [
            header,
            {"type": "button", "sub_type": "quick_reply", "index": "0",
             "parameters": [{"type": "payload", "payload": f"more:{at}"}]},
            {"type": "button", "sub_type": "url", "index": "1", "parameters": [{"type": "text", "text": f"pot-{at}"}]},
        ]}
        for at in range(3)
    ]  # fmt: skip
    components = [
        {"type": "body", "parameters": [{"type": "text", "text": "Amelia"}]},
        {"type": "carousel", "cards": cards},
    ]
    template = {"name": "garden_range", "language": {"code": "en_GB"}, "components": components}
    wamid = simulator.accepted("template", template)
    bubble = phone.locator(f'.bubble[data-wamid="{wamid}"]')
    expect(bubble.locator(".slide img")).to_have_count(3)
    bubble.locator(".slide").nth(2).get_by_role("button", name="More about it").click()
    expect(phone.locator(".bubble.mine", has_text="More about it").last).to_be_visible()
    answer = eventually(lambda: [message for message in hook.messages if message["type"] == "button"])[-1]
    assert (answer["button"]["payload"], answer["context"]["id"]) == ("more:2", wamid)
    findings = Axe().run(phone)
    assert findings.violations_count == 0, findings.generate_report()

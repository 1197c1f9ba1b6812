"""Sending each shape of template: what is checked, and what the customer sees and taps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.driver import AMELIA, PHONE, WABA, Simulator, eventually
from tests.simulator.templates import PNG, refusal

CHAT = {"customer": AMELIA, "channel": PHONE}


def text(value: str, name: str = "") -> dict[str, Any]:
    return {"type": "text", "text": value, **({"parameter_name": name} if name else {})}


def part(kind: str, *parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": kind, **more, "parameters": list(parameters)}


def url(index: int, value: str) -> dict[str, Any]:
    return part("button", text(value), sub_type="url", index=str(index))


def quick_reply(index: int, payload: str) -> dict[str, Any]:
    return part("button", {"type": "payload", "payload": payload}, sub_type="quick_reply", index=str(index))


def coupon(code: Any) -> dict[str, Any]:
    return part("button", {"type": "coupon_code", "coupon_code": code}, sub_type="copy_code", index="0")


@pytest.fixture
def image(simulator: Simulator) -> dict[str, Any]:
    files = {"file": ("pot.png", PNG, "image/png")}
    form = {"messaging_product": "whatsapp", "type": "image/png"}
    media_id = simulator.client.post(f"/v23.0/{PHONE}/media", data=form, files=files).json()["id"]
    return {"type": "image", "image": {"id": media_id}}


def send(simulator, name, *components, language="en_GB"):
    return simulator.send("template", {"name": name, "language": {"code": language}, "components": list(components)})


def shown(simulator, answer):
    assert answer.status_code == 200, answer.text
    wamid = answer.json()["messages"][0]["id"]
    [entry] = [entry for entry in simulator.log() if entry["id"] == wamid]
    return entry["body"]["shown"]


def cards(image, count=3):
    return [
        {"card_index": at, "components": [part("header", image), quick_reply(0, f"more:{at}"), url(1, f"pot-{at}")]}
        for at in range(count)
    ]


@pytest.mark.parametrize(
    ("name", "components", "code"),
    [
        ("order_shipped", [part("body", text("A"), text("B"))], 131008),
        ("order_shipped", [part("body", text("A"), text("")), url(0, "x")], 131008),
        ("order_shipped", [part("body", text("A"), text("B\nC")), url(0, "x")], 132018),
        ("order_shipped", [part("body", text("A"), text("B    C")), url(0, "x")], 132018),
        ("order_shipped", [part("body", text("A"), text("B" * 1024)), url(0, "x")], 132005),
        ("order_shipped", [part("body", text("A"), text("B")), url(0, "x"), url(5, "y")], 132012),
        ("order_shipped", [part("header", text("A")), part("body", text("A"), text("B")), url(0, "x")], 132000),
        ("appointment_reminder", [part("body", text("A"))], 132000),
        ("spring_offer", [part("body", text("A", "first_name"))], 132012),
        ("spring_offer", [part("header", text("A")), part("body", text("A", "first_name"))], 132012),
        ("visit_us", [], 132012),
        ("visit_us", [part("header", {"type": "location", "location": {"name": "Shop"}})], 131008),
        ("welcome_code", [part("body", text("A"))], 131008),
        ("welcome_code", [part("body", text("A")), coupon("")], 131008),
        ("welcome_code", [part("body", text("A")), coupon("X" * 21)], 132012),
        ("garden_range", [part("body", text("A"))], 132012),
        ("sign_in_code", [part("body", text("204816"))], 131008),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_code(simulator, name, components, code):
    assert refusal(send(simulator, name, *components))[0] == code


def test_named_variables_need_their_names(simulator, image):
    header = part("header", image)
    assert refusal(send(simulator, "spring_offer", header, part("body", text("A"))))[0] == 100
    assert refusal(send(simulator, "spring_offer", header, part("body", text("A", "name"))))[0] == 132012
    found = shown(simulator, send(simulator, "spring_offer", header, part("body", text("Ana", "first_name"))))
    assert found["text"].startswith("Ana, everything")


def test_a_header_file_must_be_one_of_this_numbers(simulator):
    body = part("body", text("A", "first_name"))
    for value, code in (({"id": "404404"}, 131009), ({}, 131009), ("x", 131008)):
        header = part("header", {"type": "image", "image": value})
        assert refusal(send(simulator, "spring_offer", header, body))[0] == code


def test_a_header_file_by_link_is_fetched_and_fails_later_when_it_cannot_be(simulator, hook):
    header = part("header", {"type": "image", "image": {"link": hook.url}})
    answer = send(simulator, "spring_offer", header, part("body", text("A", "first_name")))
    wamid = answer.json()["messages"][0]["id"]
    [status] = eventually(lambda: hook.statuses(wamid))
    assert (status["status"], status["errors"][0]["code"]) == ("failed", 131053)


def test_a_coupon_and_a_place_are_shown(simulator):
    assert shown(simulator, send(simulator, "welcome_code", part("body", text("A")), coupon("SPRING20")))[
        "buttons"
    ] == [{"type": "COPY_CODE", "text": "Copy offer code", "code": "SPRING20"}]
    place = {"latitude": 0, "longitude": -0.12, "name": "Pier"}
    answer = send(simulator, "visit_us", part("header", {"type": "location", "location": place}))
    assert shown(simulator, answer)["location"] == place
    page = simulator.client.get("/", params=CHAT).text
    assert "SPRING20" in page
    assert "Pier" in page


def test_a_code_stands_in_the_text_and_in_the_button(simulator):
    found = shown(simulator, send(simulator, "sign_in_code", part("body", text("204816")), url(0, "204816")))
    assert found["text"].startswith("204816 is your")
    assert found["buttons"][0]["url"].endswith("=204816")


def test_a_code_needs_a_phone_number(simulator):
    components = [part("body", text("204816")), url(0, "204816")]
    template = {"name": "sign_in_code", "language": {"code": "en_GB"}, "components": components}
    payload = {"messaging_product": "whatsapp", "recipient": "GB.8842190017745", "type": "template",
               "template": template}  # fmt: skip
    assert refusal(simulator.client.post(f"/v23.0/{PHONE}/messages", json=payload))[0] == 131062


def test_a_carousel_needs_every_card(simulator, image):
    body = part("body", text("A"))
    for wrong in (cards(image, 2), cards(image, 2) + cards(image, 1), cards(image, 4)):
        assert refusal(send(simulator, "garden_range", body, {"type": "carousel", "cards": wrong}))[0] == 132012
    no_link = cards(image)
    no_link[2]["components"].pop()
    assert refusal(send(simulator, "garden_range", body, {"type": "carousel", "cards": no_link}))[0] == 131008


def test_a_value_is_put_in_once_and_never_expanded_again(simulator):
    body = part("body", text("{{2}}"), text("{{1}}"))
    found = shown(simulator, send(simulator, "order_shipped", body, url(0, "x")))
    assert found["text"] == "Hi {{2}}, your order {{1}} has left our warehouse."


def test_the_phone_shows_a_headers_file_and_its_buttons(simulator, image):
    shown(simulator, send(simulator, "spring_offer", part("header", image), part("body", text("Ana", "first_name"))))
    page = simulator.client.get("/", params=CHAT).text
    assert f'src="/phone/media/{image["image"]["id"]}"' in page
    assert "Stop these messages" in page


def test_a_cards_quick_reply_is_answered_with_its_payload(simulator, hook, image):
    carousel = {"type": "carousel", "cards": cards(image)}
    answer = send(simulator, "garden_range", part("body", text("Ana")), carousel)
    wamid = answer.json()["messages"][0]["id"]
    page = simulator.client.get("/", params=CHAT).text
    assert page.count('class="slide"') >= 3
    assert 'value="more:2"' in page
    assert 'href="https://shop.example/p/pot-2"' in page
    tapped = {**CHAT, "message": wamid, "quick_reply": "More about it", "payload": "more:2"}
    assert simulator.client.post("/phone/send", data=tapped).status_code == 303
    [message] = eventually(lambda: hook.messages)
    assert (message["type"], message["context"]["id"]) == ("button", wamid)
    assert message["button"] == {"payload": "more:2", "text": "More about it"}


def test_a_template_put_by_a_driver_can_be_sent(simulator):
    before = simulator.client.get(f"/_sim/templates/{WABA}").json()
    simple = {"name": "simple", "components": [{"type": "BODY", "text": "Good morning."}]}
    simulator.client.put(f"/_sim/templates/{WABA}", json=[*before, simple])
    assert shown(simulator, send(simulator, "simple", language="en_US"))["text"] == "Good morning."
    simulator.client.put(f"/_sim/templates/{WABA}", json=before)

"""What the provider refuses when a template is submitted, as a table: the parts and the subcode."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.simulator.driver import Simulator
from tests.simulator.templates import BODY, accepted, refusal, review, submit, upload


@pytest.fixture(autouse=True)
def no_limits(simulator: Simulator, fresh: None) -> None:
    review(simulator, delay_seconds=60, rules=[], creations_per_hour=10_000, template_limit=6000)


def body(text: str, *samples: str) -> dict[str, Any]:
    return {"type": "BODY", "text": text, **({"example": {"body_text": [list(samples)]}} if samples else {})}


def named(text: str, **samples: str) -> dict[str, Any]:
    rows = [{"param_name": name, "example": sample} for name, sample in samples.items()]
    return {"type": "BODY", "text": text, "example": {"body_text_named_params": rows}}


def buttons(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"type": "BUTTONS", "buttons": list(listed)}


def reply(text: str) -> dict[str, Any]:
    return {"type": "QUICK_REPLY", "text": text}


def link(url: str = "https://shop.example/", **more: Any) -> dict[str, Any]:
    return {"type": "URL", "text": "Open", "url": url, **more}


CALL = {"type": "PHONE_NUMBER", "text": "Call", "phone_number": "+15550100"}
COPY = {"type": "COPY_CODE", "example": "SPRING20"}
FOOTER = {"type": "FOOTER", "text": "Garden Shop"}
HEADER = {"type": "HEADER", "format": "TEXT", "text": "Your table"}


@pytest.mark.parametrize(
    ("components", "subcode"),
    [
        ([], 2388043),
        (["text"], None),
        ([FOOTER], 2388043),
        ([BODY, BODY], None),
        ([BODY, {"type": "POEM"}], None),
        ([{"type": "BODY"}], 2388043),
        ([body("x" * 1025)], 2388040),
        ([body("Hi {{1}}, your table is booked.")], 2388043),
        ([body("Hi {{1}}, your table is booked.", "a", "b")], 2388043),
        ([body("{{1}}, your table is booked.", "Amelia")], 2388299),
        ([body("Your table is booked, {{1}}.", "Amelia")], 2388299),
        ([body("Hi {{1}} {{2}}, your table by the window is booked.", "Amelia", "Bell")], 2388072),
        ([body("Hi {{1}}, it is {{2}} now.", "Amelia", "ten")], 2388293),
        ([body("Hi {{2}}, your table is booked.", "Amelia")], 2388072),
        ([body("Hi {{name}}, your table is booked.", "Amelia")], 2388072),
        ([body("Hi {{1}, your table is booked.", "Amelia")], 2388072),
        ([body("Your table\n\n\nis booked.")], 2388072),
        ([BODY, {**HEADER, "text": "x" * 61}], 2388040),
        ([BODY, {**HEADER, "text": "*Table*"}], 2388047),
        ([BODY, {**HEADER, "text": "Table 🌷"}], 2388047),
        ([BODY, {**HEADER, "text": "For {{1}} and {{2}}"}], 2388047),
        ([BODY, {**HEADER, "text": "For {{1}}"}], 2388043),
        ([BODY, {**HEADER, "format": "SMELL"}], 2388047),
        ([BODY, {"type": "HEADER", "format": "IMAGE"}], 2388043),
        ([BODY, {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["99120031"]}}], None),
        ([BODY, {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["https://x.example/a"]}}], None),
        ([BODY, {**FOOTER, "text": "x" * 61}], 2388040),
        ([BODY, {**FOOTER, "text": "Dear {{1}}"}], 2388073),
        ([BODY, buttons()], None),
        ([BODY, buttons(*[reply(f"Answer {n}") for n in range(11)])], None),
        ([BODY, buttons(reply("x" * 26))], 2388040),
        ([BODY, buttons(reply("Yes 🌷"))], 2388060),
        ([BODY, buttons(reply("Yes {{1}}"))], 2388060),
        ([BODY, buttons(reply("A"), link(), reply("B"))], None),
        ([BODY, buttons(link(), link(), link())], None),
        ([BODY, buttons(CALL, CALL)], None),
        ([BODY, buttons(COPY, COPY)], None),
        ([BODY, buttons({"type": "COPY_CODE"})], 2388043),
        ([BODY, buttons({"type": "COPY_CODE", "example": "x" * 21})], 2388040),
        ([BODY, buttons(link("https://shop.example/{{1}}"))], 2388043),
        ([BODY, buttons(link("https://shop.example/{{1}}/x", example=["https://shop.example/7/x"]))], None),
        ([BODY, buttons(link("https://shop.example/" + "x" * 2000))], 2388040),
        ([BODY, buttons(link("shop.example"))], None),
        ([BODY, buttons({**CALL, "phone_number": "the shop"})], None),
        ([BODY, buttons({"type": "LEVER", "text": "Pull"})], None),
        ([BODY, {"type": "BUTTONS", "buttons": "A"}], None),
        ([BODY, {"type": "CAROUSEL", "cards": []}], None),
    ],
)  # fmt: skip
def test_a_template_the_provider_would_not_take_is_refused_with_its_subcode(simulator, components, subcode):
    assert refusal(submit(simulator, components=components)) == (100, subcode)


@pytest.mark.parametrize(
    "components",
    [
        [body("Your table is booked.")],
        [body("Hi {{1}}, your table for {{2}} is booked.", "Amelia", "two")],
        [HEADER, BODY, FOOTER, buttons(reply("Thanks"), link(), CALL)],
        [{**HEADER, "text": "For {{1}}", "example": {"header_text": ["Amelia"]}}, BODY],
        [{"type": "HEADER", "format": "LOCATION"}, BODY],
        [BODY, buttons(link("https://shop.example/{{1}}", example=["https://shop.example/7"]), COPY)],
        [BODY, buttons(CALL, reply("A"), reply("B"))],
    ],
)
def test_a_template_in_order_is_taken(simulator, components):
    assert accepted(simulator, components=components)["components"] == components


@pytest.mark.parametrize(
    "identity",
    [
        {"name": "Big Sale"},
        {"name": "x" * 513},
        {"name": None},
        {"language": "xx"},
        {"language": "en-GB"},
        {"category": "NEWS"},
        {"parameter_format": "FREE"},
    ],
)
def test_name_language_category_and_format_are_checked(simulator, identity):
    assert refusal(submit(simulator, **identity)) == (100, None)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (named("Hi {{first_name}}, your table is booked.", first_name="Amelia"), None),
        (named("Hi {{first_name}}, your table is booked.", last_name="Bell"), (100, 2388043)),
        (named("Hi {{First}}, your table is booked.", First="Amelia"), (100, 2388072)),
        (body("Hi {{first_name}}, your table is booked.", "Amelia"), (100, 2388043)),
    ],
)
def test_named_variables_are_checked_by_name(simulator, part, expected):
    answer = submit(simulator, parameter_format="NAMED", components=[part])
    assert (None if answer.status_code == 200 else refusal(answer)) == expected


def test_a_refusal_says_in_words_what_is_wrong(simulator):
    error = submit(simulator, components=[body("x" * 1025)]).json()["error"]
    assert (error["message"], error["error_user_title"]) == ("Invalid parameter", "Character Limit Exceeded")
    assert "1025" in error["error_user_msg"]


# Media and carousels


def card(handle: str, text: str, *listed: dict[str, Any], media: str = "IMAGE") -> dict[str, Any]:
    header = {"type": "HEADER", "format": media, "example": {"header_handle": [handle]}}
    return {"components": [header, body(text), buttons(*listed)]}


def carousel(cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [BODY, {"type": "CAROUSEL", "cards": cards}]


def test_a_header_takes_a_sample_of_its_own_format_only(simulator):
    handle = upload(simulator, b"%PDF-1.4", "application/pdf", "terms.pdf")
    for kind, taken in (("DOCUMENT", True), ("IMAGE", False)):
        header = {"type": "HEADER", "format": kind, "example": {"header_handle": [handle]}}
        assert (submit(simulator, components=[header, BODY]).status_code == 200) is taken


def test_a_carousel_in_order_is_taken(simulator):
    handle = upload(simulator)
    cards = [card(handle, f"Pot {n}", reply("More"), link()) for n in range(10)]
    template = accepted(simulator, category="MARKETING", components=carousel(cards))
    shown = template["components"][1]["cards"][9]["components"][0]["example"]["header_handle"][0]
    assert shown.startswith("http")


def test_a_carousel_needs_two_to_ten_cards_of_one_shape(simulator):
    handle = upload(simulator)
    good = card(handle, "Pot", reply("More"))
    other_buttons = card(handle, "Pot", link())
    three = card(handle, "Pot", reply("A"), reply("B"), reply("C"))
    long = card(handle, "x" * 161, reply("More"))
    no_sample = deepcopy(good)
    no_sample["components"][0]["example"]["header_handle"] = ["4:made:up"]
    plain = {"components": [HEADER, body("Pot")]}
    for cards in ([good], [good] * 11, [good, other_buttons], [three, three], [long, long], [good, no_sample],
                  [plain, plain], [good, "card"]):  # fmt: skip
        assert refusal(submit(simulator, category="MARKETING", components=carousel(cards)))[0] == 100
    assert refusal(submit(simulator, category="UTILITY", components=carousel([good, good]))) == (100, None)
    with_footer = [*carousel([good, good]), FOOTER]
    assert refusal(submit(simulator, category="MARKETING", components=with_footer)) == (100, None)


# Authentication

OTP = buttons({"type": "OTP", "otp_type": "COPY_CODE"})


def test_an_authentication_template_gets_the_providers_text_in_its_language(simulator):
    parts = [{"type": "BODY", "add_security_recommendation": True},
             {"type": "FOOTER", "code_expiration_minutes": 10}, OTP]  # fmt: skip
    english = accepted(simulator, category="AUTHENTICATION", components=parts)["components"]
    assert english[0]["text"] == "*{{1}}* is your verification code. For your security, do not share this code."
    assert english[1]["text"] == "This code expires in 10 minutes."
    assert english[2]["buttons"][0]["type"] == "URL"
    arabic = accepted(simulator, category="AUTHENTICATION", language="ar", components=parts)["components"]
    assert "رمز" in arabic[0]["text"]


@pytest.mark.parametrize(
    "components",
    [
        [BODY, OTP],
        [HEADER, {"type": "BODY"}, OTP],
        [{"type": "BODY"}],
        [{"type": "BODY"}, buttons(reply("Copy"))],
        [{"type": "BODY"}, buttons({"type": "OTP", "otp_type": "GUESS"})],
        [{"type": "BODY"}, buttons({"type": "OTP", "otp_type": "ONE_TAP"})],
        [{"type": "BODY"}, {"type": "FOOTER", "code_expiration_minutes": 91}, OTP],
        [{"type": "BODY"}, {"type": "FOOTER", "text": "Hello"}, OTP],
        "nothing",
    ],
)
def test_an_authentication_template_has_no_text_of_its_own_and_one_code_button(simulator, components):
    assert refusal(submit(simulator, category="AUTHENTICATION", components=components)) == (100, None)

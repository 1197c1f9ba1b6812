"""Templates filled: what goes out, what is shown, and where values come from."""

from __future__ import annotations

from typing import Any

import pytest

from templates_mgmt.components import read
from templates_mgmt.filling import Unfillable, fill, preview, problems, resolve, values_from

from . import texts

ORDER_VALUES = {"header:1": "A-77", "body:1": "Ana", "body:2": "A-77", "button.1:1": "A-77"}
CARDS = [
    {"header": {"id": "11"}, "body": ["9 pounds"], "buttons": ["fern"]},
    {"header": {"id": "12"}, "body": ["12 pounds"], "buttons": ["palm"]},
]


def text(value: str, **more: str) -> dict[str, Any]:
    return {"type": "text", **more, "text": value}


def test_a_numbered_template_goes_out_in_the_providers_form():
    filled = fill(texts.ORDER, "positional", ORDER_VALUES)
    assert filled.components == [
        {"type": "header", "parameters": [text("A-77")]},
        {"type": "body", "parameters": [text("Ana"), text("A-77")]},
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [text("A-77")]},
    ]
    assert filled.text == "Hi Ana, your order A-77 has left us and will be with you soon."
    assert filled.shown == {
        "header": {"type": "text", "text": "Order A-77"},
        "body": filled.text,
        "footer": "Harbour Books",
        "buttons": [
            {"type": "quick_reply", "text": "Help"},
            {"type": "url", "text": "Track", "url": "https://harbour.example/t/A-77"},
            {"type": "phone_number", "text": "Call us", "phone_number": "+15550100200"},
        ],
        "cards": [],
    }


def test_a_named_template_says_the_names():
    filled = fill(texts.NAMED, "named", {"body:first_name": "Ana", "body:table": "12"})
    assert filled.components == [
        {"type": "body", "parameters": [text("Ana", parameter_name="first_name"), text("12", parameter_name="table")]}
    ]
    assert filled.text == "Dear Ana, table 12 is yours at eight. See you soon, Ana, at the harbour."


def test_parts_without_variables_are_not_sent():
    assert fill([{"type": "BODY", "text": "We are open again."}], "positional", {}).components == []


def test_media_and_coupon_code_go_out_in_their_own_form():
    values = {
        "header:media": {"link": "https://a.example/b.jpg", "filename": "b.jpg"},
        "body:1": "X",
        "button.0:code": "TEN",
    }
    filled = fill(texts.PICTURE, "positional", values)
    assert filled.components[0] == {
        "type": "header",
        "parameters": [{"type": "image", "image": {"link": "https://a.example/b.jpg"}}],
    }
    assert filled.components[2] == {
        "type": "button",
        "sub_type": "copy_code",
        "index": "0",
        "parameters": [{"type": "coupon_code", "coupon_code": "TEN"}],
    }
    assert filled.shown["header"]["media"]["link"] == "https://a.example/b.jpg"
    assert filled.shown["buttons"] == [{"type": "copy_code", "text": "Copy offer code", "code": "TEN"}]


def test_a_document_keeps_its_name():
    components = [{"type": "HEADER", "format": "DOCUMENT"}, {"type": "BODY", "text": "Your invoice."}]
    filled = fill(components, "positional", {"header:media": {"id": "9", "filename": "Invoice 12.pdf"}})
    assert filled.components[0]["parameters"] == [
        {"type": "document", "document": {"id": "9", "filename": "Invoice 12.pdf"}}
    ]


def test_a_location_goes_out_as_figures():
    where = {"latitude": "51.5", "longitude": -0.12, "name": "The shop", "other": "dropped"}
    filled = fill(texts.PLACE, "positional", {"header:location": where})
    expected = {"latitude": 51.5, "longitude": -0.12, "name": "The shop"}
    assert filled.components == [{"type": "header", "parameters": [{"type": "location", "location": expected}]}]
    assert filled.shown["header"] == {"type": "location", "location": expected}


def test_every_card_of_a_carousel_is_sent_with_its_own_values():
    values = values_from(texts.CAROUSEL, "positional", body=["Ana"], cards=CARDS)
    filled = fill(texts.CAROUSEL, "positional", values)
    body, carousel = filled.components
    assert body == {"type": "body", "parameters": [text("Ana")]}
    assert [each["card_index"] for each in carousel["cards"]] == [0, 1]
    assert carousel["cards"][1]["components"] == [
        {"type": "header", "parameters": [{"type": "image", "image": {"id": "12"}}]},
        {"type": "body", "parameters": [text("12 pounds")]},
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": "0",
            "parameters": [{"type": "payload", "payload": "card.1.button.0"}],
        },
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [text("palm")]},
    ]
    assert [each["body"] for each in filled.shown["cards"]] == [
        "Fern, 9 pounds each, in a pot",
        "Palm, 12 pounds each, in a pot",
    ]
    assert filled.shown["cards"][0]["buttons"][1]["url"] == "https://plants.example/fern"


@pytest.mark.parametrize("components", [texts.CODE, texts.CODE_THERE])
def test_a_one_time_code_is_sent_in_the_text_and_on_the_button(components: texts.Components):
    filled = fill(components, "positional", values_from(components, "positional", body=["482913"]))
    assert filled.components == [
        {"type": "body", "parameters": [text("482913")]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [text("482913")]},
    ]
    assert "482913" in filled.text
    assert filled.shown["buttons"][0]["code"] == "482913"


def test_a_one_time_code_may_be_given_for_the_button_too():
    assert values_from(texts.CODE, "positional", body=["482913"], buttons=["482913"]) == {"body:1": "482913"}


def test_two_different_one_time_codes_are_refused():
    with pytest.raises(Unfillable) as caught:
        values_from(texts.CODE, "positional", body=["482913"], buttons=["111111"])
    assert caught.value.reason == "mismatch"


def test_parts_that_nobody_here_can_fill_are_refused_by_name():
    offer = [*texts.QUICK, {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {}}]
    with pytest.raises(Unfillable) as caught:
        fill(offer, "named", {"body:name": "Ana"})
    assert caught.value.reason == "unsupported"
    assert "LIMITED_TIME_OFFER" in str(caught.value)


def test_a_flow_button_is_sent_as_nobodys():
    components = [
        {"type": "BODY", "text": "Tell us what you think."},
        {"type": "BUTTONS", "buttons": [{"type": "FLOW", "text": "Begin", "flow_id": "7"}]},
    ]
    sent = fill(components, "positional", {}).components
    assert sent[0]["sub_type"] == "flow"
    assert sent[0]["parameters"] == [{"type": "action", "action": {"flow_token": "unused"}}]


def test_a_quick_template_may_take_several_lines():
    filled = fill(texts.QUICK, "named", {"body:name": "Ana\nand Ben"}, quick=True)
    assert filled.text == "Hello Ana\nand Ben, thanks for writing to us."


def test_a_preview_leaves_what_is_missing_as_it_is_written():
    shown = preview(read(texts.ORDER), {"body:1": "Ana"})
    assert shown["body"] == "Hi Ana, your order {{2}} has left us and will be with you soon."
    assert shown["header"] == {"type": "text", "text": "Order {{1}}"}
    assert preview(read(texts.PICTURE), {})["header"] == {"type": "image", "media": {}}


def test_all_problems_are_told_at_once():
    found = problems(texts.ORDER, {"header:1": "A", "body:1": "a\nb", "button.1:1": "a b"})
    assert [(each.key, each.reason) for each in found] == [
        ("body:1", "newline"),
        ("body:2", "missing"),
        ("button.1:1", "not_url_safe"),
    ]


# Where values come from

ASKED = {
    "body:1": {"sample": "Ana", "source": "field", "value": "first_name", "fallback": "there"},
    "body:2": {"sample": "x", "source": "fixed", "value": "The Harbour"},
    "body:3": {"sample": "x", "source": "ask"},
    "body:4": {"sample": "x", "source": "ask", "fallback": "soon"},
    "body:5": {"sample": "x", "source": "field", "value": "field.city"},
    "header:media": {"file": "0199", "handle": "4::aW"},
}


@pytest.mark.parametrize(
    ("known", "first"),
    [({"first_name": "Zoe"}, "Zoe"), ({}, "there"), ({"first_name": ""}, "there"), ({"first_name": "  "}, "there")],
)
def test_a_field_falls_back_when_it_is_empty(known, first):
    assert resolve(ASKED, known) == {
        "body:1": first,
        "body:2": "The Harbour",
        "body:4": "soon",
        "header:media": {"file": "0199"},
    }


def test_a_sample_is_never_sent():
    assert resolve({"body:1": {"sample": "Ana"}}, {"first_name": "Zoe"}) == {}


def test_a_field_of_the_workspace_is_found_by_its_key():
    assert resolve(ASKED, {"field.city": "Porto"})["body:5"] == "Porto"


@pytest.mark.parametrize("variables", [{"body:1": None}, {"body:1": "x"}, {"body:1": {"source": "field", "value": 3}}])
def test_strange_variables_bring_no_value(variables):
    assert resolve(variables, {"3": "x"}) == {}


# In order, by name, per card


def test_arrays_fill_the_places_in_order():
    given = {"header": ["A-77"], "body": ["Ana", "A-77"], "buttons": ["A-77"]}
    assert values_from(texts.ORDER, "positional", **given) == ORDER_VALUES


def test_item_two_is_for_the_variable_two_wherever_it_stands():
    components = [{"type": "BODY", "text": "On {{2}} we meet you, {{1}}, at noon."}]
    assert values_from(components, "positional", body=["Ana", "Monday"]) == {"body:1": "Ana", "body:2": "Monday"}


def test_names_fill_every_place_of_that_name():
    components = [{"type": "HEADER", "format": "TEXT", "text": "For {{name}}"}, *texts.QUICK]
    assert values_from(components, "named", named={"name": "Ana"}) == {"header:name": "Ana", "body:name": "Ana"}


def test_a_whole_key_names_one_place():
    values = values_from(
        texts.CAROUSEL,
        "positional",
        body=["Ana"],
        named={
            "card.1.body:1": "7",
            **dict.fromkeys(("card.0.body:1", "card.0.button.1:1", "card.1.button.1:1"), "x"),
        },
    )
    assert values["card.1.body:1"] == "7"
    assert values["card.0.body:1"] == "x"


def test_a_header_that_the_template_brings_need_not_be_given():
    assert values_from(texts.PICTURE, "positional", body=["TEN"], buttons=["TEN"]) == {
        "body:1": "TEN",
        "button.0:code": "TEN",
    }


COUNTS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "header", "Header: expected 1 value, got 0."),
    ({"header": ["a"], "body": ["b"], "buttons": ["c"]}, "body", "Body: expected 2 values, got 1."),
    ({"header": ["a"], "body": ["b", "c", "d"], "buttons": ["e"]}, "body", "Body: expected 2 values, got 3."),
    ({"header": ["a"], "body": ["b", "c"], "buttons": ["e", "f"]}, "buttons", "Buttons: expected 1 value, got 2."),
]


@pytest.mark.parametrize(("given", "key", "sentence"), COUNTS)
def test_too_many_or_too_few_values_are_refused_with_both_figures(given, key, sentence):
    with pytest.raises(Unfillable) as caught:
        values_from(texts.ORDER, "positional", **given)
    assert (caught.value.key, caught.value.reason, str(caught.value)) == (key, "count", sentence)


def test_cards_are_counted_and_named():
    with pytest.raises(Unfillable) as caught:
        values_from(texts.CAROUSEL, "positional", body=["Ana"], cards=CARDS[:1])
    assert str(caught.value) == "Cards: expected 2 values, got 1."
    with pytest.raises(Unfillable) as caught:
        values_from(texts.CAROUSEL, "positional", body=["Ana"], cards=[CARDS[0], {**CARDS[1], "body": []}])
    assert str(caught.value) == "Card 2 body: expected 1 value, got 0."
    assert caught.value.key == "card.1.body"


def test_a_name_the_template_does_not_have_is_refused():
    with pytest.raises(Unfillable) as caught:
        values_from(texts.NAMED, "named", named={"first_name": "Ana", "table": "1", "tabel": "1"})
    assert (caught.value.key, caught.value.reason) == ("tabel", "unknown")


@pytest.mark.parametrize("cards", [[1, 2], ["a", "b"], [None, None]])
def test_cards_of_a_strange_shape_are_refused(cards):
    with pytest.raises(Unfillable):
        values_from(texts.CAROUSEL, "positional", body=["Ana"], cards=cards)

"""Components read and written: nothing is lost, and nothing strange breaks it."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_mgmt.components import Button, Content, Header, places, read, samples, write

from . import texts

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(["HEADER", "body", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER", "", "NEW_THING"])
PARTS = st.fixed_dictionaries(
    {"type": KINDS | ODD},
    optional={
        "format": st.sampled_from(["TEXT", "image", "PRODUCT"]) | ODD,
        "text": st.text(max_size=20) | ODD,
        "buttons": st.lists(st.dictionaries(st.sampled_from(["type", "text", "url", "example"]), ODD), max_size=3)
        | ODD,
        "cards": st.lists(st.fixed_dictionaries({"components": ODD}), max_size=3) | ODD,
        "example": ODD,
        "code_expiration_minutes": ODD,
    },
)


@pytest.mark.parametrize("name", texts.ALL)
def test_what_is_read_is_written_back(name: str):
    components = texts.ALL[name]
    assert write(read(components), {}, "positional") == components


def test_writing_leaves_the_original_alone():
    before = copy.deepcopy(texts.CAROUSEL)
    write(read(texts.CAROUSEL), {"body:1": {"sample": "Ben"}}, "positional")
    assert before == texts.CAROUSEL


def test_parts_nobody_knows_are_named_and_kept_in_their_place():
    offer = {"type": "LIMITED_TIME_OFFER", "limited_time_offer": {"text": "Ends soon", "has_expiration": True}}
    components = [
        {"type": "HEADER", "format": "PRODUCT"},
        texts.ORDER[1],
        offer,
        {"type": "BUTTONS", "buttons": [{"type": "MPM", "text": "See all"}, {"type": "QUICK_REPLY", "text": "No"}]},
    ]
    content = read(components)
    assert content.unsupported == ["PRODUCT HEADER", "LIMITED_TIME_OFFER", "MPM button"]
    assert write(replace(content, body="Another text."), {}, "positional") == [
        components[0],
        {"type": "BODY", "text": "Another text."},
        offer,
        components[3],
    ]


def test_keys_nobody_knows_survive():
    components = [{"type": "BODY", "text": "Hello there.", "tone": "warm"}]
    assert write(replace(read(components), body="Good day."), {}, "positional") == [
        {"type": "BODY", "text": "Good day.", "tone": "warm"}
    ]


def test_an_example_goes_when_its_text_does():
    written = write(replace(read(texts.ORDER), body="All new {{1}} text"), {}, "positional")
    assert "example" not in written[1]
    assert written[0]["example"] == texts.ORDER[0]["example"]


def test_new_parts_go_where_they_belong():
    content = replace(read([{"type": "BODY", "text": "Hello."}]), header=Header("TEXT", "Top"), footer="Bottom")
    content = replace(content, buttons=[Button("QUICK_REPLY", "Yes")])
    assert [part["type"] for part in write(content, {}, "positional")] == ["HEADER", "BODY", "FOOTER", "BUTTONS"]


def test_removed_parts_are_gone():
    content = replace(read(texts.ORDER), header=None, footer="", buttons=[])
    assert [part["type"] for part in write(content, {}, "positional")] == ["BODY"]


def test_samples_are_written_in_the_form_of_each_part():
    bare = Content(
        header=Header("TEXT", "Order {{1}}"),
        body="Hi {{1}}, {{2}} is on its way",
        buttons=[Button("URL", "Track", url="https://a.example/{{1}}"), Button("COPY_CODE")],
    )
    given = {"header:1": "A", "body:1": "Ana", "body:2": "B", "button.0:1": "C", "button.1:code": "TEN"}
    header, body, buttons = write(bare, {key: {"sample": value} for key, value in given.items()}, "positional")
    assert header["example"] == {"header_text": ["A"]}
    assert body["example"] == {"body_text": [["Ana", "B"]]}
    assert [button["example"] for button in buttons["buttons"]] == [["https://a.example/C"], "TEN"]


def test_named_samples_carry_their_names():
    written = write(read(texts.NAMED), {"body:first_name": {"sample": "Zoe"}, "body:table": {"sample": "3"}}, "named")
    assert written[0]["example"]["body_text_named_params"] == [
        {"param_name": "first_name", "example": "Zoe"},
        {"param_name": "table", "example": "3"},
    ]


def test_a_media_sample_is_the_handle_of_the_upload():
    written = write(read(texts.PICTURE), {"header:media": {"file": "x", "handle": "5::bX"}}, "positional")
    assert written[0]["example"] == {"header_handle": ["5::bX"]}


def test_places_are_listed_from_top_to_bottom():
    assert [place.key for place in places(read(texts.ORDER))] == ["header:1", "body:1", "body:2", "button.1:1"]
    assert [place.key for place in places(read(texts.PICTURE))] == ["header:media", "body:1", "button.0:code"]
    assert [place.key for place in places(read(texts.PLACE))] == ["header:location"]
    assert [(place.key, place.label) for place in places(read(texts.CAROUSEL))] == [
        ("body:1", "Body {{1}}"),
        ("card.0.header:media", "Card 1 header image"),
        ("card.0.body:1", "Card 1 body {{1}}"),
        ("card.0.button.1:1", "Card 1 button 2 link {{1}}"),
        ("card.1.header:media", "Card 2 header image"),
        ("card.1.body:1", "Card 2 body {{1}}"),
        ("card.1.button.1:1", "Card 2 button 2 link {{1}}"),
    ]


def test_a_variable_written_twice_is_one_place():
    assert [place.key for place in places(read(texts.NAMED))] == ["body:first_name", "body:table"]


def test_numbers_are_in_their_own_order():
    content = read([{"type": "BODY", "text": "{{10}} before {{2}}, {{2}} before {{1}}"}])
    assert [place.name for place in places(content)] == ["1", "2", "10"]


@pytest.mark.parametrize("components", [texts.CODE, texts.CODE_THERE])
def test_a_one_time_code_is_one_place_and_asks_for_no_text(components: texts.Components):
    content = read(components)
    assert content.kind == "authentication"
    assert [place.key for place in places(content)] == ["body:1"]
    written = write(content, {}, "positional")
    assert written[0] == {"type": "BODY", "add_security_recommendation": True}
    assert written[1] == {"type": "FOOTER", "code_expiration_minutes": 10}
    assert [button["type"] for button in written[2]["buttons"]] == ["OTP"]
    assert written[2]["buttons"][0]["otp_type"] == "COPY_CODE"


def test_a_one_time_code_shows_the_providers_words():
    assert read(texts.CODE).body.startswith("{{1}} is your verification code. For your security")
    assert read(texts.CODE).footer == "This code expires in 10 minutes."
    assert read(texts.CODE_THERE).body == "*{{1}}* est votre code de vérification."


def test_samples_come_out_of_every_form():
    assert samples(texts.ORDER) == {"header:1": "A-77", "body:1": "Ana", "body:2": "A-77", "button.1:1": "A-77"}
    assert samples(texts.NAMED) == {"body:first_name": "Ana", "body:table": "12"}
    assert samples(texts.CAROUSEL)["card.1.body:1"] == "9 pounds"
    assert samples(texts.CODE_THERE) == {"body:1": "123456"}


@given(st.lists(PARTS | ODD, max_size=5) | ODD)
def test_nothing_a_provider_lists_breaks_reading(components):
    content = read(components)
    places(content)
    samples(components)
    write(content, {}, "positional")


@given(st.lists(st.fixed_dictionaries({"type": st.sampled_from(["NEW_THING", "", "HEADER"])}, optional={"x": ODD})))
def test_unknown_parts_are_never_changed(components):
    assert write(read(components), {}, "positional") == components


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="{}"), min_size=1, max_size=30)
BUTTONS = st.one_of(
    st.builds(lambda text: {"type": "QUICK_REPLY", "text": text}, TEXTS),
    st.builds(lambda text, at: {"type": "URL", "text": text, "url": f"https://a.example/{at}"}, TEXTS, st.integers()),
    st.builds(lambda text: {"type": "PHONE_NUMBER", "text": text, "phone_number": "+15550100200"}, TEXTS),
    st.builds(lambda text: {"type": "FLOW", "text": text, "flow_id": "7"}, TEXTS),
)


@given(TEXTS, TEXTS, TEXTS, st.lists(BUTTONS, min_size=1, max_size=10), st.booleans())
def test_any_ordinary_template_survives_reading_and_writing(top, body, bottom, buttons, with_media):
    header = {"type": "HEADER", "format": "VIDEO"} if with_media else {"type": "HEADER", "format": "TEXT", "text": top}
    components = [
        header,
        {"type": "BODY", "text": body},
        {"type": "FOOTER", "text": bottom},
        {"type": "BUTTONS", "buttons": buttons},
    ]
    assert write(read(components), {}, "positional") == components

"""What filling promises: put in once, never expanded, and refused by name where a provider would refuse."""

from __future__ import annotations

import ast
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import templates_mgmt
from templates_mgmt.components import places, read
from templates_mgmt.filling import Unfillable, fill, problems, resolve, values_from

from . import texts

LITERALS = [
    "{{7*7}}",
    "{% debug %}",
    "{{secret}}",
    "{{1}}",
    "{{2}}",
    "{{name}}",
    "{{ name }}",
    "{{name|safe}}",
    "{# note #}",
    "${7*7}",
    "<%= 7*7 %>",
    "%(name)s",
    "{name}",
    "{0.__class__}",
    "\\1",
    "\\g<0>",
    "<script>alert(1)</script>",
]
SECRETS = {"name": "Ana", "secret": "hunter2", "first_name": "Ana", "1": "one"}
PLAIN = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=40)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("value", LITERALS)
def test_a_value_is_never_expanded(value: str):
    values = {"body:first_name": value, "body:table": "12"} | {f"body:{name}": said for name, said in SECRETS.items()}
    values["body:first_name"] = value
    filled = fill(texts.NAMED, "named", values)
    assert filled.text == f"Dear {value}, table 12 is yours at eight. See you soon, {value}, at the harbour."
    assert filled.components[0]["parameters"][0]["text"] == value
    assert "hunter2" not in json.dumps([filled.components, filled.shown])


@pytest.mark.parametrize("value", LITERALS)
def test_a_value_is_never_expanded_by_the_next_one(value: str):
    components = [{"type": "BODY", "text": "First {{1}} then {{2}} at last"}]
    filled = fill(components, "positional", values_from(components, "positional", body=[value, "{{1}}"]))
    assert filled.text == f"First {value} then {{{{1}}}} at last"


@pytest.mark.parametrize(
    "said", ["{{7*7}}", "{% debug %}", "{{ }}", "{{a b}}", "{{name|upper}}", "{{0}}", "{{name.x}}"]
)
def test_what_is_no_variable_stands_in_the_text_as_it_is(said: str):
    components = [{"type": "BODY", "text": f"Hello {said} and {{{{name}}}}, welcome"}]
    assert [place.key for place in places(read(components))] == ["body:name"]
    assert fill(components, "named", {"body:name": "Ana"}).text == f"Hello {said} and Ana, welcome"


def test_a_contacts_own_words_stay_words():
    variables = {"body:name": {"source": "field", "value": "name", "fallback": "there"}}
    values = resolve(variables, {"name": "{{secret}}", "secret": "hunter2"})
    assert fill(texts.QUICK, "named", values, quick=True).text == "Hello {{secret}}, thanks for writing to us."


REFUSED = [
    ("", "missing", "has no value"),
    ("   ", "missing", "has no value"),
    ("two\nlines", "newline", "line break"),
    ("two\r\nlines", "newline", "line break"),
    ("two\u2028lines", "newline", "line break"),
    ("two\x85lines", "newline", "line break"),
    ("a\ttab", "tab", "a tab"),
    ("four    spaces", "spaces", "four or more spaces"),
    ("a\x00null", "control", "control character"),
    ("half \ud83d pair", "control", "control character"),
    ("x" * 1025, "too_long", "1,025 characters, 1,024 are allowed"),
    (7, "not_text", "must be text"),
    (["Ana"], "not_text", "must be text"),
    ({"id": "9"}, "not_text", "must be text"),
    (None, "missing", "has no value"),
]


@pytest.mark.parametrize(("value", "reason", "said"), REFUSED)
@pytest.mark.parametrize(
    ("components", "form", "key", "label"),
    [
        (texts.ORDER, "positional", "header:1", "Header {{1}}"),
        (texts.ORDER, "positional", "body:2", "Body {{2}}"),
        (texts.ORDER, "positional", "button.1:1", "Button 2 link {{1}}"),
        (texts.NAMED, "named", "body:first_name", "Body {{first_name}}"),
        (texts.CAROUSEL, "positional", "card.1.body:1", "Card 2 body {{1}}"),
        (texts.CAROUSEL, "positional", "card.0.button.1:1", "Card 1 button 2 link {{1}}"),
    ],
)
def test_a_value_the_provider_would_refuse_is_refused_by_the_name_of_its_variable(
    components: texts.Components, form: str, key: str, label: str, value: Any, reason: str, said: str
):
    values = {place.key: {"id": "9"} if place.kind == "media" else "a" for place in places(read(components))}
    with pytest.raises(Unfillable) as caught:
        fill(components, form, values | {key: value})
    assert (caught.value.key, caught.value.label, caught.value.reason) == (key, label, reason)
    assert str(caught.value).startswith(label)
    assert said in str(caught.value)


def test_a_missing_value_is_refused_by_name():
    with pytest.raises(Unfillable) as caught:
        fill(texts.NAMED, "named", {"body:table": "12"})
    assert str(caught.value) == "Body {{first_name}} has no value."


@pytest.mark.parametrize("spaces", [1, 2, 3])
def test_up_to_three_spaces_in_a_row_pass(spaces: int):
    assert fill(texts.QUICK, "named", {"body:name": f"Ana{' ' * spaces}B"})


def test_a_text_too_long_with_its_values_names_the_longest():
    components = [{"type": "BODY", "text": "x" * 900 + " {{1}} and {{2}} end"}]
    with pytest.raises(Unfillable) as caught:
        fill(components, "positional", {"body:1": "y" * 20, "body:2": "z" * 120})
    assert (caught.value.key, caught.value.reason) == ("body:2", "too_long")
    assert "1,024 are allowed" in str(caught.value)


LENGTHS = [
    (texts.ORDER, "header:1", 54, 55),  # "Order " and 54 are 60
    (texts.CODE, "body:1", 15, 16),
    (texts.PICTURE, "button.0:code", 20, 21),
    (texts.CAROUSEL, "card.0.body:1", 160 - len("Fern,  each, in a pot"), 161 - len("Fern,  each, in a pot")),
]


@pytest.mark.parametrize(("components", "key", "longest", "too_long"), LENGTHS)
def test_each_part_has_its_own_limit(components: texts.Components, key: str, longest: int, too_long: int):
    values = {place.key: {"id": "9"} if place.kind == "media" else "a" for place in places(read(components))}
    assert problems(components, values | {key: "x" * longest}) == []
    assert [(each.key, each.reason) for each in problems(components, values | {key: "x" * too_long})] == [
        (key, "too_long")
    ]


LINKS = [
    ("A-77", True),
    ("path/to?x=1&y=%20#top", True),
    ("../up", True),
    ("a b", False),
    ("a%zz", False),
    ("50%", False),
    ("ملف", False),
    ('"><script>', False),
    ("{{7*7}}", False),
    ("x" * 1024, True),
]


@pytest.mark.parametrize(("value", "fits"), LINKS)
def test_only_what_an_address_can_hold_goes_into_a_link(value: str, fits: bool):
    reasons = [
        each.reason
        for each in problems(texts.ORDER, {"header:1": "a", "body:1": "b", "body:2": "c", "button.1:1": value})
    ]
    assert reasons == ([] if fits else ["not_url_safe"])


@pytest.mark.parametrize("value", [".evil.example", "@evil.example", ":8080@evil.example", "evil"])
def test_a_value_never_moves_a_link_to_another_site(value: str):
    button = {"type": "URL", "text": "Go", "url": "https://harbour.example{{1}}"}
    components = [{"type": "BODY", "text": "See"}, {"type": "BUTTONS", "buttons": [button]}]
    assert [each.reason for each in problems(components, {"button.0:1": value})] == ["not_url_safe"]
    assert problems(components, {"button.0:1": "/order/7"}) == []


MEDIA = [
    ({"id": "9"}, None),
    ({"file": "0199"}, None),
    ({"link": "https://a.example/b.jpg"}, None),
    ("https://a.example/b.jpg", None),
    ({"link": "http://a.example/b.jpg"}, "not_media"),
    ("file:///etc/passwd", "not_media"),
    ({"name": "x"}, "not_media"),
    ({"id": 9}, "not_media"),
    ([1], "not_media"),
    ({}, "missing"),
]


@pytest.mark.parametrize(("value", "reason"), MEDIA)
def test_a_media_header_needs_a_file(value: Any, reason: str | None):
    found = problems(texts.PICTURE, {"header:media": value, "body:1": "X", "button.0:code": "TEN"})
    assert [each.reason for each in found] == ([reason] if reason else [])


PLACES = [
    ({"latitude": 0, "longitude": 0}, True),
    ({"latitude": "51.5", "longitude": "-0.12"}, True),
    ({"latitude": 91, "longitude": 0}, False),
    ({"latitude": 0, "longitude": 181}, False),
    ({"latitude": "nan", "longitude": 0}, False),
    ({"latitude": "north", "longitude": 0}, False),
    ({"latitude": 1}, False),
    ("51.5,-0.12", False),
]


@pytest.mark.parametrize(("value", "fits"), PLACES)
def test_a_location_header_needs_a_place_on_earth(value: Any, fits: bool):
    assert [each.reason for each in problems(texts.PLACE, {"header:location": value})] == (
        [] if fits else ["not_a_place"]
    )


@given(PLAIN, PLAIN)
def test_what_is_shown_is_what_is_sent(first: str, second: str):
    filled = fill(texts.NAMED, "named", {"body:first_name": first, "body:table": second})
    assert filled.text == f"Dear {first}, table {second} is yours at eight. See you soon, {first}, at the harbour."
    assert [each["text"] for each in filled.components[0]["parameters"]] == [first, second]


@given(st.text(max_size=20), st.sampled_from(["\n", "\t", "    ", "\r", "\u2029"]), st.text(max_size=20))
def test_no_value_with_a_break_a_tab_or_four_spaces_gets_through(before: str, bad: str, after: str):
    assume((before + after).strip())
    with pytest.raises(Unfillable) as caught:
        fill(texts.QUICK, "named", {"body:name": f"{before}{bad}{after}"})
    assert caught.value.key == "body:name"


@given(st.sampled_from(sorted(texts.ALL)), st.dictionaries(st.text(max_size=12), ANYTHING, max_size=3), ANYTHING)
def test_values_of_any_shape_fill_or_are_refused(name: str, more: dict[str, Any], value: Any):
    components = texts.ALL[name]
    values = {place.key: value for place in places(read(components))} | more
    with suppress(Unfillable):
        assert json.dumps(fill(components, "named" if name == "named" else "positional", values).components)


@given(st.lists(ANYTHING, max_size=3), st.lists(ANYTHING, max_size=3), ANYTHING)
def test_arrays_of_any_shape_fill_or_are_refused(body: list[Any], buttons: list[Any], card: Any):
    with suppress(Unfillable):
        values_from(texts.CAROUSEL, "positional", body=body, buttons=buttons, cards=[card, card])


def test_filling_knows_no_template_engine():
    folder = Path(templates_mgmt.__file__).parent
    for name in ("content", "components", "writing", "values", "filling"):
        tree = ast.parse((folder / f"{name}.py").read_text())
        imported = {
            part
            for node in ast.walk(tree)
            for part in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert not {part for part in imported if part.startswith(("django", "jinja2", "string"))}

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import cleaning
from providers.types import MalformedPayload

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=30,
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb'{"a":"x\u0000y"}', {"a": "x\ufffdy"}),
        (rb'{"a":"\ud83d"}', {"a": "\ufffd"}),
        (rb'{"a":"\ude00\ud83d"}', {"a": "\ufffd\ufffd"}),
        (rb'{"a":"\ud83d\ude00"}', {"a": "\U0001f600"}),
        (rb'{"\u0000k":1}', {"\ufffdk": 1}),
        (b'{"a":NaN,"b":Infinity,"c":-Infinity,"d":1e400}', {"a": None, "b": None, "c": None, "d": None}),
        (b'{"a":123456789012345678901}', {"a": "123456789012345678901"}),
        (b'{"a":' + b"9" * 5000 + b"}", {"a": "9" * 5000}),
        (rb'{"a":"caf\u00e9 \/ b"}', {"a": "café / b"}),
    ],
)
def test_one_unstorable_value_is_replaced_and_the_rest_kept(body: bytes, expected: object) -> None:
    assert cleaning.load(body) == expected


@pytest.mark.parametrize(
    "body", [b"\xc3\x28", b"\xed\xa0\xbd", b"\x00", b'{"a":"\x00"}', b"{'a':1}", b'{"a":1}{"b":2}']
)
def test_what_is_not_json_in_utf8_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedPayload):
        cleaning.load(body)


def test_nesting_is_allowed_up_to_the_limit() -> None:
    depth = cleaning.MAX_DEPTH
    assert cleaning.load(b"[" * depth + b"]" * depth)
    with pytest.raises(MalformedPayload):
        cleaning.load(b"[" * (depth + 1) + b"]" * (depth + 1))
    with pytest.raises(MalformedPayload):
        cleaning.load(b'{"a":' * 100_000)


def test_text_from_within_a_document_is_cleaned_too() -> None:
    assert cleaning.load('"\ud83d"') == "\ufffd"
    assert cleaning.load(r'"\ud83d"') == "\ufffd"


@given(ANYTHING)
def test_what_is_loaded_can_always_be_stored(value: object) -> None:
    loaded = cleaning.load(json.dumps(value).encode())
    stored = json.dumps(loaded, allow_nan=False, ensure_ascii=False)
    assert "\x00" not in stored
    assert "\\u0000" not in stored
    stored.encode()

"""JSON from strangers, made safe to store: what Python's parser lets through, PostgreSQL may refuse.

`\\u0000` and lone surrogates break text and jsonb columns, `NaN` and `1e400` break jsonb, integers of
thousands of digits and deep nesting break the parser itself. One odd value must not cost the rest of
a batch, so values are replaced; only a body that is no JSON object at all is refused.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from providers.types import MalformedPayload

MAX_DEPTH = 64
MAX_INTEGER_DIGITS = 18  # what surely fits a 64-bit column; longer ones are kept as text, they can only be ids

_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def load_object(body: bytes | str) -> dict[str, Any]:
    """The JSON object in `body`, cleaned. Raises `MalformedPayload`."""
    document = load(body)
    if not isinstance(document, dict):
        raise MalformedPayload("the body is not a JSON object")
    return document


def load(body: bytes | str) -> Any:
    """The JSON value in `body` with storable strings and finite numbers.

    Raises `MalformedPayload`, also when it is nested more than `MAX_DEPTH` deep.
    """
    try:
        # Decoding refuses surrogates and the parser raw NULs, so bytes can only bring them in by an escape.
        text = clean_text(body) if isinstance(body, str) else body.decode()
        document = _DECODER.decode(text)
    except UnicodeDecodeError:
        raise MalformedPayload("the body is not valid UTF-8") from None
    except RecursionError:
        raise MalformedPayload("the body is nested too deeply") from None
    except ValueError:
        raise MalformedPayload("the body is not valid JSON") from None
    _limit_depth(document)
    # A walk over every value costs more than the parse, so it is made only when an escape asks for it.
    return _clean(document) if "\\u" in text and _SUSPECT.search(text) else document


def clean_text(value: str) -> str:
    """Replace what a text column cannot hold by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", value)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else digits


def _float(digits: str) -> float | None:
    value = float(digits)
    return value if math.isfinite(value) else None


def _constant(_name: str) -> None:
    """NaN, Infinity and -Infinity are not JSON and mean nothing here."""


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_float, parse_constant=_constant)
_CONTAINERS = frozenset({dict, list})


def _limit_depth(document: Any) -> None:
    level = [document] if type(document) in _CONTAINERS else []
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) in _CONTAINERS
        ]
    raise MalformedPayload("the body is nested too deeply")


def _clean(value: Any) -> Any:
    if type(value) is str:
        return _UNSTORABLE.sub("\ufffd", value)
    if type(value) is dict:
        return {_UNSTORABLE.sub("\ufffd", key): _clean(child) for key, child in value.items()}
    if type(value) is list:
        return [_clean(child) for child in value]
    return value

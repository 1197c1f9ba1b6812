"""Take one person out of a stored webhook and leave everybody else in it. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any


def without(body: bytes, names: Collection[str]) -> bytes | None:
    """The body without the list elements that name one of these people; None when nothing useful is left.

    A provider's webhook is lists within lists: the innermost element that names a person (their message, their status,
    their profile) goes as a whole. A body that is no JSON goes as a whole, too.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return None
    names = frozenset(names)
    try:
        kept, is_named = _cut(payload, names)
    except RecursionError:
        return None
    return None if is_named else json.dumps(kept, ensure_ascii=False).encode(errors="replace")


def _cut(value: Any, names: frozenset[str]) -> tuple[Any, bool]:
    """What stays of a value, and whether it names somebody itself, outside the lists in it."""
    if isinstance(value, list):
        cut = [_cut(element, names) for element in value]
        return [kept for kept, is_named in cut if not is_named], False
    if isinstance(value, dict):
        pairs = {key: _cut(element, names) for key, element in value.items()}
        is_named = any(named for _, named in pairs.values()) or any(key in names for key in value)
        return {key: kept for key, (kept, _) in pairs.items()}, is_named
    return value, isinstance(value, (str, int)) and not isinstance(value, bool) and str(value) in names

"""Reading single values of Meta's JSON, where any key may be missing and ids come as text or numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

MILLISECONDS_FROM = 1_000_000_000_000  # a timestamp this large cannot be seconds
_LATEST = 253_402_300_799  # the last second datetime can hold

# Our own check; Meta: two-letter country, a dot, up to 128 alphanumerics, `ENT.` before those of a parent.
USER_ID = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")


def words(value: Any) -> str | None:
    """A non-empty string, or None."""
    return value if type(value) is str and value else None


def ident(value: Any) -> str | None:
    """An id as text: Meta sends template ids as numbers in webhooks and as text elsewhere."""
    if type(value) is str:
        return value or None
    return str(value) if type(value) is int else None


def digits(value: Any) -> str | None:
    """A WhatsApp address as bare digits, whatever its punctuation; None when it is no number."""
    text = ident(value)
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return text
    bare = text.strip().lstrip("+").translate(_PUNCTUATION)
    return bare if bare.isascii() and bare.isdigit() else None


_PUNCTUATION = {ord(character): None for character in " -()\u00a0"}


def user_id(value: Any) -> str | None:
    """A business-scoped user id; anything else that stands in its place is treated as absent."""
    return value if type(value) is str and USER_ID.fullmatch(value) else None


def table(value: Any) -> dict[str, Any]:
    """An object, or an empty one."""
    return value if type(value) is dict else {}


def rows(value: Any) -> list[Any]:
    """A list, or an empty one."""
    return value if type(value) is list else []


def moment(value: Any) -> datetime | None:
    """A Unix time in seconds or milliseconds, as text or number; None when it is neither."""
    if type(value) is str:
        if not (value.isascii() and value.isdigit() and len(value) <= 18):
            return None
        value = int(value)
    if type(value) is not int or value <= 0:
        return None
    if value < MILLISECONDS_FROM:
        return datetime.fromtimestamp(value, UTC) if value <= _LATEST else None
    seconds, milliseconds = divmod(value, 1000)
    if seconds > _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)

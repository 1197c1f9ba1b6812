"""Reading HTTP headers without caring how the caller's client spells their names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 86_400.0  # seconds; a provider that asks for more is asked again after a day


def header(headers: Mapping[str, str], name: str) -> str | None:
    """The value of a header, or None. `name` is given in lower case."""
    found = headers.get(name)
    if found is not None:
        return found
    for key, value in headers.items():
        if key.lower() == name:
            return value
    return None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait according to `Retry-After`, at most a day; None when absent or unreadable.

    The date form is measured against the answer's own `Date`, so no clock is needed here.
    """
    value = header(headers, "retry-after")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        until, now = _date(value), _date(header(headers, "date") or "")
        if until is None or now is None:
            return None
        seconds = (until - now).total_seconds()
    if seconds != seconds:  # NaN
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT)


def _date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)

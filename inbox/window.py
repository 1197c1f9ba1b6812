"""The customer-service window: how long after a customer's message free text may be sent.

Its length is the provider's, see `Capabilities.reply_window`; nothing here knows a number of hours.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

CLOSING_SOON = timedelta(hours=2)

WindowState = Literal["open", "closing", "closed"]


def expires_at(message_at: datetime, length: timedelta | None) -> datetime | None:
    """When the window opened by a message ends; None where the provider knows no window.

    Counted from the message's own time, never from its arrival: a webhook may come days late.
    """
    return None if length is None else message_at + length


def extended(current: datetime | None, message_at: datetime, length: timedelta | None) -> datetime | None:
    """The later of the current end and the one this message gives; older messages never shorten it."""
    new = expires_at(message_at, length)
    if current is None or new is None:
        return new
    return max(current, new)


def state(ends: datetime | None, now: datetime, *, has_window: bool) -> WindowState:
    """What the composer shows. Without an end on a channel with windows, the customer never wrote: closed."""
    if not has_window:
        return "open"
    if ends is None or now >= ends:
        return "closed"
    return "closing" if ends - now <= CLOSING_SOON else "open"

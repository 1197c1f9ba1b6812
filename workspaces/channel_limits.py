"""How much the provider lets a number send: learned from checks and from what it tells by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from providers.registry import adapter

from .models import Channel


def note(channel: Channel, said: Mapping[str, Any], *, address: str | None = None) -> bool:
    """Keep what `said` tells about limits, inside the workspace's scope; True when it tells anything.

    The number of people a day is the account's, so it holds for its other numbers too; the rate is that of one number:
    the channel's, or the one with `address` (digits) when the provider names it.
    """
    found = adapter(channel.kind).limits(said)
    connected = Channel.objects.filter(workspace_id=channel.workspace_id, disconnected_at=None)
    siblings = connected.filter(kind=channel.kind, account_id=channel.account_id)
    if found.per_day is not None:
        (siblings if channel.account_id else connected.filter(pk=channel.pk)).update(daily_limit=found.per_day)
    if found.per_second is not None:
        named = siblings.filter(address=f"+{address}") if address else connected.filter(pk=channel.pk)
        named.update(messages_per_second=found.per_second)
    return found.per_day is not None or found.per_second is not None

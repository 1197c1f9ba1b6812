"""Which channel an event belongs to.

The secret that signed a webhook is the one of the channel named by the URL. What the body names must belong to the
same owner of that secret, or one tenant could sign messages into another's number.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from providers.types import Event
from workspaces.channels import credentials
from workspaces.models import Channel
from workspaces.secrets import SecretUnreadable


class Foreign(Exception):
    """An event names a sender that does not belong to the channel it was delivered to."""


class Router:
    """The channels of one workspace, loaded once per batch."""

    def __init__(self, workspace_id: int) -> None:
        self._channels = {channel.pk: channel for channel in Channel.objects.filter(workspace_id=workspace_id)}

    def channel(self, channel_id: int) -> Channel:
        """The channel the hook URL named. Raises KeyError for one of another workspace."""
        return self._channels[channel_id]

    def channel_for(self, home: Channel, event: Event) -> Channel:
        """The channel an event is for: the one of the URL, or a sibling that shares its app secret.

        One provider app may serve several numbers through one URL. Raises Foreign otherwise.
        """
        if event.channel_ref is not None:
            if event.channel_ref == home.external_id:
                return home
            return self._sibling(home, lambda channel: channel.external_id == event.channel_ref, event.channel_ref)
        if event.account_ref and home.account_id and event.account_ref != home.account_id:
            return self._sibling(home, lambda channel: channel.account_id == event.account_ref, event.account_ref)
        return home

    def _sibling(self, home: Channel, fits: Callable[[Channel], bool], named: str) -> Channel:
        secret = credentials(home).app_secret
        for channel in self._channels.values():
            is_candidate = channel.kind == home.kind and channel.disconnected_at is None and fits(channel)
            if is_candidate and _shares(channel, secret):
                return channel
        raise Foreign(f"Names the sender {named}, which does not belong to the channel “{home.name}”.")


def _shares(channel: Channel, secret: str) -> bool:
    """Whether the channel's app secret is this one; one that cannot be read is nobody's."""
    try:
        return hmac.compare_digest(credentials(channel).app_secret.encode(), secret.encode())
    except SecretUnreadable:
        return False

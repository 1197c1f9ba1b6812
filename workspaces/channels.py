"""Connect a provider's sender to a workspace, look after it, let it go."""

from __future__ import annotations

import secrets as random_secrets
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from providers.types import Credentials

from . import auditing, secrets
from .models import Channel, Member, Workspace


class ChannelRefused(Exception):
    """A channel cannot be connected or changed like this; `field` names the form field, the text says why."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


TAKEN = "This number is already connected. Disconnect it there first, or check the phone number ID."
NAME_TAKEN = "Another channel of this workspace, perhaps a disconnected one, already has this name."


def credentials(channel: Channel) -> Credentials:
    """What the adapter needs to talk to the provider. Raises secrets.SecretUnreadable."""
    kept = secrets.unseal(bytes(channel.credentials), place=_place(channel))
    return Credentials(
        base_url=channel.base_url,
        external_id=channel.external_id,
        account_id=channel.account_id,
        token=kept.get("token", ""),
        app_secret=kept.get("app_secret", ""),
        verify_token=kept.get("verify_token", ""),
    )


def hook_url(channel: Channel) -> str:
    """Where the provider must send its webhooks."""
    return f"{settings.BASE_URL}/hooks/{channel.hook_token}/"


def seal(channel: Channel, *, token: str, app_secret: str, verify_token: str) -> None:
    """Put the secrets into the row's encrypted field. Does not save."""
    kept = {"token": token, "app_secret": app_secret, "verify_token": verify_token}
    channel.credentials = secrets.seal(kept, place=_place(channel))


def _place(channel: Channel) -> str:
    return f"channel:credentials:{channel.workspace_id}:{channel.uuid}"


@transaction.atomic
def connect(
    workspace: Workspace,
    *,
    kind: str,
    name: str,
    external_id: str,
    account_id: str,
    token: str,
    app_secret: str,
    base_url: str,
    by: Member,
) -> Channel:
    """Add a channel, or take up a disconnected one of the same sender again so that its conversations continue.

    It stays "connecting" until a check succeeds. Raises ChannelRefused when the name or the sender is taken.
    """
    if base_url not in settings.PROVIDER_BASE_URLS:
        raise ChannelRefused("base_url", "This installation does not allow that address.")
    channel = (
        Channel.objects.select_for_update()
        .filter(workspace=workspace, kind=kind, external_id=external_id)
        .exclude(disconnected_at=None)
        .order_by("-disconnected_at")
        .first()
    ) or Channel(workspace=workspace, kind=kind, external_id=external_id)
    channel.name, channel.account_id, channel.base_url = name, account_id, base_url
    channel.status, channel.disconnected_at, channel.problem = Channel.Status.CONNECTING, None, ""
    channel.sending_paused, channel.hook_token = False, random_secrets.token_urlsafe(32)
    seal(channel, token=token, app_secret=app_secret, verify_token=random_secrets.token_urlsafe(24))
    _save(channel)
    auditing.record(by, "channel.connected", name, after={"kind": kind, "external_id": external_id})
    return channel


@transaction.atomic
def rename(channel: Channel, *, name: str, by: Member) -> Channel:
    """Give the channel another name. Raises ChannelRefused when the workspace has that name already."""
    before, channel.name = channel.name, name
    _save(channel, "name")
    auditing.record(by, "channel.renamed", name, before={"name": before}, after={"name": name})
    return channel


@transaction.atomic
def rotate_secret(channel: Channel, *, token: str = "", app_secret: str = "", by: Member) -> Channel:
    """Replace the access token, the app secret or both; an empty one stays as it is."""
    kept = credentials(channel)
    seal(
        channel,
        token=token or kept.token,
        app_secret=app_secret or kept.app_secret,
        verify_token=kept.verify_token,
    )
    channel.save(update_fields=["credentials"])
    replaced = [label for label, value in (("access token", token), ("app secret", app_secret)) if value]
    auditing.record(by, "channel.secret_replaced", channel.name, after={"replaced": replaced})
    return channel


@transaction.atomic
def pause_sending(channel: Channel, *, by: Member) -> Channel:
    """Hold every outgoing message of the channel until `resume_sending`; customers can still write."""
    return _switch_sending(channel, paused=True, action="channel.sending_paused", by=by)


@transaction.atomic
def resume_sending(channel: Channel, *, by: Member) -> Channel:
    """Let held messages go out again."""
    return _switch_sending(channel, paused=False, action="channel.sending_resumed", by=by)


def _switch_sending(channel: Channel, *, paused: bool, action: str, by: Member) -> Channel:
    if channel.sending_paused != paused:
        channel.sending_paused = paused
        channel.save(update_fields=["sending_paused"])
        auditing.record(by, action, channel.name)
    return channel


@transaction.atomic
def disconnect(channel: Channel, *, by: Member) -> Channel:
    """Stop sending and receiving, and forget the secrets. Conversations stay; the number becomes free to connect."""
    channel.status, channel.disconnected_at = Channel.Status.CLOSED, timezone.now()
    channel.hook_token = random_secrets.token_urlsafe(32)
    seal(channel, token="", app_secret="", verify_token="")
    channel.save(update_fields=["status", "disconnected_at", "hook_token", "credentials"])
    auditing.record(by, "channel.disconnected", channel.name, before={"external_id": channel.external_id})
    return channel


def _save(channel: Channel, *fields: Any) -> None:
    try:
        with transaction.atomic():
            channel.save(update_fields=fields or None)
    except IntegrityError as error:
        if "channel_external_id_once" in str(error):
            raise ChannelRefused("external_id", TAKEN) from error
        if "channel_name_once_per_workspace" in str(error):
            raise ChannelRefused("name", NAME_TAKEN) from error
        raise

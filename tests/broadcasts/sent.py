"""Broadcasts that have happened, as rows: whom they went to and what became of each message."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from broadcasts.models import Broadcast, Recipient
from inbox.models import Message
from tests.factories import make_channel, make_contact, make_conversation, make_identity, make_message, make_workspace
from workspaces import tenancy
from workspaces.models import Channel, Workspace

# What a status leaves in a row.
STAMPS = {
    "pending": (),
    "sent": ("sent_at", "answered_at"),
    "delivered": ("sent_at", "answered_at", "delivered_at"),
    "read": ("sent_at", "answered_at", "delivered_at", "read_at"),
    "failed": ("failed_at",),
    "skipped": (),
    "cancelled": (),
}


def make_broadcast(workspace: Workspace | None = None, **fields: Any) -> Broadcast:
    """One that was started an hour ago and is finished."""
    workspace = workspace or make_workspace()
    began = timezone.now() - timedelta(hours=1)
    defaults = {"name": "Autumn menu", "status": "finished", "started_at": began, "finished_at": began, "text": "Hi"}
    channel = fields.pop("channel", None) or make_channel(workspace)
    with tenancy.scope(workspace.pk):
        return Broadcast.objects.create(workspace=workspace, channel=channel, **{**defaults, **fields})


def make_recipient(
    broadcast: Broadcast,
    status: str = "",
    *,
    at: datetime | None = None,
    message: dict[str, Any] | None = None,
    name: str = "Nora",
    **fields: Any,
) -> Recipient:
    """One person. With a status of a message they have one; without it `state` says why not."""  # fmt: skip
    workspace = broadcast.workspace
    identity = make_identity(make_contact(workspace, name=name))
    sent = None
    if status:
        sent = make_sent(broadcast.channel, identity, status, at=at or broadcast.started_at, **(message or {}))
    defaults = {"state": "queued" if status else "waiting", "country": "GB"}
    with tenancy.scope(workspace.pk):
        return Recipient.objects.create(
            workspace=workspace, broadcast=broadcast, contact=identity.contact, identity=identity, message=sent,
            **{**defaults, **fields},
        )  # fmt: skip


def make_sent(channel: Channel | None, identity: Any, status: str, *, at: datetime | None, **fields: Any) -> Message:
    assert channel is not None
    at = at or timezone.now()
    conversation = make_conversation(channel=channel, identity=identity, last_message_at=at)
    given: dict[str, Any] = dict.fromkeys(STAMPS[status], at)
    if "sent_at" not in given:
        given["provider_id"] = None
    given |= {"status": status, "send_state": "queued" if status == "pending" else "done", "source": "broadcast"}
    return make_message(conversation, text="Hi", direction="out", occurred_at=at, **{**given, **fields})

"""Whom a broadcast reached, in the words that audiences and segments use: all, read, not read, replied, failed.

The words mean what the report's figures mean, see tallying.GROUPS: a new draft for "those who did not reply" goes to as
many people as the report counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from inbox.models import Message

from .models import Broadcast, Recipient

Status = Message.Status
READ = (Status.READ, Status.PLAYED)
DELIVERED = (Status.DELIVERED, *READ)
NOT_GOT = (Status.FAILED, Status.SKIPPED, Status.CANCELLED)

# Word -> (how it is told, which recipients).
WHO = {
    "all": (
        "everybody who got it or still will",
        Q(state__in=(Recipient.State.WAITING, Recipient.State.QUEUED)) & ~Q(message__status__in=NOT_GOT),
    ),
    "read": ("who read it", Q(message__status__in=READ)),
    "not_read": ("who got it and did not read it", Q(message__status=Status.DELIVERED)),
    "replied": ("who replied", Q(replied_at__isnull=False)),
    "not_replied": ("who got it and did not reply", Q(message__status__in=DELIVERED, replied_at=None)),
    "failed": ("whom it could not be sent to", Q(message__status=Status.FAILED)),
}


def reached(workspace_id: int, broadcast: Broadcast, who: str) -> Exists:
    """A condition on contacts: they are among those of the broadcast, or of the whole series, that `who` means."""
    occurrences = Broadcast.objects.filter(series=broadcast, workspace_id=workspace_id).values_list("pk", flat=True)
    return _among(workspace_id, [broadcast.pk, *occurrences], who)


def of_uuid(workspace_id: int, uuid: str, who: str) -> Exists:
    """The same for a broadcast by its public name; nobody when there is none. Called by name from contacts.segments."""
    broadcast = Broadcast.objects.filter(workspace_id=workspace_id, uuid=UUID(uuid)).first()
    return reached(workspace_id, broadcast, who) if broadcast else _among(workspace_id, [], who)


def _among(workspace_id: int, broadcast_ids: Sequence[int], who: str) -> Exists:
    people = Recipient.objects.filter(
        WHO[who][1], workspace_id=workspace_id, broadcast_id__in=broadcast_ids, contact=OuterRef("pk")
    )
    return Exists(people)


def names(workspace_id: int) -> dict[str, str]:
    """Public name → name and day of each broadcast that was started, newest first. Called by name from
    contacts.segments."""
    sent = Broadcast.objects.filter(workspace_id=workspace_id, deleted_at=None, started_at__isnull=False)
    found = sent.order_by("-started_at", "-pk").values_list("uuid", "name", "started_at")
    return {str(uuid): f"{name} ({started:%d %b %Y})" for uuid, name, started in found}

"""A broadcast until it starts: drafted, saved step by step, launched, taken back. What follows is in steering."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from workspaces import auditing
from workspaces.models import Channel, Member, Workspace
from workspaces.models.tenant import uuid7

from . import estimating, scheduling
from .audience import BadAudience, Breakdown, breakdown
from .checking import Problem, problems, purpose_of
from .models import Broadcast
from .steering import Refused, cancel, pause, pause_itself, resume, tell

__all__ = [
    "Problem",
    "Refused",
    "Stale",
    "cancel",
    "create",
    "delete_draft",
    "duplicate",
    "launch",
    "pause",
    "pause_itself",
    "problems",
    "restore_draft",
    "resume",
    "save",
    "withdraw",
]

Status = Broadcast.Status

# What a draft is made of: what `save` takes, and what a copy gets.
CONTENT = ("channel", "translation", "text", "variables", "purpose", "audience", "recent_hours")
PACE = ("quiet_from", "quiet_until", "pace", "failure_limit")
SCHEDULE = ("timing", "local_date", "local_time", "time_zone", "repeat", "repeat_until")
FIELDS = frozenset({"name", *CONTENT, *SCHEDULE, *PACE})


class Stale(Exception):
    """Somebody else saved this draft meanwhile, or it is none any more; load it again."""


@transaction.atomic
def create(workspace: Workspace, *, name: str, by: Member) -> Broadcast:
    """An empty draft, with the number that suggests itself when there is only one."""
    channels = list(Channel.objects.filter(workspace=workspace, disconnected_at=None)[:2])
    broadcast = Broadcast.objects.create(
        workspace=workspace,
        name=_name(name),
        channel=channels[0] if len(channels) == 1 else None,
        created_by=by,
    )
    auditing.record(by, "broadcast.created", f"broadcast {broadcast.uuid}", after={"name": broadcast.name})
    tell(broadcast)
    return broadcast


@transaction.atomic
def save(broadcast: Broadcast, *, revision: int, by: Member, **fields: Any) -> Broadcast:
    """Change fields of a draft; `revision` is the one that was shown to whoever changed them.

    Raises Stale when it is not the newest any more or the draft was launched, TypeError for a field that is none of
    a draft's. A marketing template makes the purpose marketing.
    """
    if unknown := fields.keys() - FIELDS:
        raise TypeError(f"a draft has no {', '.join(sorted(unknown))}")
    broadcast = _locked(broadcast)
    if broadcast.status != Status.DRAFT or broadcast.deleted_at is not None:
        raise Stale("This broadcast is no longer a draft.")
    if broadcast.revision != revision:
        raise Stale("Somebody saved this draft in another window.")
    if "name" in fields:
        fields["name"] = _name(fields["name"])
    for field, value in fields.items():
        setattr(broadcast, field, value)
    broadcast.purpose = purpose_of(broadcast)
    broadcast.revision += 1
    broadcast.save()
    tell(broadcast)
    return broadcast


def launch(broadcast: Broadcast, *, key: UUID, by: Member, now: datetime | None = None) -> Broadcast:
    """Hand a draft to the schedule; what was launched before, with this key or by somebody else, comes back as it is.

    Raises Refused with the code of the first of its `problems`, `over` for one that was sent already or thrown away,
    or `stale`: after a withdrawal only the draft's own new `launch_key` counts, so that a repeated request from before
    cannot launch it behind people's backs.
    """
    with transaction.atomic():
        broadcast = _locked(broadcast)
        known = Broadcast.objects.filter(workspace_id=broadcast.workspace_id, launch_key=key)
        if other := known.exclude(pk=broadcast.pk).first():
            return other
        if broadcast.status in (Status.SCHEDULED, *Broadcast.LIVE):
            return broadcast
        if broadcast.status != Status.DRAFT:
            if broadcast.launch_key == key:
                return broadcast
            raise Refused("over", "This broadcast is over. Make a copy of it to send it again.")
        if broadcast.deleted_at is not None:
            raise Refused("over", "This draft was thrown away.")
        if broadcast.launched_at is not None and broadcast.launch_key != key:
            raise Refused("stale", "This broadcast was taken back. Load the page again and look through it once more.")
        return _launched(broadcast, key, by, now or timezone.now())


def _launched(broadcast: Broadcast, key: UUID, by: Member, now: datetime) -> Broadcast:
    counted = _counted(broadcast, now)
    for problem in problems(broadcast, now=now, counted=counted):
        raise Refused(problem.code, problem.text)
    broadcast.status, broadcast.launch_key = Status.SCHEDULED, key
    broadcast.launched_by, broadcast.launched_at = by, now
    broadcast.next_fire_at = scheduling.first_fire(broadcast, now)
    if counted is not None:
        broadcast.audience_count = counted.will_receive
        broadcast.expected_credits = _cost(broadcast, counted)
    broadcast.save()
    auditing.record(
        by,
        "broadcast.launched",
        f"broadcast {broadcast.uuid}",
        after={"name": broadcast.name, "people": broadcast.audience_count, "credits": broadcast.expected_credits},
    )
    tell(broadcast)
    return broadcast


def _counted(broadcast: Broadcast, now: datetime) -> Breakdown | None:
    """Who would receive it; None where `problems` says why that cannot be known."""
    try:
        return breakdown(broadcast, patient=True, now=now) if broadcast.audience.get("include") else None
    except BadAudience:
        return None


def _cost(broadcast: Broadcast, counted: Breakdown) -> int:
    return estimating.estimate(broadcast, counted.by_country, counted.will_receive, at=broadcast.next_fire_at).total


@transaction.atomic
def withdraw(broadcast: Broadcast, *, by: Member) -> Broadcast:
    """Make a launched broadcast that has not started a draft again. Raises Refused once it has."""
    broadcast = _locked(broadcast)
    if broadcast.status == Status.DRAFT:
        return broadcast
    if broadcast.status != Status.SCHEDULED:
        raise Refused("started", "It has started already. You can pause or cancel it.")
    broadcast.status, broadcast.next_fire_at = Status.DRAFT, None
    broadcast.launch_key = uuid7()
    broadcast.expected_credits, broadcast.audience_count = None, 0
    broadcast.revision += 1
    broadcast.save()
    auditing.record(by, "broadcast.withdrawn", f"broadcast {broadcast.uuid}")
    tell(broadcast)
    return broadcast


@transaction.atomic
def delete_draft(broadcast: Broadcast, *, by: Member) -> Broadcast:
    """Throw a draft away; `restore_draft` brings it back. Raises Refused for anything but a draft."""
    broadcast = _locked(broadcast)
    if broadcast.status != Status.DRAFT:
        raise Refused("not_draft", "Only a draft can be deleted.")
    if broadcast.deleted_at is None:
        broadcast.deleted_at = timezone.now()
        broadcast.save(update_fields=["deleted_at", "updated_at"])
        auditing.record(by, "broadcast.deleted", f"broadcast {broadcast.uuid}", before={"name": broadcast.name})
        tell(broadcast)
    return broadcast


@transaction.atomic
def restore_draft(broadcast: Broadcast, *, by: Member) -> Broadcast:
    """Bring back a draft that was thrown away."""
    broadcast = _locked(broadcast)
    if broadcast.deleted_at is not None:
        broadcast.deleted_at = None
        broadcast.save(update_fields=["deleted_at", "updated_at"])
        auditing.record(by, "broadcast.created", f"broadcast {broadcast.uuid}", after={"name": broadcast.name})
        tell(broadcast)
    return broadcast


@transaction.atomic
def duplicate(broadcast: Broadcast, *, by: Member, name: str = "", audience: dict[str, Any] | None = None) -> Broadcast:
    """A new draft with the same message and pace, for the same people or for `audience`; when is left open."""
    copied = {field: getattr(broadcast, field) for field in (*CONTENT, *PACE)}
    if audience is not None:
        copied["audience"] = audience
    copy = Broadcast.objects.create(
        workspace_id=broadcast.workspace_id,
        name=_name(name or f"Copy of {broadcast.name}"),
        created_by=by,
        **copied,
    )
    auditing.record(
        by, "broadcast.created", f"broadcast {copy.uuid}", after={"name": copy.name, "from": str(broadcast.uuid)}
    )
    tell(copy)
    return copy


def _name(name: str) -> str:
    return " ".join(name.replace("\x00", "").split())[:120] or "Untitled broadcast"


def _locked(broadcast: Broadcast) -> Broadcast:
    return (
        Broadcast.objects.select_for_update(of=("self",))
        .select_related("workspace", "channel", "translation__template")
        .get(workspace_id=broadcast.workspace_id, pk=broadcast.pk)
    )

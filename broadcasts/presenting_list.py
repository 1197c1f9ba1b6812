"""What the list of broadcasts shows of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from templates_mgmt.models import MessageTemplate, TemplateTranslation
from workspaces.models import Channel, Workspace
from workspaces.presenting_times import Calendar

from . import presenting_schedule, tallying
from .models import Broadcast

Status = Broadcast.Status
# Status → tone and icon of its chip.
LOOKS = {
    Status.DRAFT: ("", "pencil-square"),
    Status.SCHEDULED: ("info", "clock"),
    Status.PREPARING: ("info", "users"),
    Status.RUNNING: ("info", "paper-airplane"),
    Status.PAUSED: ("warn", "pause"),
    Status.FINISHED: ("ok", "check-circle"),
    Status.CANCELLED: ("", "no-symbol"),
    Status.MISSED: ("bad", "exclamation-triangle"),
}
# Why it paused, in two words; the page of the broadcast says the rest.
PAUSES = {
    "audience": "audience not usable",
    "credits": "credits used up",
    "template": "template not usable",
    "channel": "number not usable",
    "failures": "too many failures",
    "limit": "daily limit reached",
    "cap": "spend cap reached",
}


def chip(broadcast: Broadcast) -> dict[str, str]:
    """The status as a chip: tone, icon and word."""
    tone, icon = LOOKS[Status(broadcast.status)]
    word = "Repeats" if is_series(broadcast) else Status(broadcast.status).label
    return {"tone": tone, "icon": "arrow-path" if is_series(broadcast) else icon, "word": word}


def is_series(broadcast: Broadcast) -> bool:
    """Whether it stands for a schedule that comes round, and never is sent itself."""
    return broadcast.status == Status.SCHEDULED and broadcast.repeat != Broadcast.Repeat.NEVER


def rows(broadcasts: Iterable[Broadcast], workspace: Workspace, calendar: Calendar) -> list[dict[str, Any]]:
    """One line per broadcast."""
    several = Channel.objects.filter(workspace_id=workspace.pk, disconnected_at=None).count() > 1
    return [_row(broadcast, workspace, calendar, names_channel=several) for broadcast in broadcasts]


def _row(broadcast: Broadcast, workspace: Workspace, calendar: Calendar, *, names_channel: bool) -> dict[str, Any]:
    label, at = _when(broadcast)
    zone = broadcast.time_zone or workspace.time_zone
    waits = broadcast.status == Status.SCHEDULED
    return {
        "uuid": broadcast.uuid,
        "name": broadcast.name,
        "href": f"{reverse('broadcasts:list', args=[workspace.slug])}{broadcast.uuid}/",
        "message": _message(broadcast),
        "channel": broadcast.channel.name if broadcast.channel and names_channel else "",
        "chip": chip(broadcast),
        "pause": PAUSES.get(broadcast.pause_reason, "") if broadcast.status == Status.PAUSED else "",
        "when": {"label": label, **(presenting_schedule.moment(at, calendar) or {})},
        "rhythm": presenting_schedule.rhythm(broadcast) if waits else "",
        "note": presenting_schedule.clock_note(broadcast, zone, at, calendar) if waits else "",
        "series": _series(broadcast, workspace),
        **_outcome(broadcast),
    }


def _when(broadcast: Broadcast) -> tuple[str, Any]:
    """The moment that matters in this status, and what it is."""
    if broadcast.status == Status.DRAFT:
        return "Edited", broadcast.updated_at
    if broadcast.status == Status.SCHEDULED:
        return "Next" if is_series(broadcast) else "Starts", broadcast.next_fire_at
    if broadcast.status == Status.MISSED:
        return "Was due", broadcast.next_fire_at
    if broadcast.status == Status.CANCELLED:
        return "Cancelled", broadcast.finished_at or broadcast.updated_at
    return "Sent" if broadcast.status == Status.FINISHED else "Began", broadcast.started_at or broadcast.launched_at


def _message(broadcast: Broadcast) -> str:
    if broadcast.translation is not None:
        return f"{broadcast.translation.template.name} · {broadcast.translation.language}"
    return broadcast.text[:80]


def _series(broadcast: Broadcast, workspace: Workspace) -> dict[str, str] | None:
    """Of what schedule it came."""
    if broadcast.series is None:
        return None
    href = f"{reverse('broadcasts:list', args=[workspace.slug])}{broadcast.series.uuid}/"
    return {"name": broadcast.series.name, "href": href}


def _outcome(broadcast: Broadcast) -> dict[str, Any]:
    """How many people it was for and, as last counted, what became of it with those who were written to so far."""
    if broadcast.status in (Status.DRAFT, Status.SCHEDULED, Status.MISSED) or not broadcast.audience_count:
        return {"people": None, "shares": [], "done": None}
    figures = tallying.Figures.read(broadcast.tally)
    shares = [
        (share, word)
        for word in ("delivered", "read", "replied", "failed")
        if (share := figures.share(word, of="queued"))
    ]
    return {
        "people": broadcast.audience_count,
        "shares": [(_per_cent(share), word) for share, word in shares],
        "done": min(figures.settled, broadcast.audience_count) if broadcast.is_live else None,
    }


def _per_cent(share: float) -> str:
    """A share as a person says it: "97 %", "under 1 %"; 100 only when nobody is missing."""
    if 0 < share < 0.01:
        return "under 1 %"
    return "99 %" if 0.99 < share < 1 else f"{round(100 * share)} %"


def first_steps(workspace: Workspace) -> str:
    """What a workspace without broadcasts lacks before it can have one: "channel", "template" or nothing."""
    if not Channel.objects.filter(workspace_id=workspace.pk, disconnected_at=None).exists():
        return "channel"
    approved = TemplateTranslation.objects.filter(
        workspace_id=workspace.pk,
        status=TemplateTranslation.Status.APPROVED,
        template__kind=MessageTemplate.Kind.PROVIDER,
        template__deleted_at=None,
    )
    return "" if approved.exists() else "template"

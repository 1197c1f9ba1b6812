"""Say that a broadcast was not sent because its time had passed."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from workspaces import tenancy
from workspaces.models import Member, Role, Workspace

from . import presenting_schedule
from .models import Broadcast

log = structlog.get_logger(__name__)


def in_words(broadcast: Broadcast, zone: str, late_by: timedelta) -> str:
    """Why it was not sent, and what to do."""
    due = broadcast.next_fire_at
    local = due.astimezone(ZoneInfo(zone)) if due else None
    when = f" at {local:%H:%M} on {local.day} {local:%B %Y}, {presenting_schedule.place(zone)} time," if local else ""
    return (
        f"It was to start{when} but nothing could be sent then. That was noticed {presenting_schedule.ago(late_by)} "
        "later, too late to write to people about it. Nobody got it and nothing was charged. "
        "Make a copy of it to send it at another time."
    )


def tell(workspace_id: int, missed: Sequence[Broadcast]) -> None:
    """Mail those who launched them, or the owners where they have left. The pages say it as well, so mail may fail."""
    with tenancy.scope(workspace_id):
        workspace = Workspace.objects.get(pk=workspace_id)
        letters: dict[tuple[str, ...], list[Broadcast]] = {}
        for broadcast in missed:
            letters.setdefault(_addresses(broadcast), []).append(broadcast)
    for addresses, broadcasts in letters.items():
        _mail(workspace, addresses, broadcasts)


def _addresses(broadcast: Broadcast) -> tuple[str, ...]:
    active = Member.objects.filter(workspace_id=broadcast.workspace_id, removed_at=None)
    launcher = active.filter(pk=broadcast.launched_by_id or 0)
    people = launcher if launcher.exists() else active.filter(role=Role.OWNER)
    return tuple(sorted(people.values_list("user__email", flat=True)))


def _mail(workspace: Workspace, addresses: tuple[str, ...], broadcasts: list[Broadcast]) -> None:
    base = settings.BASE_URL + reverse("broadcasts:list", args=[workspace.slug])
    rows = [(broadcast.name, broadcast.pause_text, f"{base}{broadcast.uuid}/") for broadcast in broadcasts]
    first = broadcasts[0].name.replace("\n", " ")
    subject = f"Not sent: {first}" if len(rows) == 1 else f"Not sent: {first} and {len(rows) - 1} more"
    text = render_to_string("broadcasts/email/missed.txt", {"workspace": workspace, "rows": rows})
    for address in addresses:
        try:
            send_mail(subject, text, None, [address])
        except (smtplib.SMTPException, OSError) as error:
            log.warning("mail about a missed broadcast failed", workspace=workspace.pk, error=type(error).__name__)

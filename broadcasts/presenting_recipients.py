"""The recipients of a broadcast as rows of a table and of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.urls import reverse

from workspaces.models import Channel, Workspace
from workspaces.places import countries
from workspaces.presenting_times import Calendar

from . import failure_causes
from .models import Broadcast
from .recipients_table import EVERYBODY, Filter, Row
from .tallying import CAUSED, LABELS, STAGES, Figures

# Stage → tone and icon of its chip.
LOOKS = {
    "waiting": ("", "clock"),
    "queued": ("", "clock"),
    "sent": ("", "tick"),
    "delivered": ("ok", "double-tick"),
    "read": ("info", "double-tick"),
    "failed": ("bad", "exclamation-triangle"),
    "skipped": ("warn", "minus"),
    "cancelled": ("", "no-symbol"),
    "left_out": ("warn", "user-minus"),
}
WORDS = {**STAGES, "sent": "Accepted", "delivered": "Delivered", "waiting": "Waiting"}
CHOICES = {"audience": "Everybody in the audience", EVERYBODY: "Everybody, the left out too"} | {
    group: label for group, label in LABELS.items() if group != "audience"
}
TITLES = (
    "Name", "Number", "Country", "Status", "Reason", "Code", "Queued", "Accepted", "Delivered", "Read", "Replied",
    "Button tapped", "Button", "Opted out", "Failed", "Credits", "Carillon ID",
)  # fmt: skip


def rows(found: Iterable[Row], broadcast: Broadcast, workspace: Workspace, calendar: Calendar) -> list[dict[str, Any]]:
    """One line a person."""
    return [_row(row, broadcast, workspace, calendar) for row in found]


def _row(row: Row, broadcast: Broadcast, workspace: Workspace, calendar: Calendar) -> dict[str, Any]:
    tone, icon = LOOKS[row.stage]
    why = _why(row, broadcast)
    steps = {
        "Accepted": row.accepted_at,
        "Delivered": row.delivered_at,
        "Read": row.read_at,
        "Replied": row.replied_at,
        "Tapped": row.tapped_at,
        "Opted out": row.opted_out_at,
        "Failed": row.failed_at,
    }
    return {
        "id": row.id,
        "name": row.name or row.address or "Unnamed contact",
        "address": row.address if row.name else "",
        "href": reverse("contacts:record", args=[workspace.slug, row.contact]),
        "talk": reverse("inbox:conversation", args=[workspace.slug, "all", row.conversation])
        if row.conversation
        else "",
        "chip": {"tone": tone, "icon": icon, "word": WORDS[row.stage]},
        "steps": [
            {"word": word, "iso": at.isoformat(), "short": _short(at, calendar), "long": calendar.long(at)}
            for word, at in steps.items()
            if at is not None
        ],
        "tapped": row.tapped,
        "why": why,
        "credits": row.credits if row.message_id else None,
    }


def _short(at: datetime, calendar: Calendar) -> str:
    """09:41 today, else 12 Nov, 09:41."""
    local, today = calendar.local(at), calendar.local(calendar.now).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local.day} {local:%b}, {local:%H:%M}"


def _why(row: Row, broadcast: Broadcast) -> failure_causes.Cause | None:
    if row.stage not in CAUSED:
        return None
    kind = broadcast.channel.kind if broadcast.channel else Channel.Kind.WHATSAPP_CLOUD
    return failure_causes.in_words(row.stage, row.cause, kind)


def causes(chosen: Filter, figures: Figures, broadcast: Broadcast) -> list[tuple[str, str]]:
    """What the filter of causes offers for the stage that is shown."""
    if chosen.who not in CAUSED:
        return []
    kind = broadcast.channel.kind if broadcast.channel else Channel.Kind.WHATSAPP_CLOUD
    found = figures.causes.get(chosen.who, {})
    ordered = sorted(found, key=lambda code: -found[code])
    return [(code or "-", failure_causes.in_words(chosen.who, code, kind).text) for code in ordered]


def all_countries(figures: Figures) -> list[tuple[str, str]]:
    """The countries there are, by name."""
    named = dict(countries())
    return sorted(((code or "-", named.get(code, code) or "Unknown") for code in figures.countries), key=lambda c: c[1])


def lines(found: Iterable[Row], broadcast: Broadcast) -> Iterator[Sequence[str]]:
    """The file: titles, then one line a person. Times in UTC, as machines write them."""
    yield TITLES
    for row in found:
        why = _why(row, broadcast)
        times = (row.queued_at, row.accepted_at, row.delivered_at, row.read_at, row.replied_at, row.tapped_at)
        yield [
            row.name,
            row.address,
            row.country,
            STAGES[row.stage],
            why.text if why else "",
            row.cause if why else "",
            *map(_written, times),
            row.tapped,
            _written(row.opted_out_at),
            _written(row.failed_at),
            str(row.credits) if row.message_id else "",
            str(row.contact),
        ]


def _written(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else ""

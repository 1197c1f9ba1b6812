"""Two broadcasts side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .charts import percent
from .costing import Cost
from .models import Broadcast
from .presenting_report import head
from .tallying import LABELS, SHARE_OF, Figures

ROWS = ("audience", "accepted", "delivered", "read", "replied", "tapped", "failed", "skipped", "opted_out", "left_out")
BETTER_LOW = frozenset({"failed", "skipped", "opted_out"})
TELLING = 0.005  # a difference of less than half a per cent says nothing

Side = tuple[Broadcast, Figures, Cost]


def choices(others: Iterable[Broadcast], calendar: Calendar) -> list[tuple[str, str]]:
    """What it can be compared with."""
    return [
        (str(each.uuid), f"{each.name}, {calendar.long(each.started_at) if each.started_at else ''}") for each in others
    ]


def sides(both: Sequence[Side], workspace: Workspace, calendar: Calendar) -> dict[str, Any]:
    """The heads, and one row per figure with both counts, both shares and the difference in points."""
    rows = [_row(group, *(figures for _, figures, _ in both)) for group in ROWS]
    return {
        "heads": [head(broadcast, workspace, calendar) for broadcast, _, _ in both],
        "rows": [row for row in rows if any(cell["count"] for cell in row["cells"])],
        "credits": [spent.net for _, _, spent in both],
        "each": [_each(figures, spent) for _, figures, spent in both],
    }


def _row(group: str, one: Figures, other: Figures) -> dict[str, Any]:
    whole = SHARE_OF.get(group, "")
    shares = [figures.share(group) if whole else None for figures in (one, other)]
    return {
        "label": LABELS[group],
        "of": LABELS[whole].lower() if whole else "",
        "cells": [
            {"count": figures[group], "share": percent(share), "width": f"{(share or 0) * 100:.2f}%"}
            for figures, share in zip((one, other), shares, strict=True)
        ],
        **_difference(group, *shares),
    }


def _difference(group: str, one: float | None, other: float | None) -> dict[str, str]:
    if one is None or other is None:
        return {"difference": "", "tone": ""}
    points = (one - other) * 100
    if abs(one - other) < TELLING:
        return {"difference": "the same", "tone": ""}
    better = (points < 0) == (group in BETTER_LOW)
    sign = "+" if points > 0 else "−"
    return {"difference": f"{sign}{abs(points):.1f} points", "tone": "ok" if better else "bad"}


def _each(figures: Figures, spent: Cost) -> str:
    """Credits per reply, the plainest price of an answer."""
    return f"{spent.net / figures['replied']:.1f}" if figures["replied"] and spent.net else ""

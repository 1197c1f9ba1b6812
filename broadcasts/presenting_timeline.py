"""The report's charts over time, with the figures behind them as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from workspaces.presenting_times import Calendar

from . import charts
from .over_time import ANSWERS, LABELS, SPANS, STEPS, Series
from .tallying import LABELS as NAMES

MARKS = 5  # times written below a chart
COLUMNS = [NAMES[step] for step in (*STEPS, *ANSWERS)]


def timeline(series: Series | None, calendar: Calendar, base: str) -> dict[str, Any]:
    """Two charts over the same stretches: how far messages had come, and what people did."""
    if series is None:
        return {"timeline": None}
    reached = {step: series.cumulated(step) for step in STEPS}
    done = {step: series.counts[step] for step in ANSWERS if any(series.counts[step])}
    most = charts.ticks(max((counts[-1] for counts in reached.values() if counts), default=0))
    busiest = charts.ticks(max((max(counts) for counts in done.values()), default=0))
    return {
        "timeline": {
            "spans": [(f"{base}?span={name}", LABELS[name], name == series.span) for name in SPANS],
            "span": series.span,
            "lines": charts.lines(reached, most[-1]),
            "bars": charts.beside(done, busiest[-1]) if done else [],
            "steps": [(step, NAMES[step], counts[-1] if counts else 0) for step, counts in reached.items()],
            "answers": [(step, NAMES[step], sum(counts)) for step, counts in done.items()],
            "most": list(reversed(most)),
            "busiest": list(reversed(busiest)),
            "marks": _marks(series, calendar),
            "columns": COLUMNS,
            "rows": _rows(series, calendar),
            "stretch": _stretch(series),
        }
    }


def _marks(series: Series, calendar: Calendar) -> list[str]:
    return [_at(series, series.start + series.length * part / (MARKS - 1), calendar) for part in range(MARKS)]


def _at(series: Series, at: datetime, calendar: Calendar) -> str:
    local = calendar.local(at)
    if series.span in ("hour", "day"):
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b}, {local:%H:%M}" if series.span == "three-days" else f"{local.day} {local:%b}"


def _stretch(series: Series) -> str:
    minutes = int(series.stretch.total_seconds() // 60)
    if minutes == 1:
        return "minute"
    return f"{minutes} minutes" if minutes < 60 else f"{minutes // 60} hours"


def _rows(series: Series, calendar: Calendar) -> list[tuple[str, list[int]]]:
    """The stretches in which anything happened: when each began, and its counts in the order of the columns."""
    columns = [series.counts[step] for step in (*STEPS, *ANSWERS)]
    rows = []
    for at, counts in enumerate(zip(*columns, strict=True)):
        if any(counts):
            rows.append((calendar.long(series.start + series.stretch * at), list(counts)))
    return rows

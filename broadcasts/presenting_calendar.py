"""A month of broadcasts: what went out, what will, and what is only planned."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse

from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from . import listing, presenting_list, scheduling, timing
from .models import Broadcast

SHOWN = 4  # of one day; the others are behind a fold
MOST = 1_000  # broadcasts of one month
Status, Timing = Broadcast.Status, Broadcast.Timing


@dataclass(frozen=True, slots=True)
class Month:
    """A month as its calendar shows it: whole weeks, Monday first."""

    year: int
    number: int

    @classmethod
    def read(cls, written: str, today: date) -> Month:
        """From "2026-11"; anything else is the month of `today`."""
        year, number = (int(part) if part.isdecimal() else 0 for part in (written[:4], written[5:]))
        if len(written) == 7 and 1 <= number <= 12 and 2000 <= year < 2200:
            return cls(year, number)
        return cls(today.year, today.month)

    @property
    def days(self) -> list[date]:
        return list(calendar.Calendar().itermonthdates(self.year, self.number))

    def beside(self, months: int) -> Month:
        years, number = divmod(self.number - 1 + months, 12)
        return Month(self.year + years, number + 1)

    @property
    def word(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def title(self) -> str:
        return f"{date(self.year, self.number, 1):%B} {self.year}"


def page(workspace: Workspace, month: Month, times: Calendar) -> dict[str, Any]:
    """The month's days, each with its broadcasts by the hour on the reader's clock."""
    days, today = month.days, times.local(times.now).date()
    by_day: dict[date, list[dict[str, Any]]] = {day: [] for day in days}
    for at, broadcast, coming in _moments(workspace, days, times):
        if (day := times.local(at).date()) in by_day:
            by_day[day].append(_entry(broadcast, at, coming, workspace, times))
    shown = [_day(day, sorted(by_day[day], key=lambda entry: entry["iso"]), month, today) for day in days]
    base = reverse("broadcasts:calendar", args=[workspace.slug])
    return {
        "title": month.title,
        "days": shown,
        "weekdays": [(f"{day:%A}", f"{day:%a}") for day in days[:7]],
        "is_empty": not any(day["entries"] for day in shown if day["inside"]),
        "here": f"{base}?month={month.word}",
        "before": f"{base}?month={month.beside(-1).word}",
        "before_title": month.beside(-1).title,
        "after": f"{base}?month={month.beside(1).word}",
        "after_title": month.beside(1).title,
        "today": "" if (today.year, today.month) == (month.year, month.number) else base,
    }


def _moments(workspace: Workspace, days: list[date], times: Calendar) -> Iterator[tuple[datetime, Broadcast, bool]]:
    """Each moment something went or goes out, and whether it is one a series has yet to come to."""
    since, until = times.midnight(days[0]), times.midnight(days[-1] + timedelta(days=1))
    inside = Q(next_fire_at__gte=since, next_fire_at__lt=until)
    begun = Q(next_fire_at=None, started_at__gte=since, started_at__lt=until)
    repeats = Q(status=Status.SCHEDULED, next_fire_at__lt=until) & ~Q(repeat=Broadcast.Repeat.NEVER)
    planned = Q(status=Status.DRAFT, local_date__range=(days[0], days[-1])) & ~Q(timing=Timing.NOW)
    found = listing.living(workspace).filter(inside | begun | repeats | planned).select_related("series")
    for broadcast in found.order_by("pk")[:MOST]:
        if broadcast.status == Status.DRAFT:
            if planned_at := _planned(broadcast, days):
                yield planned_at, broadcast, False
        elif presenting_list.is_series(broadcast):
            for at in _occurrences(broadcast, since, until):
                yield at, broadcast, True
        elif began := broadcast.next_fire_at or broadcast.started_at:
            yield began, broadcast, False


def _planned(broadcast: Broadcast, days: list[date]) -> datetime | None:
    """When a draft would start, if it says so and is in these days."""
    if broadcast.timing == Timing.NOW or not (broadcast.local_date and broadcast.local_time):
        return None
    if not days[0] <= broadcast.local_date <= days[-1]:
        return None
    return timing.instant(broadcast.local_date, broadcast.local_time, scheduling.zone_name(broadcast))


def _occurrences(broadcast: Broadcast, since: datetime, until: datetime) -> list[datetime]:
    """The coming starts of a series: none before its next one, those before have rows of their own."""
    first = max(since, broadcast.next_fire_at or since)
    found = scheduling.starts(broadcast, first.date() - timedelta(days=2), until.date() + timedelta(days=2))
    return [at for _, at in found if first <= at < until]


def _entry(broadcast: Broadcast, at: datetime, coming: bool, workspace: Workspace, times: Calendar) -> dict[str, Any]:
    chip = presenting_list.chip(broadcast)
    return {
        "name": broadcast.series.name if broadcast.series else broadcast.name,
        "href": f"{reverse('broadcasts:list', args=[workspace.slug])}{broadcast.uuid}/",
        "iso": at.isoformat(),
        "clock": times.clock(at),
        "tone": chip["tone"],
        "icon": chip["icon"],
        "word": "Scheduled, repeats" if coming else chip["word"],
        "is_draft": broadcast.status == Status.DRAFT,
        "people": broadcast.audience_count or None,
    }


def _day(day: date, entries: list[dict[str, Any]], month: Month, today: date) -> dict[str, Any]:
    return {
        "iso": day.isoformat(),
        "number": day.day,
        "name": f"{day:%A} {day.day} {day:%B}",
        "inside": day.month == month.number,
        "is_today": day == today,
        "is_past": day < today,
        "entries": entries[:SHOWN] if len(entries) > SHOWN + 1 else entries,
        "more": entries[SHOWN:] if len(entries) > SHOWN + 1 else [],
    }

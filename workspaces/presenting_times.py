"""Times as people in front of the screen read them: in their zone, and no longer than needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone


@cache
def _known(name: str) -> ZoneInfo | None:
    return ZoneInfo(name) if name in _names() else None


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def viewer_zone(request: Any) -> ZoneInfo:
    """The zone of the person looking: their own choice, else what their browser said, else the workspace's."""
    for name in (request.user.time_zone, unquote(request.COOKIES.get("zone", "")), request.workspace.time_zone):
        if name and len(name) <= 64 and (zone := _known(name)):
            return zone
    return ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Calendar:
    """One moment and one zone; every time on a page is written against the same two."""

    now: datetime
    zone: ZoneInfo

    @classmethod
    def of(cls, request: Any) -> Calendar:
        return cls(timezone.now(), viewer_zone(request))

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def clock(self, at: datetime) -> str:
        """09:41"""
        return f"{self.local(at):%H:%M}"

    def short(self, at: datetime) -> str:
        """What a list row shows: the hour today, then the day, then the date."""
        local, today = self.local(at), self.local(self.now).date()
        days = (today - local.date()).days
        if days <= 0:
            return f"{local:%H:%M}"
        if days == 1:
            return "Yesterday"
        if days < 7:
            return f"{local:%a}"
        return f"{local.day} {local:%b}" if local.year == today.year else f"{local.day} {local:%b %Y}"

    def long(self, at: datetime) -> str:
        """21 Nov 2026, 09:41"""
        local = self.local(at)
        return f"{local.day} {local:%b %Y}, {local:%H:%M}"

    def day(self, day: date) -> str:
        """Today, Yesterday, Wednesday, or Wednesday 4 March 2026."""
        today = self.local(self.now).date()
        days = (today - day).days
        if days == 0:
            return "Today"
        if days == 1:
            return "Yesterday"
        if 0 < days < 7:
            return f"{day:%A}"
        year = "" if day.year == today.year else f" {day.year}"
        return f"{day:%A} {day.day} {day:%B}{year}"

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self.zone)


def span(length: timedelta) -> str:
    """A length in its largest unit: 21 h, 45 min, 3 days."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "under 1 min"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"


def microseconds(at: datetime) -> str:
    """A moment as a string that sorts like the moment."""
    return f"{int(at.timestamp() * 1_000_000):017d}"

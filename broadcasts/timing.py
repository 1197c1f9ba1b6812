"""From what a clock on the wall shows to the moment meant, and when a schedule comes round again. Pure.

Where clocks are put forward a wall time may not exist: the first moment after the gap is meant. Where they are put
back it comes twice: the first of the two is meant.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

SKIPPED, TWICE = "skipped", "twice"
_SECOND = timedelta(seconds=1)


def instant(day: date, clock: time, zone: str) -> datetime:
    """When the clocks of `zone` show `clock` on `day`, in UTC. Raises ZoneInfoNotFoundError for a zone nobody knows."""
    wall = datetime.combine(day, clock.replace(tzinfo=None), tzinfo=ZoneInfo(zone))
    if _change(wall) == SKIPPED:
        return _first_after_gap(wall)
    return wall.replace(fold=0).astimezone(UTC)


def clock_change(day: date, clock: time, zone: str) -> str:
    """Return "skipped" for a wall time that does not exist, "twice" for one that comes twice, else ''."""
    return _change(datetime.combine(day, clock.replace(tzinfo=None), tzinfo=ZoneInfo(zone)))


def _change(wall: datetime) -> str:
    # PEP 495: in a gap fold 0 has the offset from before it, fold 1 the one from after; in an overlap likewise.
    before, after = _offset(wall, 0), _offset(wall, 1)
    if before == after:
        return ""
    return SKIPPED if before < after else TWICE


def _offset(wall: datetime, fold: int) -> timedelta:
    return wall.replace(fold=fold).utcoffset() or timedelta()


def _first_after_gap(wall: datetime) -> datetime:
    """The moment of the change itself: it lies between what the two offsets make of the wall time."""
    naive, zone = wall.replace(tzinfo=UTC), wall.tzinfo
    early, late = naive - _offset(wall, 1), naive - _offset(wall, 0)
    old = early.astimezone(zone).utcoffset()
    while late - early > _SECOND:
        middle = early + (late - early) // 2
        if middle.astimezone(zone).utcoffset() == old:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def next_allowed(at: datetime, quiet_from: time | None, quiet_until: time | None, zone: str) -> datetime:
    """`at`, or the end of the quiet hours it falls into on the clocks of `zone`; both ends empty or equal: no quiet."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return at
    local = at.astimezone(ZoneInfo(zone))
    clock = local.time().replace(fold=0)
    over_midnight = quiet_from > quiet_until
    if over_midnight:
        quiet = clock >= quiet_from or clock < quiet_until
    else:
        quiet = quiet_from <= clock < quiet_until
    if not quiet:
        return at
    ends_on = local.date() + timedelta(days=1 if over_midnight and clock >= quiet_from else 0)
    end = instant(ends_on, quiet_until, zone)
    if end <= at:  # clocks were put back during the quiet hours, and their end comes a second time
        end = datetime.combine(ends_on, quiet_until, tzinfo=ZoneInfo(zone)).replace(fold=1).astimezone(UTC)
    return max(end, at)


def local_due(
    day: date,
    clock: time,
    zones: Iterable[str],
    *,
    quiet_from: time | None = None,
    quiet_until: time | None = None,
) -> dict[str, datetime]:
    """For each zone the moment its clocks show `clock` on `day`, moved out of the quiet hours there."""
    return {zone: next_allowed(instant(day, clock, zone), quiet_from, quiet_until, zone) for zone in set(zones)}


def days(first: date, repeat: str, until: date | None = None) -> Iterator[date]:
    """The days of a schedule, from `first` to `until` or without end: never, daily, weekly or monthly.

    Monthly means the day of the month `first` has; a month that is too short has it on its last day.
    """
    found = _endless(first, repeat)
    yield from found if until is None else takewhile(lambda day: day <= until, found)


def _endless(first: date, repeat: str) -> Iterator[date]:
    if repeat == "never":
        yield first
        return
    number = 0
    try:
        while True:
            yield _nth(first, repeat, number)
            number += 1
    except (OverflowError, ValueError):  # the year 10,000
        return


def _nth(first: date, repeat: str, number: int) -> date:
    if repeat == "monthly":
        years, month = divmod(first.month - 1 + number, 12)
        year = first.year + years
        return date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))
    return first + timedelta(days={"daily": 1, "weekly": 7}[repeat] * number)


def days_from(day: date, first: date, repeat: str, until: date | None = None) -> Iterator[date]:
    """The days of a schedule that are not before `day`."""
    return (each for each in days(first, repeat, until) if each >= day)


def local_day(at: datetime, zone: str) -> date:
    """The day it is in `zone`."""
    return at.astimezone(ZoneInfo(zone)).date()

"""When a broadcast goes out, in words."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from workspaces.presenting_times import Calendar

from .models import Broadcast

Repeat, Timing = Broadcast.Repeat, Broadcast.Timing
NEAR = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}


def coming(at: datetime, calendar: Calendar) -> str:
    """Today 14:00, Tomorrow 09:00, Tue 24 Nov, 09:00; the year only when it is another one."""
    local = calendar.local(at)
    return f"{day_in_words(local.date(), calendar.local(calendar.now).date())}, {local:%H:%M}"


def day_in_words(day: date, today: date) -> str:
    """Yesterday, Today, Tomorrow, or Tue 24 Nov."""
    if near := NEAR.get((day - today).days):
        return near
    year = "" if day.year == today.year else f" {day.year}"
    return f"{day:%a} {day.day} {day:%b}{year}"


def moment(at: datetime | None, calendar: Calendar) -> dict[str, str] | None:
    """A moment for a <time> in the middle of a line: for machines, in short, in full."""
    if at is None:
        return None
    short = coming(at, calendar)
    if short.startswith(tuple(NEAR.values())):
        short = short[0].lower() + short[1:]
    return {"iso": at.isoformat(), "short": short, "long": calendar.long(at)}


def place(zone: str) -> str:
    """Africa/Cairo → Cairo"""
    return zone.rpartition("/")[2].replace("_", " ")


def rhythm(broadcast: Broadcast) -> str:
    """How often: "Every Tuesday", "Every month on the 31st", '' for once."""
    if broadcast.repeat == Repeat.NEVER or broadcast.local_date is None or broadcast.timing == Timing.NOW:
        return ""
    first = broadcast.local_date
    if broadcast.repeat == Repeat.DAILY:
        return "Every day"
    if broadcast.repeat == Repeat.WEEKLY:
        return f"Every {first:%A}"
    note = " or the last day of the month" if first.day > 28 else ""
    return f"Every month on the {first.day}{_ending(first.day)}{note}"


def _ending(day: int) -> str:
    if 10 < day < 14:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def in_words(broadcast: Broadcast, zone: str) -> str:
    """The whole schedule in a sentence without a stop; `zone` is whose clock is meant."""
    if broadcast.timing == Timing.NOW or broadcast.local_date is None or broadcast.local_time is None:
        return "Right away"
    first = broadcast.local_date
    how_often = rhythm(broadcast) or f"On {first:%A} {first.day} {first:%B %Y}"
    whose = "on each person's own clock" if broadcast.timing == Timing.LOCAL else f"{place(zone)} time"
    until = broadcast.repeat_until
    ends = f", until {until.day} {until:%B %Y}" if until and broadcast.repeat != Repeat.NEVER else ""
    return f"{how_often} at {broadcast.local_time:%H:%M} {whose}{ends}"


def clock_note(broadcast: Broadcast, zone: str, at: datetime | None, calendar: Calendar) -> str:
    """What the clock there shows when it differs from the reader's: "10:00 in Cairo"."""
    if broadcast.timing == Timing.LOCAL:
        return "at each person's own time"
    wall = broadcast.local_time
    if broadcast.timing == Timing.NOW or wall is None or at is None or calendar.local(at).time() == wall:
        return ""
    return f"{wall:%H:%M} in {place(zone)}"


def ago(length: timedelta) -> str:
    """How late something was, in words: "3 hours", "2 days"."""
    hours = max(round(length.total_seconds() / 3600), 1)
    number, unit = (hours, "hour") if hours < 48 else (round(hours / 24), "day")
    return f"{number} {unit}{'' if number == 1 else 's'}"

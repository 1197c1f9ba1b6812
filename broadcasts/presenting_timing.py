"""The schedule step: the form's values, and in a sentence when the first message goes out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from workspaces.places import time_zones
from workspaces.presenting_times import Calendar

from . import presenting_schedule, scheduling, timing
from .forms import ScheduleForm
from .models import Broadcast

TIMINGS = (
    ("now", "Right away", "Ten seconds after you press Send."),
    ("at", "At a time", "Everybody at the same moment."),
    ("local", "At everybody's own time", "When it is that time where each person lives."),
)
QUIET = ("21:00", "08:00")  # offered, not set
CHANGES = {
    timing.SKIPPED: "The clocks are put forward that night and skip this time: it goes out right after the change.",
    timing.TWICE: "The clocks are put back that night and show this time twice: it goes out the first time.",
}


def step(broadcast: Broadcast, form: ScheduleForm | None, calendar: Calendar, people: int) -> dict[str, Any]:
    """The form as saved, or as somebody typed it when it was refused."""
    zone = scheduling.zone_name(broadcast)
    fastest = broadcast.channel.messages_per_second if broadcast.channel else 80
    return {
        "form": form or {},
        "values": _typed(form) if form is not None else _saved(broadcast),
        "timings": TIMINGS,
        "repeats": Broadcast.Repeat.choices,
        "zones": time_zones(),
        "zone": (form.data.get("time_zone") if form is not None else "") or zone,
        "today": calendar.local(calendar.now).date().isoformat(),
        "fastest": fastest,
        "takes": takes(people, min(broadcast.pace or fastest, fastest)),
        "when": when(broadcast, calendar),
    }


def _saved(broadcast: Broadcast) -> dict[str, Any]:
    return {
        "timing": broadcast.timing,
        "local_date": _iso(broadcast.local_date),
        "local_time": _clock(broadcast.local_time),
        "repeat": broadcast.repeat,
        "repeat_until": _iso(broadcast.repeat_until),
        "quiet": broadcast.quiet_from is not None,
        "quiet_from": _clock(broadcast.quiet_from) or QUIET[0],
        "quiet_until": _clock(broadcast.quiet_until) or QUIET[1],
        "pace": broadcast.pace or "",
        "failure_limit": broadcast.failure_limit,
    }


def _typed(form: ScheduleForm) -> dict[str, Any]:
    return {name: form.data.get(name, "") for name in form.fields}


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _clock(at: time | None) -> str:
    return f"{at:%H:%M}" if at else ""


def when(broadcast: Broadcast, calendar: Calendar) -> dict[str, Any]:
    """When it goes out in a sentence, the same moment elsewhere, and what is strange about it."""
    zone = scheduling.zone_name(broadcast)
    if broadcast.timing == Broadcast.Timing.NOW:
        return {"moment": "", "detail": "", "notes": []}
    if broadcast.local_date is None or broadcast.local_time is None:
        return {"moment": "", "detail": "", "notes": ["Choose a date and a time."]}
    fire = scheduling.first_fire(broadcast, calendar.now)
    return {
        "moment": presenting_schedule.in_words(broadcast, zone),
        "detail": _elsewhere(broadcast, fire, calendar),
        "notes": _notes(broadcast, zone, calendar.now),
    }


def _elsewhere(broadcast: Broadcast, fire: datetime | None, calendar: Calendar) -> str:
    if fire is None:
        return ""
    utc = fire.astimezone(UTC)
    day = f"{utc:%a} {utc.day} {utc:%b}, {utc:%H:%M} UTC"
    if broadcast.timing == Broadcast.Timing.LOCAL:
        return f"The first clocks show it {day}."
    first = "The first time: " if broadcast.repeat != Broadcast.Repeat.NEVER else "That is "
    return f"{first}{day}."


def _notes(broadcast: Broadcast, zone: str, now: datetime) -> list[str]:
    day, clock = broadcast.local_date, broadcast.local_time
    if day is None or clock is None:
        return []
    notes = []
    if scheduling.has_passed(broadcast, now):
        notes.append("This time has passed. Choose a later one.")
    elif broadcast.timing == Broadcast.Timing.AT and (change := timing.clock_change(day, clock, zone)):
        notes.append(CHANGES[change])
    if broadcast.quiet_from and broadcast.quiet_until and _is_quiet(clock, broadcast.quiet_from, broadcast.quiet_until):
        until = f"{broadcast.quiet_until:%H:%M}"
        notes.append(f"That lies in the quiet hours: whoever's clock shows it gets the message at {until}.")
    return notes


def _is_quiet(clock: time, start: time, end: time) -> bool:
    return start <= clock < end if start < end else clock >= start or clock < end


def takes(people: int, pace: int) -> str:
    """How long that many messages take at that many a second."""
    if not people:
        return ""
    length = timedelta(seconds=people / pace)
    number = f"{people:,} message{'' if people == 1 else 's'}"
    if length < timedelta(seconds=90):
        seconds = max(1, round(length.total_seconds()))
        return f"{number} take about {seconds} second{'' if seconds == 1 else 's'}."
    minutes = round(length.total_seconds() / 60)
    if minutes < 90:
        return f"{number} take about {minutes} minutes."
    return f"{number} take about {round(minutes / 60)} hours."

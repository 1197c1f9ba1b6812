"""The last step: everything that was decided, what stands in the way, and what pressing Send will do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inbox import daily_limit
from workspaces.presenting_times import Calendar

from . import audience, presenting_message, presenting_schedule, presenting_timing, scheduling
from .campaigns import Problem
from .models import Broadcast
from .presenting_wizard import STEPS

TYPE_ABOVE = 1_000  # people; beyond, the number is typed before it goes out

Fact = dict[str, Any]


def facts(broadcast: Broadcast, described: Sequence[str]) -> list[Fact]:
    """What was decided, step by step."""
    return [
        _fact("Audience", "audience", *described, quiet=_consent(broadcast)),
        _fact("From", "message", *([str(broadcast.channel)] if broadcast.channel else [])),
        _fact("Message", "message", *_message(broadcast)),
        _fact("When", "schedule", *_when(broadcast)),
        _fact("Pace", "schedule", *_pace(broadcast)),
    ]


def _fact(label: str, step: str, *lines: str, quiet: str = "") -> Fact:
    shown = [{"text": line, "quiet": False} for line in lines if line]
    if shown and quiet:
        shown.append({"text": quiet, "quiet": True})
    return {"label": label, "step": step, "lines": shown}


def _consent(broadcast: Broadcast) -> str:
    kind = "Marketing: only who agreed to it" if broadcast.purpose == "marketing" else "A service message"
    if not broadcast.recent_hours:
        return f"{kind}."
    hours = broadcast.recent_hours
    span = f"{hours} hours" if hours < 48 else f"{hours // 24} days"
    return f"{kind}, and not who got marketing within {span}."


def _message(broadcast: Broadcast) -> list[str]:
    if chosen := presenting_message.chosen(broadcast):
        return [f"{chosen['name']}, {chosen['language']}, {chosen['category'].lower()}"]
    return ["A text, to people whose reply window is open"] if broadcast.text else []


def _when(broadcast: Broadcast) -> list[str]:
    lines = [presenting_schedule.in_words(broadcast, scheduling.zone_name(broadcast))]
    if broadcast.quiet_from and broadcast.quiet_until:
        lines.append(f"Nothing between {broadcast.quiet_from:%H:%M} and {broadcast.quiet_until:%H:%M}")
    return lines


def _pace(broadcast: Broadcast) -> list[str]:
    most = broadcast.channel.messages_per_second if broadcast.channel else 0
    pace = min(broadcast.pace or most, most)
    return [f"Up to {pace:,} a second", f"Pauses by itself above {broadcast.failure_limit} % failures"] if pace else []


def described(broadcast: Broadcast) -> list[str]:
    """The audience in words; nothing while it makes no sense, which a problem says."""
    try:
        return list(audience.describe(audience.read(broadcast.audience, broadcast.workspace)))
    except audience.BadAudience:
        return []


def hurdles(problems: Sequence[Problem], base: str, credits_url: str) -> list[dict[str, str]]:
    """What keeps it from going out, each with the page where it can be mended."""
    return [_hurdle(problem, base, credits_url) for problem in problems]


def _hurdle(problem: Problem, base: str, credits_url: str) -> dict[str, str]:
    if problem.code in ("credits", "cap"):
        return {"text": problem.text, "href": credits_url, "link": "Credits"}
    if problem.step in STEPS and problem.step != "review":
        return {"text": problem.text, "href": f"{base}{problem.step}/", "link": f"Open {STEPS[problem.step].lower()}"}
    return {"text": problem.text, "href": "", "link": ""}


def launching(broadcast: Broadcast, people: int, exact: bool, calendar: Calendar) -> dict[str, Any]:
    """The last card and its button."""
    number = f"{'' if exact else 'About '}{people:,} {'person' if people == 1 else 'people'}"
    if broadcast.timing == Broadcast.Timing.NOW:
        undo = "It starts ten seconds after you press Send, and until then you can undo."
        return {
            "launch_title": "Ready",
            "launch_text": f"{number} will get it. {undo}",
            "launch_word": f"Send to {people:,}" if exact else "Send",
            "launch_icon": "paper-airplane",
            "must_type": people > TYPE_ABOVE,
        }
    fire = scheduling.first_fire(broadcast, calendar.now)
    begins = f" It starts on {calendar.long(fire)} your time." if fire else ""
    again = "; everybody is looked up anew each time" if broadcast.repeat != Broadcast.Repeat.NEVER else ""
    return {
        "launch_title": "Ready",
        "launch_text": f"{number} would get it as of now{again}.{begins} Until then you can change or cancel it.",
        "launch_word": "Schedule",
        "launch_icon": "calendar-days",
        "must_type": people > TYPE_ABOVE,
    }


def notes(broadcast: Broadcast, people: int, calendar: Calendar) -> list[str]:
    """What does not stand in the way and should be known."""
    found = presenting_timing.when(broadcast, calendar)["notes"] if broadcast.local_date else []
    return [*found, *_limit(broadcast, people)]


def _limit(broadcast: Broadcast, people: int) -> list[str]:
    left = daily_limit.left(broadcast.channel) if broadcast.channel else None
    if left is None or people <= left:
        return []
    return [
        f"WhatsApp lets this number begin {left:,} more conversations within 24 hours, and this needs {people:,}. It "
        "sends as many as it may and goes on by itself when there is room again."
    ]


def seconds_left(broadcast: Broadcast, calendar: Calendar) -> int:
    """Until the first message may leave."""
    fire = broadcast.next_fire_at or calendar.now
    return max(0, round((fire - calendar.now).total_seconds()))

"""What every step of the wizard shows: where one stands, the name, and the people and costs to expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from workspaces.models import Workspace
from workspaces.places import countries
from workspaces.presenting_times import Calendar

from . import estimating, reasons
from .audience import Breakdown
from .campaigns import Problem
from .models import Broadcast

STEPS = {"audience": "Audience", "message": "Message", "schedule": "Schedule", "review": "Review"}
FORMS = ("audience", "message", "schedule")  # the steps that are filled in
CATEGORIES = {"marketing": "Marketing", "utility": "Utility", "authentication": "Authentication", "service": "Service"}
ALL = "receives"  # stands in addresses for those who receive it


def page(workspace: Workspace, broadcast: Broadcast, step: str, problems: Sequence[Problem]) -> dict[str, Any]:
    """The frame around a step."""
    names = list(STEPS)
    wrong = {problem.step for problem in problems}
    at = names.index(step)
    return {
        "section": "broadcasts",
        "broadcast": broadcast,
        "step": step,
        "step_title": STEPS[step],
        "steps": [
            {
                "name": name,
                "label": label,
                "current": name == step,
                "state": _state(broadcast, name, wrong=name in wrong, passed=number < at),
            }
            for number, (name, label) in enumerate(STEPS.items())
        ],
        "before": names[at - 1] if at else "",
        "after": names[at + 1] if at + 1 < len(names) else "",
        "after_label": STEPS[names[at + 1]] if at + 1 < len(names) else "",
        "base": f"{reverse('broadcasts:list', args=[workspace.slug])}{broadcast.uuid}/",
    }


def _state(broadcast: Broadcast, step: str, *, wrong: bool, passed: bool) -> str:
    """A step that nobody has come to yet is neither right nor wrong."""
    done = _is_done(broadcast, step)
    if wrong:
        return "wrong" if done or passed else ""
    return "done" if done else ""


def _is_done(broadcast: Broadcast, step: str) -> bool:
    """Whether anything was decided there; whether it will do is `problems`' to say."""
    if step == "audience":
        return bool(broadcast.audience.get("include"))
    if step == "message":
        return bool(broadcast.translation_id or broadcast.text)
    return step == "schedule" and bool(broadcast.channel_id and (broadcast.translation_id or broadcast.text))


def summary(
    broadcast: Broadcast, breakdown: Breakdown, estimate: estimating.Estimate, calendar: Calendar, base: str
) -> dict[str, Any]:
    """Who receives it, who is left out and why, and what it costs."""
    return {
        "people": breakdown.will_receive,
        "matched": breakdown.matched,
        "exact": breakdown.exact,
        "counted": calendar.clock(breakdown.counted_at),
        "breakdown": breakdown,
        "receives_url": f"{base}people/{ALL}/",
        "left_out": [
            {"reason": reason, "label": label, "count": count, "url": f"{base}people/{reason}/"}
            for reason, label in reasons.LEFT_OUT.items()
            if (count := breakdown.left_out.get(reason, 0))
        ],
        "estimate": estimate,
        "bill": bill(estimate),
        "category": CATEGORIES.get(estimate.category, estimate.category.capitalize()),
        "has_audience": bool(broadcast.audience.get("include")),
    }


def bill(estimate: estimating.Estimate, *, most: int = 8) -> dict[str, Any]:
    """The lines of an estimate in words, the smaller ones put together beyond `most`."""
    names = dict(countries())
    shown = [
        {
            "country": names.get(line.country, line.country or "Country unknown"),
            "people": line.people,
            "each": line.each,
            "credits": line.credits,
        }
        for line in estimate.lines
    ]
    more = shown[most:]
    return {
        "lines": shown[:most] if len(more) > 1 else shown,
        "more": _together(more) if len(more) > 1 else None,
        "all": shown,
        "flat": len({line.each for line in estimate.lines}) <= 1,
        "each": estimate.lines[0].each if estimate.lines else 0,
    }


def _together(lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "countries": len(lines),
        "people": sum(line["people"] for line in lines),
        "credits": sum(line["credits"] for line in lines),
    }

"""What keeps a draft from being launched, each with the step of the wizard where it can be put right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from providers.registry import adapter
from templates_mgmt import using
from templates_mgmt.models import MessageTemplate

from . import audience, composing, estimating, scheduling
from .audience import BadAudience, Breakdown
from .models import Broadcast

Step = Literal["audience", "message", "schedule", "review"]
MARKETING = Broadcast.Purpose.MARKETING


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing in the way: a stable word, a sentence for people, and the step that mends it."""

    code: str
    text: str
    step: Step


def problems(broadcast: Broadcast, *, now: datetime, counted: Breakdown | None = None) -> list[Problem]:
    """Everything that keeps it from being launched `now`, in the order of the steps.

    `counted` is the audience's breakdown where the caller has it; it is counted here otherwise.
    """
    found = [*_audience(broadcast), *_message(broadcast), *_schedule(broadcast, now)]
    if not any(problem.step in ("audience", "message") for problem in found):
        counted = counted or audience.breakdown(broadcast, now=now)
        found += _people(broadcast, counted, now)
    order = ("audience", "message", "schedule", "review")
    return sorted(found, key=lambda problem: order.index(problem.step))


def purpose_of(broadcast: Broadcast) -> str:
    """Marketing when its template's category says so, else what was chosen."""
    return MARKETING if estimating.category_of(broadcast) == "marketing" else broadcast.purpose


def _audience(broadcast: Broadcast) -> Iterator[Problem]:
    if not broadcast.audience.get("include"):
        yield Problem("no_audience", "Nobody is chosen yet.", "audience")
        return
    try:
        audience.read(broadcast.audience, broadcast.workspace)
    except BadAudience as error:
        yield Problem("bad_audience", str(error), "audience")


def _message(broadcast: Broadcast) -> Iterator[Problem]:
    channel, translation = broadcast.channel, broadcast.translation
    if channel is None or channel.disconnected_at is not None:
        yield Problem("no_channel", "Choose the number to send from.", "message")
        return
    if not channel.is_open:
        yield Problem(
            "channel", f"{channel.name} cannot send at the moment. An admin sees why in Settings → Channels.", "message"
        )
    if translation is None:
        yield from _text(broadcast)
        return
    if reason := using.why_not(translation, channel):
        yield Problem("template", reason, "message")
        return
    if translation.template.kind == MessageTemplate.Kind.PROVIDER and broadcast.text:
        yield Problem("two_messages", "There is a template and a text. Take one of them away.", "message")
    for text in composing.gaps(broadcast):
        yield Problem("values", text, "message")


def _text(broadcast: Broadcast) -> Iterator[Problem]:
    if not broadcast.text.strip():
        yield Problem("no_message", "Choose a template or write a text.", "message")
    elif broadcast.channel and len(broadcast.text) > (most := adapter(broadcast.channel.kind).capabilities.max_text):
        yield Problem("too_long", f"The text has {len(broadcast.text):,} characters, {most:,} are allowed.", "message")


def _schedule(broadcast: Broadcast, now: datetime) -> Iterator[Problem]:
    if broadcast.timing != Broadcast.Timing.NOW and (broadcast.local_date is None or broadcast.local_time is None):
        yield Problem("no_time", "Choose the day and the time.", "schedule")
    elif scheduling.has_passed(broadcast, now):
        yield Problem("past", "The chosen time has passed. Choose a later one, or send right away.", "schedule")


def _people(broadcast: Broadcast, counted: Breakdown, now: datetime) -> Iterator[Problem]:
    if not counted.will_receive:
        # A series may find people later; what is sent once would reach nobody.
        if broadcast.repeat == Broadcast.Repeat.NEVER:
            yield Problem("nobody", "Nobody in this audience would receive it. The breakdown says why.", "audience")
        return
    if broadcast.repeat != Broadcast.Repeat.NEVER:
        return
    estimate = estimating.estimate(
        broadcast, counted.by_country, counted.will_receive, at=scheduling.first_fire(broadcast, now)
    )
    if estimate.short:
        costs = f"This costs {estimate.total:,} credits and {estimate.available:,} can be spent: "
        text = f"{costs}{estimate.short:,} are missing. Add credits, or choose fewer people."
        yield Problem("credits", text, "review")

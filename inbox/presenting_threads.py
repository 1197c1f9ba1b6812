"""A thread in order: bubbles, what happened between them, and the days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from workspaces.presenting_times import microseconds

from .models import ConversationEvent, Message
from .presenting import Shown
from .presenting_messages import Bubble, Frame, bubble, key_of

CONSENT_WORDS: dict[str, str] = {
    ConversationEvent.Kind.OPTED_OUT: "opted out of marketing messages",
    ConversationEvent.Kind.OPTED_IN: "opted in to marketing messages",
    ConversationEvent.Kind.MAYBE_OPT_OUT: "",
}
TOGETHER = timedelta(minutes=5)  # messages of one side closer than this are drawn as one group


@dataclass(frozen=True, slots=True)
class Line(Shown):
    """Something between bubbles: a day, or an event the customer never sees."""

    is_bubble = False

    id: str
    key: str
    css: str
    text: str
    time: str = ""
    iso: str = ""


def timeline(
    messages: Iterable[Message],
    events: Iterable[ConversationEvent],
    frame: Frame,
    *,
    before: Message | None = None,
    frames: Mapping[int, Frame] | None = None,
) -> list[Bubble | Line]:
    """Everything in the order it happened; `before` is the message above the first, for grouping and days.

    With `frames`, one for each of several conversations, a line says where the talk goes on in another one.
    """
    calendar, frames = frame.calendar, frames or {}
    entries: list[tuple[str, Message | ConversationEvent]] = [(key_of(m.occurred_at, m.pk), m) for m in messages]
    entries += [(key_of(event.created_at, event.pk), event) for event in events]
    shown: list[Bubble | Line] = []
    last: Message | None = before
    day = calendar.local(before.occurred_at).date() if before else None
    place = before.conversation_id if before else None
    for key, entry in sorted(entries, key=lambda pair: pair[0]):
        at = entry.occurred_at if isinstance(entry, Message) else entry.created_at
        today = calendar.local(at).date()
        if today != day:
            day, last = today, None
            shown.append(
                Line(f"day-{day}", f"{microseconds(calendar.midnight(day))}-", "event event--day", calendar.day(day))
            )
        within = frames.get(entry.conversation_id, frame)
        if len(frames) > 1 and entry.conversation_id != place:
            place, last = entry.conversation_id, None
            shown.append(Line(f"in-{entry.pk}-{place}", key, "event event--place", f"On {within.channel.name}"))
        if isinstance(entry, Message):
            shown.append(bubble(entry, within, follows=last is not None and _together(last, entry)))
            last = entry
        else:
            text = event_text(entry)
            shown.append(Line(f"e-{entry.pk}", key, "event", text, calendar.clock(at), at.isoformat()))
            last = None
    return shown


def _together(first: Message, second: Message) -> bool:
    return (
        first.direction == second.direction
        and first.sender_id == second.sender_id
        and second.occurred_at - first.occurred_at < TOGETHER
    )


def event_text(event: ConversationEvent) -> str:
    """What happened, as a sentence with names."""
    who = event.actor.name if event.actor else ""
    kind, to = event.kind, str(event.details.get("to", ""))
    if kind == ConversationEvent.Kind.ASSIGNED:
        if event.details.get("by_reply"):
            return f"{who} replied and took this conversation"
        return f"{who} took this conversation" if who == to else f"{who or 'The system'} assigned this to {to}"
    if kind == ConversationEvent.Kind.UNASSIGNED:
        return f"{who or 'The system'} put this back to Unassigned"
    if kind == ConversationEvent.Kind.RESOLVED:
        return f"{who or 'The system'} resolved this conversation"
    if kind == ConversationEvent.Kind.REOPENED:
        return f"{who} reopened this conversation" if who else "Reopened by a new message"
    if kind in CONSENT_WORDS:
        said = str(event.details.get("text", ""))
        if kind == ConversationEvent.Kind.MAYBE_OPT_OUT:
            return f"May want no more marketing. Ask, then record it on the contact: “{said}”"
        how = "in the app" if event.details.get("by_provider") else f"by writing “{said}”" if said else ""
        return f"The customer {CONSENT_WORDS[kind]} {how}".rstrip()
    old, new = event.details.get("old", ""), event.details.get("new", "")
    return f"The customer's number changed from +{old} to +{new}"


def replied_to(messages: Sequence[Message]) -> set[str]:
    """The provider ids that these messages quote."""
    return {message.reply_to for message in messages if message.reply_to}

"""One message as its bubble shows it: every decision made here, so that the template only places words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from providers.base import Explanation
from providers.registry import adapter
from workspaces.formatting import formatted, is_emoji_only, visible
from workspaces.models import Channel
from workspaces.presenting_times import Calendar, microseconds
from workspaces.templatetags.ui import icon

from . import presenting_bodies
from .models import Attachment, Message
from .presenting import Shown
from .previews import preview_of
from .sending import WINDOW_BOUND

TICKS = {
    "pending": ("clock", "", "Waiting to be sent"),
    "sent": ("tick", "icon--wide", "Sent"),
    "delivered": ("double-tick", "icon--wide", "Delivered"),
    "read": ("double-tick", "icon--wide bubble__tick--read", "Read"),
    "played": ("double-tick", "icon--wide bubble__tick--read", "Played"),
    "failed": ("exclamation-triangle", "bubble__tick--failed", "Not sent"),
    "skipped": ("no-symbol", "", "Not sent"),
    "cancelled": ("no-symbol", "", "Cancelled"),
    "unsettled": ("clock-dashed", "", "Sent, but no clear answer yet"),
    "postponed": ("clock-dashed", "", "Will be tried again soon"),
}


@cache
def tick(state: str) -> SafeString:
    """The mark of a delivery state: a shape, and the same in words."""
    name, css, word = TICKS[state]
    return format_html('{}<span class="vh">{}</span>', icon(name, css), word)


@dataclass(frozen=True, slots=True)
class Quote(Shown):
    who: str
    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Reaction(Shown):
    emoji: str
    who: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Acts(Shown):
    """What somebody who may reply can do with a message."""

    who: str  # whom an answer would quote
    react: str  # URL for the team's reaction, empty for messages that take none
    reacted: str  # the team's present one


@dataclass(frozen=True, slots=True)
class Problem(Shown):
    """Why a message did not go out and what to do, in plain words, with the provider's code for whoever asks them."""

    text: str
    action: str
    code: str
    retry: str  # URL, empty when trying again cannot help this person
    title: str = "Not sent"
    css: str = "bubble__problem"


@dataclass(frozen=True, slots=True)
class Bubble(Shown):
    is_bubble = True  # not a field: tells bubbles from events in one list

    id: str
    mid: str
    cid: str
    key: str
    css: str
    label: str
    body: str
    html: SafeString
    large: bool
    view: Any
    by: str
    source: str
    origin: str  # URL of what sent it, for those who may see that
    quote: Quote | None
    reactions: list[Reaction]
    acts: Acts | None
    edited: bool
    forwarded: bool
    time: str
    iso: str
    full: str
    tick: SafeString
    has_head: bool  # anything above the text: most bubbles have nothing there, and skip eight questions
    has_tail: bool
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Frame:
    """What bubbles of one thread share."""

    calendar: Calendar
    contact: str
    channel: Channel
    base: str  # URL of the conversation
    media: str  # URL that media hang under
    can_reply: bool
    broadcasts: str = ""  # URL that messages of broadcasts hang under, empty for those who may not see these
    has_window: bool = True  # whether anything but a template can go out now
    quoted: dict[str, Message] = field(default_factory=dict)
    tapped: dict[str, set[str]] = field(default_factory=dict)  # provider id → what its buttons answered


FINAL = {"unusable_content"}  # of the codes that are ours, those that another try meets again
UNSENT: dict[str, str] = {Message.Status.SKIPPED: "Not sent", Message.Status.CANCELLED: "Cancelled"}
BROADCAST = Message.Source.BROADCAST.value
SOURCES = {"api": "API", "broadcast": "Broadcast", "automation": "Automatic", "elsewhere": "Sent from another app"}


def key_of(at: datetime, pk: int) -> str:
    return f"{microseconds(at)}-{pk:019d}"


def bubble(message: Message, frame: Frame, *, follows: bool = False) -> Bubble:
    """The bubble of a message whose `sender` and `attachment` are at hand."""
    outgoing = message.direction == Message.Direction.OUT
    deleted = message.deleted_at is not None
    file = None if deleted else attachment_of(message)
    again = f"{frame.base}m/{message.uuid}/fetch/" if frame.can_reply else ""
    tapped = frame.tapped.get(message.provider_id or "", ())
    body, view = presenting_bodies.body_of(message, file, frame.media, deleted=deleted, again=again, tapped=tapped)
    text = message.text if presenting_bodies.shows_text(message.kind) and not deleted else ""
    by, source, origin = _from(message, frame, follows=follows) if outgoing else ("", "", "")
    forwarded = bool(message.content.get("forwarded")) and not deleted
    quote = None if deleted else _quote(message, frame)
    problem, reactions = _problem(message, frame) if outgoing else None, _reactions(message, frame)
    return Bubble(
        id=f"m-{message.uuid}",
        mid=str(message.uuid),
        cid=str(message.cid or ""),
        key=key_of(message.occurred_at, message.pk),
        css=_css(message, outgoing=outgoing, follows=follows, bare=body.endswith("sticker.html")),
        label="Deleted message" if deleted else preview_of(message.kind, "", {}) or "Message",
        body=body,
        html=formatted(text),
        large=message.kind == "text" and is_emoji_only(text),
        view=view,
        by=by,
        source=source,
        origin=origin,
        quote=quote,
        reactions=reactions,
        acts=_acts(message, frame),
        edited=message.edited_at is not None and not deleted,
        forwarded=forwarded,
        time=frame.calendar.clock(message.occurred_at),
        iso=message.occurred_at.isoformat(),
        full=frame.calendar.long(message.occurred_at),
        tick=tick(_state(message)) if outgoing else SafeString(""),
        has_head=bool(by or source or forwarded or quote or body),
        has_tail=bool(problem or reactions),
        problem=problem,
    )


def _from(message: Message, frame: Frame, *, follows: bool) -> tuple[str, str, str]:
    """The member who sent it, the way it came, and the URL of what sent it."""
    by = message.sender.name if message.sender and not follows else ""
    origin = f"{frame.broadcasts}{message.uuid}/" if frame.broadcasts and message.source == BROADCAST else ""
    return by, SOURCES.get(message.source, ""), origin


def _css(message: Message, *, outgoing: bool, follows: bool, bare: bool) -> str:
    words = {"follows": follows, "failed": outgoing and message.status == Message.Status.FAILED, "bare": bare}
    side = "bubble bubble--out" if outgoing else "bubble bubble--in"
    return " ".join([side, *(f"bubble--{word}" for word, holds in words.items() if holds)])


def attachment_of(message: Message) -> Attachment | None:
    """The file of a message fetched with select_related("attachment")."""
    return getattr(message, "attachment", None)


def _state(message: Message) -> str:
    if message.status == Message.Status.PENDING and message.send_state == Message.SendState.UNKNOWN:
        return "unsettled"
    if message.status == Message.Status.PENDING and message.send_state == Message.SendState.QUEUED and message.attempt:
        return "postponed"
    return message.status if message.status in TICKS else "sent"


def _problem(message: Message, frame: Frame) -> Problem | None:
    if message.status in UNSENT:
        title = UNSENT[message.status]
        return Problem(message.error_text or "It had not gone out yet.", "", "", "", title, "muted small")
    if message.status != Message.Status.FAILED:
        return None
    code = message.error_code
    said = adapter(frame.channel.kind).explain(code)
    if not code.isdigit() and message.error_text:
        said = Explanation(message.error_text, "", code not in FINAL)
    possible = frame.can_reply and (frame.has_window or message.kind not in WINDOW_BOUND)
    offered = possible and said.retry and message.kind != "reaction"  # a reaction is simply made again
    return Problem(
        text=said.text,
        action=said.action,
        code=code if code.isdigit() else "",
        retry=f"{frame.base}m/{message.uuid}/retry/" if offered else "",
    )


def _quote(message: Message, frame: Frame) -> Quote | None:
    if not message.reply_to:
        return None
    quoted = frame.quoted.get(message.reply_to)
    return quote_of(quoted, frame.contact) if quoted else Quote("Reply", "An earlier message", "")


def quote_of(quoted: Message, contact: str) -> Quote:
    """A message as an answer quotes it; `contact` is what the customer is called."""
    who = contact if quoted.direction == Message.Direction.IN else sender_name(quoted)
    words = "Deleted message" if quoted.deleted_at else visible(preview_of(quoted.kind, quoted.text, quoted.content))
    return Quote(who, words, f"#m-{quoted.uuid}")


def sender_name(message: Message) -> str:
    return message.sender.name if message.sender else SOURCES.get(message.source, "Your team")


def _acts(message: Message, frame: Frame) -> Acts | None:
    """None for those who may not reply, and for a message the provider does not know (yet) or that was deleted."""
    if not frame.can_reply or message.deleted_at or not message.provider_id:
        return None
    if message.direction == Message.Direction.OUT:
        return Acts(sender_name(message), "", "")
    react = f"{frame.base}m/{message.uuid}/reaction/"
    return Acts(frame.contact, react, message.reactions.get("team", ""))


def _reactions(message: Message, frame: Frame) -> list[Reaction]:
    who = {"contact": frame.contact, "team": "Your team"}
    return [Reaction(emoji, who.get(side, side), side == "team") for side, emoji in message.reactions.items() if emoji]

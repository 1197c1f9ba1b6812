"""The rows of the conversation list, worked out before the template: few tags a row make it four times as fast."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from workspaces.formatting import visible
from workspaces.presenting_times import Calendar, microseconds
from workspaces.templatetags.ui import hue, initials

from .models import Conversation
from .presenting import Shown

ICONS = {
    "image": "photo",
    "video": "film",
    "audio": "musical-note",
    "voice": "microphone",
    "document": "document",
    "sticker": "face-smile",
    "location": "map-pin",
    "contacts": "identification",
    "order": "shopping-cart",
    "template": "rectangle-stack",
    "interactive": "list-bullet",
    "unsupported": "device-phone-mobile",
    "other": "device-phone-mobile",
}


@dataclass(frozen=True, slots=True)
class Row(Shown):
    id: str
    href: str
    key: str
    css: str
    name: str
    initials: str
    hue: int
    line: str
    icon: str
    outgoing: bool
    time: str
    iso: str
    unread: int
    assignee: str
    assignee_initials: str
    resolved: bool
    current: bool


def rows(
    conversations: Iterable[Conversation],
    *,
    base: str,
    calendar: Calendar,
    current: str = "",
    show_assignee: bool = True,
) -> list[Row]:
    """Rows for conversations with contact, identity and assignee at hand; `base` is the URL they hang under."""
    return [_row(conversation, base, calendar, current, show_assignee) for conversation in conversations]


def _row(conversation: Conversation, base: str, calendar: Calendar, current: str, show_assignee: bool) -> Row:
    uuid = str(conversation.uuid)
    name = display_name(conversation)
    at = conversation.last_message_at
    assignee = conversation.assignee if show_assignee else None
    return Row(
        id=uuid,
        href=f"{base}c/{uuid}/",
        key=f"{microseconds(at)}-{conversation.pk:019d}",
        css="row row--unread" if conversation.unread_count else "row",
        name=name,
        initials=initials(name),
        hue=hue(name),
        line=visible(conversation.preview),
        icon=ICONS.get(conversation.preview_kind, ""),
        outgoing=conversation.preview_direction == "out",
        time=calendar.short(at),
        iso=at.isoformat(),
        unread=min(conversation.unread_count, 99),
        assignee=assignee.name if assignee else "",
        assignee_initials=initials(assignee.name) if assignee else "",
        resolved=conversation.status == Conversation.Status.RESOLVED,
        current=uuid == current,
    )


def display_name(conversation: Conversation) -> str:
    """What the team calls the other side: the contact's name, else the number or user name."""
    return visible(conversation.contact.name) or conversation.identity.display

"""The parts of the inbox page around the bubbles: where links go, the queue tabs, the composer, the contact."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db.models import QuerySet

from providers.registry import adapter
from providers.types import Capabilities
from workspaces.access import allows
from workspaces.formatting import visible
from workspaces.models import Member, Workspace
from workspaces.presenting_times import Calendar, span

from . import queues, reading, window
from .models import Attachment, Conversation, Message
from .presenting_bodies import file_facts
from .presenting_messages import Frame, quote_of
from .presenting_rows import display_name

SIDE = "side"  # cookie: whether the contact column is open


def inbox_url(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/inbox/"


def broadcast_messages_url(member: Member) -> str:
    """What the address of a message's broadcast begins with; empty for members who may not see broadcasts."""
    may = allows(member.role, "read_broadcasts")
    return f"/w/{member.workspace.slug}/broadcasts/of/" if may else ""


def list_urls(workspace: Workspace, queue: str) -> dict[str, str]:
    """Where the list's requests go. Written by hand: reversing URLs per row is what makes a list page slow."""
    base = f"{inbox_url(workspace)}{queue}/"
    return {
        "queue": base,
        "rows": f"{base}rows/",
        "rows_delta": f"{base}rows/delta/",
        "counts": f"{base}counts/",
        "unassigned": f"{inbox_url(workspace)}unassigned/",
    }


def tabs(workspace: Workspace, queue: str, counts: queues.Counts) -> list[dict[str, Any]]:
    base = inbox_url(workspace)
    return [
        {"name": title, "href": f"{base}{name}/", "current": name == queue, "count": counts.shown(name)}
        for name, title in queues.TITLES.items()
    ]


@dataclass(frozen=True, slots=True)
class Desk:
    """One member in front of one open conversation."""

    conversation: Conversation
    member: Member
    queue: str
    calendar: Calendar

    @property
    def base(self) -> str:
        return f"{inbox_url(self.member.workspace)}{self.queue}/c/{self.conversation.uuid}/"

    @property
    def media(self) -> str:
        return f"{inbox_url(self.member.workspace)}media/"

    @property
    def window(self) -> str:
        """How the reply window stands: open, closing or closed."""
        has_window = adapter(self.conversation.channel.kind).capabilities.reply_window is not None
        return window.state(self.conversation.window_expires_at, self.calendar.now, has_window=has_window)

    def frame(self, stretch: reading.Stretch) -> Frame:
        return Frame(
            calendar=self.calendar,
            contact=display_name(self.conversation),
            channel=self.conversation.channel,
            base=self.base,
            media=self.media,
            can_reply=allows(self.member.role, "reply") and self.conversation.contact.blocked_at is None,
            broadcasts=broadcast_messages_url(self.member),
            has_window=self.window != "closed",
            quoted=stretch.quoted,
            tapped=stretch.tapped,
        )


def thread(desk: Desk) -> dict[str, Any]:
    """What the header, the composer and the contact show of a conversation."""
    conversation, name = desk.conversation, display_name(desk.conversation)
    words = conversation.contact.name.split()
    urls = {part: f"{desk.base}{part}/" for part in ("seen", "unread", "older", "delta", "send", "assignee", "status")}
    return {
        "id": str(conversation.uuid),
        "base": desk.base,
        "name": name,
        "first_name": visible(words[0]) if words else "",
        "number": conversation.identity.display,
        "channel": f"{conversation.channel.name} · {conversation.channel.get_kind_display()}",
        "resolved": conversation.status == Conversation.Status.RESOLVED,
        "unread": conversation.unread_count > 0,
        "mine": conversation.assignee_id == desk.member.pk,
        "assignee": conversation.assignee.name if conversation.assignee else "",
        "assignee_id": conversation.assignee_id,
        "can_reply": allows(desk.member.role, "reply"),
        "cursor": desk.calendar.now.isoformat(),
        "urls": urls,
        "contact": str(conversation.contact.uuid),
        "record": _record(desk),
    }


def composer(desk: Desk, *, text: str = "", error: str = "", quoted: Message | None = None) -> dict[str, Any]:
    """What stands under the thread: a reply box with what was written and is quoted, or why there is none."""
    conversation, channel = desk.conversation, desk.conversation.channel
    if not allows(desk.member.role, "reply"):
        reason = "Your role does not include replying."
        return {"state": "read_only", "title": "You can read this conversation", "text": reason}
    if conversation.contact.blocked_at is not None:
        reason = "They can still write to you. Nothing is sent to them."
        link = {"link": _record(desk), "link_text": "Unblock in the record"}
        return {"state": "blocked", "title": "This person is blocked", "text": reason, **link}
    if not channel.is_open:
        return {"state": "channel_down", "title": f"{channel.name} is not connected", **_repair(desk)}
    capabilities = adapter(channel.kind).capabilities
    ends, now = conversation.window_expires_at, desk.calendar.now
    state = desk.window
    if state == "closed":
        since = f" It closed on {desk.calendar.long(ends)}." if ends else ""
        reason = f"It opens again as soon as the customer writes.{since}"
        return {
            "state": "closed",
            "title": "The reply window is closed",
            "text": reason,
            "templates": f"{desk.base}templates/" if capabilities.templates else "",
        }
    return {
        "state": state,
        "left": span(ends - now) if ends else "",
        "until": desk.calendar.long(ends) if ends else "",
        "until_iso": ends.isoformat() if ends else "",
        "templates": f"{desk.base}templates/",
        "limits": json.dumps(_limits(capabilities)),
        "max_text": capabilities.max_text,
        "cid": str(uuid4()),
        "text": text,
        "error": error,
        "quote": quote_of(quoted, display_name(conversation)) if quoted else None,
        "reply_to": str(quoted.uuid) if quoted else "",
    }


def _record(desk: Desk) -> str:
    return f"/w/{desk.member.workspace.slug}/contacts/{desk.conversation.contact.uuid}/"


def _repair(desk: Desk) -> dict[str, str]:
    """What is wrong with the channel, and for those who can mend it the way there."""
    if not allows(desk.member.role, "manage_channels"):
        return {"text": "Nothing can be sent until an admin reconnects it in Settings."}
    return {
        "text": desk.conversation.channel.problem or "Nothing can be sent until it is.",
        "link": f"/w/{desk.member.workspace.slug}/settings/channels/",
        "link_text": "Open channels",
    }


def _limits(capabilities: Capabilities) -> dict[str, dict[str, Any]]:
    """What may be attached, checked in the browser before an upload and again on the server."""
    return {
        kind: {"max": size, "types": sorted(capabilities.media_types.get(kind, ()))}
        for kind, size in capabilities.media_limits.items()
    }


def side(desk: Desk) -> dict[str, Any]:
    """The contact beside the thread: what was shared, and where else this person writes."""
    shared = files(reading.shared_files(desk.conversation), media=desk.media, calendar=desk.calendar)
    return {
        **shared,
        "contact_uuid": str(desk.conversation.contact.uuid),
        "others": [_other(other, desk) for other in _others(desk.conversation)],
    }


def files(shared: list[Attachment], *, media: str, calendar: Calendar) -> dict[str, Any]:
    """Shared pictures and videos to look at, and documents to fetch."""
    sights = [file for file in shared if file.kind != "document"]
    return {
        "gallery": [_sight(file, media, calendar) for file in sights[:9]],
        "files": [
            {"src": f"{media}{file.uuid}/", "name": visible(file.filename) or "File", "facts": file_facts(file)}
            for file in shared
            if file.kind == "document"
        ][:6],
    }


def _sight(file: Attachment, media: str, calendar: Calendar) -> dict[str, str]:
    word = "Video" if file.kind == "video" else "Photo"
    alt = file.message.text[:120] or f"{word}, {calendar.long(file.message.occurred_at)}"
    return {
        "src": f"{media}{file.uuid}/",
        "kind": file.kind,
        "alt": visible(alt),
        "message": f"m-{file.message.uuid}",
    }


def _others(conversation: Conversation) -> QuerySet[Conversation]:
    found = Conversation.objects.filter(workspace_id=conversation.workspace_id, contact_id=conversation.contact_id)
    return found.exclude(pk=conversation.pk).select_related("channel").order_by("-last_message_at")[:5]


def _other(conversation: Conversation, desk: Desk) -> dict[str, str]:
    return {
        "href": f"{inbox_url(desk.member.workspace)}all/c/{conversation.uuid}/",
        "channel": conversation.channel.name,
        "time": desk.calendar.short(conversation.last_message_at),
        "iso": conversation.last_message_at.isoformat(),
    }

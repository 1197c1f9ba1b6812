"""What was said with one person over all channels, for the record that contacts show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from contacts.models import Contact
from inbox import contact_history, presenting_pages
from inbox.models import Message
from inbox.presenting_messages import Frame
from inbox.presenting_rows import display_name
from inbox.presenting_threads import timeline
from workspaces.access import workspace_view
from workspaces.fragments import is_fragment
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar


@require_GET
@workspace_view("read_inbox")
def contact_timeline(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Messages and events of every conversation; with ?before= the page above that message."""
    contact = get_object_or_404(Contact, workspace_id=workspace.pk, uuid=uuid, deleted_at=None)
    calendar, conversations = Calendar.of(request), contact_history.conversations_of(contact)
    for conversation in conversations:
        conversation.contact = contact
    before = _before(request, workspace, [each.pk for each in conversations])
    history = contact_history.page(conversations, before=before)
    base = presenting_pages.inbox_url(workspace)
    frames = {
        each.pk: Frame(
            calendar=calendar,
            contact=display_name(each),
            channel=each.channel,
            base=f"{base}all/c/{each.uuid}/",
            media=f"{base}media/",
            can_reply=False,
            broadcasts=presenting_pages.broadcast_messages_url(request.member),
            quoted=history.quoted.get(each.pk, {}),
            tapped=history.tapped,
        )
        for each in conversations
    }
    older = f"{request.path}?before={history.messages[0].uuid}" if history.above else ""
    shown: list[Any] = []
    if conversations:
        first = frames[conversations[0].pk]
        shown = timeline(history.messages, history.events, first, before=history.above, frames=frames)
    context: dict[str, Any] = {"timeline": shown, "older": older}
    if before is not None and is_fragment(request):
        return render(request, "inbox/_contact_older.html", context)
    files = contact_history.shared(conversations)
    context |= {
        "person": contact,
        "conversations": [_conversation(each, base, calendar) for each in conversations],
        **presenting_pages.files(files, media=f"{base}media/", calendar=calendar),
        "section": "contacts",
    }
    whole = "inbox/_contact_timeline.html" if is_fragment(request) else "inbox/contact_timeline.html"
    return render(request, whole, context)


def _conversation(conversation: Any, base: str, calendar: Calendar) -> dict[str, Any]:
    return {
        "href": f"{base}all/c/{conversation.uuid}/",
        "channel": conversation.channel.name,
        "address": conversation.identity.display,
        "resolved": conversation.status == "resolved",
        "assignee": conversation.assignee.name if conversation.assignee else "",
        "time": calendar.short(conversation.last_message_at),
        "iso": conversation.last_message_at.isoformat(),
    }


def _before(request: Any, workspace: Workspace, conversations: list[int]) -> Message | None:
    """The message named by ?before=, which must be of this person. Raises Http404."""
    try:
        uuid = UUID(request.GET.get("before", ""))
    except ValueError:
        return None
    return get_object_or_404(Message, workspace_id=workspace.pk, conversation_id__in=conversations, uuid=uuid)

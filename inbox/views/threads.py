"""One conversation: its page, the messages above, what changed, and that it was seen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from inbox import conversations, presenting_pages, queues, reading
from inbox.models import Message
from inbox.presenting_pages import Desk
from inbox.presenting_threads import timeline
from workspaces.access import workspace_view
from workspaces.models import Workspace

from .parts import changes, desk, full_page, is_fragment, older_context, quoted, row_context, thread_context, told


@require_GET
@workspace_view("read_inbox")
def conversation(request: HttpRequest, workspace: Workspace, queue: str, uuid: UUID) -> HttpResponse:
    """The three panes with a conversation open; for htmx the thread and, out of band, the contact."""
    at = desk(request, workspace, queue, uuid)
    stretch = reading.page(at.conversation, before=_before(request, at))
    if not is_fragment(request):
        return full_page(request, at, stretch=stretch, quoted=quoted(at, request.GET.get("reply_to", "")))
    context = thread_context(at, stretch) | presenting_pages.side(at)
    context["side"] = request.COOKIES.get(presenting_pages.SIDE, "open")
    return render(request, "inbox/_opened.html", context)


@require_GET
@workspace_view("read_inbox")
def older(request: HttpRequest, workspace: Workspace, queue: str, uuid: UUID) -> HttpResponse:
    """The messages above `before`. A page that begins within a day leaves its heading to the one above."""
    at = desk(request, workspace, queue, uuid)
    stretch = reading.page(at.conversation, before=_before(request, at))
    entries = timeline(stretch.messages, stretch.events, at.frame(stretch), before=stretch.above)
    return render(request, "inbox/_older_page.html", {"timeline": entries, **older_context(at, stretch)})


@require_GET
@workspace_view("read_inbox")
def delta(request: HttpRequest, workspace: Workspace, queue: str, uuid: UUID) -> HttpResponse:
    """What changed in the open thread since `after`."""
    return changes(request, desk(request, workspace, queue, uuid))


@require_POST
@workspace_view("read_inbox")
def seen(request: Any, workspace: Workspace, queue: str, uuid: UUID) -> HttpResponse:
    """Somebody who answers here looked at it; readers who cannot reply leave it unread for those who can."""
    at = desk(request, workspace, queue, uuid)
    if presenting_pages.thread(at)["can_reply"]:
        conversations.mark_seen(at.conversation, by=request.member)
    return HttpResponse(status=204)


@require_POST
@workspace_view("reply")
def unread(request: Any, workspace: Workspace, queue: str, uuid: UUID) -> HttpResponse:
    """Put the conversation back on the pile and go back to the list: an open one would be seen again at once."""
    at = desk(request, workspace, queue, uuid)
    conversations.mark_unread(at.conversation, by=request.member)
    address = presenting_pages.list_urls(workspace, queue)["queue"]
    if not request.htmx:
        return redirect(address)
    context = row_context(request, at, current="") | {"queue_title": queues.TITLES[queue]}
    response = render(request, "inbox/_closed.html", context)
    response["HX-Push-Url"] = address
    return told(response, **{"conversation:closed": {"id": str(uuid)}})


def _before(request: HttpRequest, at: Desk) -> Message | None:
    """The message named by ?before=, which must be of this conversation. Raises Http404."""
    named = request.GET.get("before", "")
    if not named:
        return None
    try:
        uuid = UUID(named)
    except ValueError:
        return None
    found = Message.objects.filter(workspace_id=at.conversation.workspace_id, conversation=at.conversation)
    return get_object_or_404(found, uuid=uuid)

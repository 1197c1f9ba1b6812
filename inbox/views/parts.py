"""What several inbox views answer with: whole pages, the open thread, and what changed in it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.dateparse import parse_datetime

from inbox import presenting_pages, queues, reading
from inbox.models import Conversation, Message
from inbox.presenting_pages import Desk
from inbox.presenting_rows import rows
from inbox.presenting_threads import timeline
from inbox.reacting import EMOJI
from workspaces.models import Channel, Member, Workspace
from workspaces.presenting_times import Calendar

LONGEST_CURSOR = timedelta(days=2)  # a tab that slept longer gets the recent changes only and reloads by hand


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a piece; a boosted or restored visit wants the page."""
    htmx: Any = request.htmx  # type: ignore[attr-defined]  # set by HtmxMiddleware
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def desk(request: Any, workspace: Workspace, queue: str, uuid: UUID) -> Desk:
    """The named conversation of this workspace with what its page shows. Raises Http404."""
    found = Conversation.objects.filter(workspace_id=workspace.pk).exclude(status=Conversation.Status.HIDDEN)
    related = found.select_related("contact", "identity", "assignee", "channel", "last_reply_by")
    return Desk(get_object_or_404(related, uuid=uuid), request.member, queue, Calendar.of(request))


def list_context(request: Any, workspace: Workspace, queue: str, *, current: str = "") -> dict[str, Any]:
    """What the list shows: the rows of a page or of a search, and where the next page is."""
    query = " ".join(request.GET.get("q", "").split())[:100]
    before = request.GET.get("before", "")
    if query:
        page = queues.matching(query, workspace)
    else:
        page = queues.page(queue, workspace, request.member, before=before, size=_size(request))
    urls = presenting_pages.list_urls(workspace, queue)
    context: dict[str, Any] = {
        "section": "inbox",
        "queue": queue,
        "queue_title": queues.TITLES[queue],
        "query": query,
        "before": before,
        "urls": urls,
        "rows": rows(
            page.conversations,
            base=urls["queue"],
            calendar=Calendar.of(request),
            current=current,
            show_assignee=queue != "mine",
        ),
        "more": f"{urls['rows']}?before={page.more}" if page.more else "",
        "more_page": f"{urls['queue']}?before={page.more}" if page.more else "",
    }
    if not page.conversations:
        context["has_channel"] = Channel.objects.filter(workspace_id=workspace.pk, disconnected_at=None).exists()
    return context


def _size(request: Any) -> int:
    """How many rows: a page, or as many as the list that is being brought up to date shows already."""
    shown = request.GET.get("count", "")
    return min(max(int(shown), queues.PAGE), queues.MOST) if shown.isdecimal() and len(shown) < 6 else queues.PAGE


def counts_context(request: Any, workspace: Workspace, queue: str) -> dict[str, Any]:
    counts = queues.counts(workspace, request.member)
    return {
        "counts": counts,
        "tabs": presenting_pages.tabs(workspace, queue, counts),
        "urls": presenting_pages.list_urls(workspace, queue),
    }


def page_context(request: Any, workspace: Workspace, queue: str, *, current: str = "") -> dict[str, Any]:
    """Everything of the inbox page but the open thread."""
    chosen = request.COOKIES.get(presenting_pages.SIDE, "open")
    return {
        **list_context(request, workspace, queue, current=current),
        **counts_context(request, workspace, queue),
        "side": "closed" if chosen == "closed" else "open",
        "viewer_zone": Calendar.of(request).zone.key,
    }


def thread_context(desk: Desk, stretch: reading.Stretch, **writing: Any) -> dict[str, Any]:
    """The open thread: its bubbles and everything around them; `writing` is what the reply box holds already."""
    return {
        "thread": presenting_pages.thread(desk),
        "timeline": timeline(stretch.messages, stretch.events, desk.frame(stretch), before=stretch.above),
        "composer": presenting_pages.composer(desk, **writing),
        "reactions": list(EMOJI.items()),
        "members": team(desk.member.workspace),
        "urls": presenting_pages.list_urls(desk.member.workspace, desk.queue),
        "now_clock": desk.calendar.clock(desk.calendar.now),
        **older_context(desk, stretch),
    }


def older_context(desk: Desk, stretch: reading.Stretch) -> dict[str, str]:
    """Where the messages above a stretch are, when there are any."""
    if stretch.above is None:
        return {"older": "", "older_page": ""}
    first = stretch.messages[0].uuid
    return {"older": f"{desk.base}older/?before={first}", "older_page": f"{desk.base}?before={first}"}


def team(workspace: Workspace) -> list[Member]:
    """Who may be made responsible."""
    return list(Member.objects.filter(workspace_id=workspace.pk, removed_at=None).order_by("name"))


def full_page(
    request: Any,
    desk: Desk,
    *,
    stretch: reading.Stretch | None = None,
    status: int = 200,
    **writing: Any,
) -> HttpResponse:
    """The three panes with this conversation open; `writing` is for the reply box: text, error, quoted."""
    workspace = desk.member.workspace
    context = page_context(request, workspace, desk.queue, current=str(desk.conversation.uuid))
    stretch = stretch or reading.page(desk.conversation)
    context |= thread_context(desk, stretch, **writing) | presenting_pages.side(desk)
    return render(request, "inbox/inbox.html", context, status=status)


def quoted(desk: Desk, named: str) -> Message | None:
    """The message somebody is about to reply to; None when none was named, or it cannot be quoted."""
    try:
        return reading.quotable(desk.conversation, UUID(named)) if named else None
    except ValueError:
        return None


def changes(request: Any, desk: Desk, *, with_row: bool = False) -> HttpResponse:
    """What changed in an open thread since its cursor, as pieces that find their place out of band."""
    after = cursor(request, desk)
    stretch = reading.changes(desk.conversation, after)
    context = thread_context(desk, stretch) | {"oob": True, "timeline": _changed(desk, stretch)}
    shown = request.GET.get("composer") or request.POST.get("composer", "")
    context["composer_changed"] = bool(shown) and shown != context["composer"]["state"]
    context["side"] = "closed" if request.COOKIES.get(presenting_pages.SIDE) == "closed" else "open"
    if with_row:
        context |= row_context(request, desk, current=str(desk.conversation.uuid))
    return render(request, "inbox/_delta.html", context)


def row_context(request: Any, desk: Desk, *, current: str) -> dict[str, Any]:
    """The conversation's row as it is in the queue now, or that it has left it; `current` is the one that is open."""
    workspace, uuid = desk.member.workspace, desk.conversation.uuid
    found = queues.named([uuid], desk.queue, workspace, desk.member)
    base = presenting_pages.list_urls(workspace, desk.queue)["queue"]
    shown = rows(found, base=base, calendar=desk.calendar, current=current, show_assignee=desk.queue != "mine")
    return {"with_row": True, "rows": shown, "gone": [] if found else [uuid]}


def _changed(desk: Desk, stretch: reading.Stretch) -> list[Any]:
    """Old messages that changed stand alone; what is new continues from the message above it."""
    above = stretch.above
    old = [m for m in stretch.messages if above and (m.occurred_at, m.pk) <= (above.occurred_at, above.pk)]
    new = stretch.messages[len(old) :]
    frame = desk.frame(stretch)
    alone = [entry for message in old for entry in timeline([message], [], frame, before=message)]
    return alone + timeline(new, stretch.events, frame, before=above)


def cursor(request: Any, desk: Desk) -> datetime:
    """Since when the screen that asks knows everything."""
    sent = request.GET.get("after") or request.POST.get("seen", "")
    try:
        after = parse_datetime(sent.replace(" ", "+")) if sent else None
    except ValueError:
        after = None
    now = desk.calendar.now
    if after is None or after.tzinfo is None:
        return now
    return min(max(after, now - LONGEST_CURSOR), now)


def told(response: HttpResponse, **events: Any) -> HttpResponse:
    """Let the page's scripts know something beside the HTML."""
    response["HX-Trigger"] = json.dumps(events)
    return response

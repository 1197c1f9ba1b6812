"""The conversation list: pages of a queue, rows that changed, counts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from inbox import presenting_pages, queues
from inbox.presenting_rows import rows as present
from workspaces.access import workspace_view
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .parts import counts_context, list_context, page_context

MOST = 50  # rows asked for by name


@require_GET
@workspace_view("read_inbox")
def start(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """The inbox opens on what is mine."""
    return redirect(f"{presenting_pages.inbox_url(workspace)}mine/")


@require_GET
@workspace_view("read_inbox")
def queue(request: HttpRequest, workspace: Workspace, queue: str) -> HttpResponse:
    """The inbox with no conversation open."""
    return render(request, "inbox/inbox.html", page_context(request, workspace, queue))


@require_GET
@workspace_view("read_inbox")
def rows(request: HttpRequest, workspace: Workspace, queue: str) -> HttpResponse:
    """Rows only: the next page, a search, or the first page again."""
    context = list_context(request, workspace, queue)
    if not context["rows"]:
        context |= counts_context(request, workspace, queue)
    template = "inbox/_rows.html" if request.GET.get("before") else "inbox/_rows_or_empty.html"
    return render(request, template, context)


@require_GET
@workspace_view("read_inbox")
def rows_delta(request: Any, workspace: Workspace, queue: str) -> HttpResponse:
    """The named conversations' rows; those no longer in the queue are said to be gone."""
    wanted = _uuids(request.GET.getlist("id"))
    found = queues.named(wanted, queue, workspace, request.member)
    base = presenting_pages.list_urls(workspace, queue)["queue"]
    shown = present(found, base=base, calendar=Calendar.of(request), show_assignee=queue != "mine")
    gone = [uuid for uuid in wanted if uuid not in {conversation.uuid for conversation in found}]
    return render(request, "inbox/_rows_delta.html", {"rows": shown, "gone": gone})


@require_GET
@workspace_view("read_inbox")
def counts(request: HttpRequest, workspace: Workspace, queue: str) -> HttpResponse:
    """The queue tabs with their numbers."""
    return render(request, "inbox/_counts.html", counts_context(request, workspace, queue))


def _uuids(words: list[str]) -> list[UUID]:
    found = []
    for word in words[:MOST]:
        try:
            found.append(UUID(word))
        except ValueError:
            continue
    return found

"""Who answers a conversation, and whether it is done."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from inbox import conversations, queues
from inbox.forms import AssigneeForm, StatusForm
from inbox.models import Conversation
from inbox.presenting_pages import Desk
from workspaces.access import workspace_view
from workspaces.models import Workspace

from .parts import changes, desk, full_page, told


@require_POST
@workspace_view("reply")
def assignee(request: Any, workspace: Workspace, queue: str, uuid: UUID) -> HttpResponse:
    """Give the conversation to a member, or to nobody."""
    at = desk(request, workspace, queue, uuid)
    form = AssigneeForm(request.POST, workspace=workspace)
    if not form.is_valid():
        return _refused(request, at, "This person is not in the team.")
    to = form.cleaned_data["assignee"]
    try:
        conversations.assign(at.conversation, to=to, by=request.member)
    except conversations.Refused as error:
        return _refused(request, at, str(error))
    words = (
        "Assigned to nobody" if to is None else "Assigned to you" if to == request.member else f"Assigned to {to.name}"
    )
    return _done(request, workspace, queue, uuid, words)


@require_POST
@workspace_view("reply")
def status(request: Any, workspace: Workspace, queue: str, uuid: UUID) -> HttpResponse:
    """Resolve or reopen."""
    at = desk(request, workspace, queue, uuid)
    form = StatusForm(request.POST)
    if not form.is_valid():
        return _refused(request, at, "There is no such status.")
    was = at.conversation.status
    wanted = form.cleaned_data["status"]
    change = conversations.resolve if wanted == Conversation.Status.RESOLVED else conversations.reopen
    change(at.conversation, by=request.member)
    words = "Resolved" if wanted == Conversation.Status.RESOLVED else "Reopened"
    undo = {"undo": f"{at.base}status/", "values": {"status": was}} if was != wanted else {}
    return _done(request, workspace, queue, uuid, words, **undo)


def _done(request: Any, workspace: Workspace, queue: str, uuid: UUID, words: str, **toast: Any) -> HttpResponse:
    at = desk(request, workspace, queue, uuid)
    if not request.htmx:
        return redirect(at.base)
    events: dict[str, Any] = {"toast": {"text": words, **toast}}
    if not queues.named([uuid], queue, workspace, request.member):
        events["conversation:left"] = {"id": str(uuid)}
    return told(changes(request, at, with_row=True), **events)


def _refused(request: Any, at: Desk, reason: str) -> HttpResponse:
    if request.htmx:
        return told(HttpResponse(status=204), toast={"text": reason, "bad": True})
    return full_page(request, at, error=reason, status=422)

"""What can be done with a broadcast on its way or over: pause, resume, cancel, a new draft for some of its people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from broadcasts import campaigns
from broadcasts.presenting_report import AGAIN
from workspaces.access import workspace_view
from workspaces.models import Workspace

from .parts import broadcast_of

DONE = {
    "pause": "Paused. Nobody is written to until somebody resumes it.",
    "resume": "It goes on.",
    "cancel": "Cancelled. What was not sent is refunded.",
}


@require_POST
@workspace_view("manage_broadcasts")
def pause(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Send nothing more for now."""
    return _steer(request, workspace, uuid, "pause")


@require_POST
@workspace_view("manage_broadcasts")
def resume(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Go on."""
    return _steer(request, workspace, uuid, "resume")


@require_POST
@workspace_view("manage_broadcasts")
def cancel(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Send nothing more, ever."""
    return _steer(request, workspace, uuid, "cancel")


def _steer(request: Any, workspace: Workspace, uuid: UUID, act: str) -> HttpResponse:
    found = broadcast_of(workspace, uuid)
    try:
        getattr(campaigns, act)(found, by=request.member)
    except campaigns.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, DONE[act])
    return redirect("broadcasts:broadcast", workspace.slug, found.uuid)


@require_POST
@workspace_view("manage_broadcasts")
def again(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """A new draft with the same message for some of those it was for. Sends nothing."""
    found = broadcast_of(workspace, uuid)
    who = request.POST.get("who", "")
    if who not in AGAIN or found.started_at is None:
        messages.error(request, "Choose for whom the new draft is.")
        return redirect("broadcasts:broadcast", workspace.slug, found.uuid)
    audience = {"include": [{"broadcast": str(found.uuid), "who": who}], "exclude": []}
    copy = campaigns.duplicate(found, by=request.member, name=f"{found.name}: again"[:120], audience=audience)
    messages.success(request, f"This is a new draft for those who {AGAIN[who][1]}. Nothing is sent yet.")
    return redirect("broadcasts:broadcast", workspace.slug, copy.uuid)

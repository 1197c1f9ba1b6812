"""What several views of the wizard start from or answer with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from broadcasts import audience, campaigns, estimating, presenting_message, presenting_wizard, scheduling
from broadcasts.models import Broadcast
from contacts.models import Contact
from templates_mgmt.presenting import when
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

SAMPLE = 20  # people in a preview, and behind each figure


def broadcast_of(workspace: Workspace, uuid: UUID) -> Broadcast:
    """The broadcast of this workspace with what it is made of. Raises Http404, for deleted ones too."""
    found = Broadcast.objects.select_related("channel", "translation__template")
    broadcast = get_object_or_404(found, workspace_id=workspace.pk, uuid=uuid, deleted_at=None)
    broadcast.workspace = workspace
    return broadcast


def report_url(workspace: Workspace, broadcast: Broadcast) -> str:
    """The page of the broadcast itself; the addresses of its steps begin with it."""
    return f"{reverse('broadcasts:list', args=[workspace.slug])}{broadcast.uuid}/"


def to_step(workspace: Workspace, broadcast: Broadcast, step: str) -> HttpResponse:
    if step == "review":
        return redirect("broadcasts:review", workspace.slug, broadcast.uuid)
    return redirect("broadcasts:step", workspace.slug, broadcast.uuid, step)


def visit(request: Any, response: HttpResponse) -> HttpResponse:
    """A redirect that htmx follows as a visit of the page, not as a piece of it."""
    if not request.htmx:
        return response
    return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})


def saved(request: Any, broadcast: Broadcast) -> dict[str, Any]:
    """Which revision the form is of, and since when it is kept."""
    return {"revision": broadcast.revision, "saved_at": when(Calendar.of(request), broadcast.updated_at)}


def summary(request: Any, broadcast: Broadcast, base: str, *, patient: bool = False) -> dict[str, Any]:
    """Who would receive it and what that costs, or why that cannot be said."""
    calendar = Calendar.of(request)
    if not broadcast.audience.get("include"):
        return {"has_audience": False, "people": 0, "exact": True}
    try:
        found = audience.breakdown(broadcast, patient=patient, now=calendar.now)
    except audience.BadAudience as bad:
        return {"has_audience": True, "audience_problem": str(bad), "people": 0, "exact": True}
    at = scheduling.first_fire(broadcast, calendar.now)
    bill = estimating.estimate(broadcast, found.by_country, found.will_receive, at=at)
    again = not found.exact and not patient
    return {**presenting_wizard.summary(broadcast, found, bill, calendar, base), "again": again}


def preview(request: Any, workspace: Workspace, broadcast: Broadcast) -> dict[str, Any]:
    """The message as one of those who would receive it gets it; ?at= says which."""
    written = request.GET.get("at", "")
    at = int(written) if written.isdecimal() and len(written) < 4 else 0
    people: list[Contact] = []
    if broadcast.audience.get("include"):
        try:
            people = audience.sample(broadcast, "", SAMPLE)
        except audience.BadAudience:
            people = []
    return presenting_message.preview(workspace, broadcast, people, at)


def has_message(broadcast: Broadcast) -> bool:
    return bool(broadcast.translation_id or broadcast.text)


def problems_of(request: Any, broadcast: Broadcast, counted: dict[str, Any]) -> list[campaigns.Problem]:
    """What keeps it from being launched; `counted` is its `summary`, so that nobody is counted twice."""
    return campaigns.problems(broadcast, now=Calendar.of(request).now, counted=counted.get("breakdown"))

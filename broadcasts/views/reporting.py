"""The page of one broadcast: to its draft, or how far it is and what became of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from broadcasts import (
    over_time,
    presenting_list,
    presenting_report,
    presenting_schedule,
    presenting_timeline,
    tallying,
)
from broadcasts.models import Broadcast, Recipient
from workspaces.access import allows, workspace_view
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .parts import PAGE, broadcast_of

OCCURRENCES = 20  # of a schedule, shown
LARGE = 20_000  # people from whom on the charts over time come after the page


@require_GET
@workspace_view("read_broadcasts")
def broadcast(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """A draft is gone on with; what waits for its time says when; the rest reports."""
    found = broadcast_of(workspace, uuid)
    if found.is_editable:
        return redirect("broadcasts:step", workspace.slug, found.uuid, "audience")
    if found.status in (Broadcast.Status.SCHEDULED, Broadcast.Status.MISSED):
        return render(request, "broadcasts/waiting.html", _waiting(request, workspace, found))
    context = _report(request, workspace, found)
    later = context["figures"]["audience"] > LARGE and "span" not in request.GET
    context |= {"timeline": {"later": True}} if later else _timeline(request, workspace, found)
    return render(request, "broadcasts/report.html", context)


def _report(request: Any, workspace: Workspace, found: Broadcast) -> dict[str, Any]:
    return {
        **PAGE,
        **presenting_report.head(found, workspace, Calendar.of(request)),
        **presenting_report.report(found, workspace, tallying.recent(found)),
        "tab": "report",
        "can_manage": allows(request.member.role, "manage_broadcasts"),
    }


def _timeline(request: Any, workspace: Workspace, found: Broadcast) -> dict[str, Any]:
    base = reverse("broadcasts:broadcast", args=[workspace.slug, found.uuid])
    series = over_time.series(found, request.GET.get("span", ""))
    return presenting_timeline.timeline(series, Calendar.of(request), base)


def _waiting(request: Any, workspace: Workspace, found: Broadcast) -> dict[str, Any]:
    calendar = Calendar.of(request)
    sent = Broadcast.objects.filter(workspace_id=workspace.pk, series=found, deleted_at=None).order_by("-id")
    return {
        **PAGE,
        **presenting_report.head(found, workspace, calendar),
        "schedule": presenting_schedule.in_words(found, found.time_zone or workspace.time_zone),
        "next": presenting_schedule.moment(found.next_fire_at, calendar),
        "occurrences": [
            {
                "uuid": each.uuid,
                "name": each.name,
                "day": each.occurrence,
                "chip": presenting_list.chip(each),
            }
            for each in sent[:OCCURRENCES]
        ],
        "can_manage": allows(request.member.role, "manage_broadcasts"),
    }


@require_GET
@workspace_view("read_broadcasts")
def progress(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """The report again, when something has changed. A broadcast that began meanwhile is shown as a page anew."""
    found = broadcast_of(workspace, uuid)
    if found.status in (Broadcast.Status.SCHEDULED, Broadcast.Status.MISSED, Broadcast.Status.DRAFT):
        return HttpResponse(status=204)
    return render(request, "broadcasts/_report.html", _report(request, workspace, found))


@require_GET
@workspace_view("read_broadcasts")
def began(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Asked by the page of one that waits for its time: nothing while it does, else a visit of the page."""
    found = broadcast_of(workspace, uuid)
    if found.status == Broadcast.Status.SCHEDULED:
        return HttpResponse(status=204)
    return HttpResponse(status=204, headers={"HX-Refresh": "true"})


@require_GET
@workspace_view("read_broadcasts")
def timeline(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """The charts over time again."""
    found = broadcast_of(workspace, uuid)
    context = {"broadcast": found, **_timeline(request, workspace, found)}
    return render(request, "broadcasts/_timeline.html", context)


@require_GET
@workspace_view("read_broadcasts")
def of_message(request: Any, workspace: Workspace, message: UUID) -> HttpResponse:
    """From a message in a thread to the broadcast it belongs to."""
    found = Recipient.objects.filter(workspace_id=workspace.pk, message__uuid=message).select_related("broadcast")
    recipient = get_object_or_404(found, broadcast__deleted_at=None)
    return redirect("broadcasts:broadcast", workspace.slug, recipient.broadcast.uuid)

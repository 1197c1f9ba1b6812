"""One broadcast beside another."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from broadcasts import costing, presenting_comparison, presenting_report, tallying
from broadcasts.models import Broadcast
from workspaces.access import workspace_view
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .parts import PAGE, broadcast_of

OFFERED = 100  # the newest


@require_GET
@workspace_view("read_broadcasts")
def comparison(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Both in figures and shares; without a choice the one sent before."""
    broadcast = broadcast_of(workspace, uuid)
    others = _others(broadcast)
    asked = request.GET.get("with", "")
    other = next((each for each in others if str(each.uuid) == asked), None) or _before(broadcast, others)
    context: dict[str, Any] = {
        **PAGE,
        **presenting_report.head(broadcast, workspace, Calendar.of(request)),
        "tab": "comparison",
        "others": presenting_comparison.choices(others, Calendar.of(request)),
        "other": other,
    }
    if other is not None:
        sides = [(each, tallying.recent(each), costing.cost(each)) for each in (broadcast, other)]
        context |= presenting_comparison.sides(sides, workspace, Calendar.of(request))
    return render(request, "broadcasts/comparison.html", context)


def _before(broadcast: Broadcast, others: list[Broadcast]) -> Broadcast | None:
    """The newest that began before it, else the newest of all."""
    began = broadcast.started_at
    earlier = (each for each in others if began and each.started_at and each.started_at < began)
    return next(earlier, others[0] if others else None)


def _others(broadcast: Broadcast) -> list[Broadcast]:
    started = Broadcast.objects.filter(workspace_id=broadcast.workspace_id, deleted_at=None, started_at__isnull=False)
    found = started.exclude(pk=broadcast.pk).select_related("channel", "translation__template", "launched_by")
    return list(found.order_by("-started_at", "-pk")[:OFFERED])

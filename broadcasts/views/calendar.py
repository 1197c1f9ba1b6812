"""Broadcasts by the day they go out."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from broadcasts import presenting_calendar
from broadcasts.presenting_calendar import Month
from workspaces.access import allows, workspace_view
from workspaces.fragments import is_fragment
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar


@require_GET
@workspace_view("read_broadcasts")
def month(request: Any, workspace: Workspace) -> HttpResponse:
    """A month, by default the present one, on the reader's own clock."""
    times = Calendar.of(request)
    asked = Month.read(request.GET.get("month", ""), times.local(times.now).date())
    context = {
        "section": "broadcasts",
        "tab": "calendar",
        "base": reverse("broadcasts:list", args=[workspace.slug]),
        "can_manage": allows(request.member.role, "manage_broadcasts"),
        "zone": times.zone.key.replace("_", " "),
        "month": presenting_calendar.page(workspace, asked, times),
    }
    return render(request, "broadcasts/_month.html" if is_fragment(request) else "broadcasts/calendar.html", context)

"""Notices: what happened to templates at the provider, and the badge that says there is something new."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from templates_mgmt import notices, presenting_news
from templates_mgmt.models import TemplateNotice
from workspaces.access import workspace_view
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .parts import PAGE

SHOWN = 100


@require_http_methods(["GET", "POST"])
@workspace_view("manage_templates")
def news(request: Any, workspace: Workspace) -> HttpResponse:
    """The newest notices; a POST marks them all as read for this member."""
    if request.method == "POST":
        notices.mark_seen(request.member)
        back = request.POST.get("back") == "list"
        return redirect("templates_mgmt:listing" if back else "templates_mgmt:news", workspace.slug)
    found = TemplateNotice.objects.filter(workspace_id=workspace.pk).select_related("translation__template")
    unseen = {notice.pk for notice in notices.unseen(request.member)}
    rows = presenting_news.rows(shown := list(found.order_by("-id")[:SHOWN]), workspace, Calendar.of(request))
    for row, notice in zip(rows, shown, strict=True):
        row["unseen"] = notice.pk in unseen
    return render(request, "templates_mgmt/news.html", {"news": rows, "unseen_count": len(unseen), **PAGE})


@require_GET
@workspace_view("manage_templates")
def badge(request: Any, workspace: Workspace) -> HttpResponse:
    """How many notices are new, for the rail."""
    return render(request, "templates_mgmt/_badge.html", {"count": len(notices.unseen(request.member))})

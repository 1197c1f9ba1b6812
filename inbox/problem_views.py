"""Settings → Webhook problems."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST

from workspaces.access import workspace_view
from workspaces.models import Workspace

from . import problems


@require_GET
@workspace_view("read_dead_letters")
def listing(request: Any, workspace: Workspace) -> HttpResponse:
    before = request.GET.get("before", "")
    at = int(before) if before.isdecimal() and len(before) < 19 else None
    found, following = problems.page(workspace, before=at)
    context = {"problems": found, "next": following, "first": at is None, "section": "settings", "tab": "problems"}
    return render(request, "inbox/problems.html", context)


@require_POST
@workspace_view("read_dead_letters")
def replay(request: Any, workspace: Workspace, webhook_id: int) -> HttpResponse:
    webhook = get_object_or_404(problems.open_problems(workspace), pk=webhook_id)
    problems.replay(webhook, by=request.member)
    messages.success(request, "The webhook is being applied again. If it still cannot be, it comes back here.")
    return redirect("problems:listing", workspace.slug)


@require_POST
@workspace_view("read_dead_letters")
def replay_all(request: Any, workspace: Workspace) -> HttpResponse:
    count = problems.replay_all(workspace, by=request.member)
    messages.success(request, f"{count} webhook{'' if count == 1 else 's'} being applied again.")
    return redirect("problems:listing", workspace.slug)

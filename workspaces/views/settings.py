"""General settings of a workspace and its audit log."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from .. import workspace_settings
from ..access import workspace_view
from ..auditing import ACTIONS
from ..forms import WorkspaceForm
from ..models import AuditEntry, Workspace

PAGE = 50


@require_GET
@workspace_view("manage_workspace")
def start(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    return redirect("workspaces:general", workspace.slug)


@require_http_methods(["GET", "POST"])
@workspace_view("manage_workspace")
def general(request: Any, workspace: Workspace) -> HttpResponse:
    form = WorkspaceForm(request.POST or None, instance=Workspace.objects.get(pk=workspace.pk))
    if request.method == "POST" and form.is_valid():
        workspace_settings.change(workspace, **form.cleaned_data, by=request.member)
        messages.success(request, "The settings are saved.")
        return redirect("workspaces:general", workspace.slug)
    context = {"form": form, "section": "settings", "tab": "general"}
    return render(request, "workspaces/general.html", context, status=422 if form.errors else 200)


@require_GET
@workspace_view("read_audit")
def audit(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """Newest first, in pages that continue below the last id seen."""
    entries = AuditEntry.objects.filter(workspace=workspace).select_related("actor").order_by("-id")
    action = request.GET.get("action", "")
    if action in ACTIONS:
        entries = entries.filter(action=action)
    before = request.GET.get("before", "")
    if before.isdecimal() and len(before) < 19:
        entries = entries.filter(id__lt=int(before))
    page = list(entries[: PAGE + 1])
    context = {
        "entries": [_in_words(entry) for entry in page[:PAGE]],
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
        "first": not before,
        "action": action,
        "actions": ACTIONS,
        "section": "settings",
        "tab": "audit",
    }
    return render(request, "workspaces/audit.html", context)


def _in_words(entry: AuditEntry) -> dict[str, Any]:
    before, after = entry.before or {}, entry.after or {}
    changes = [
        {"name": key.replace("_", " "), "before": _value(before.get(key)), "after": _value(after.get(key))}
        for key in {**before, **after}
    ]
    return {
        "label": ACTIONS.get(entry.action, entry.action),
        "target": entry.target,
        "changes": changes,
        "actor": entry.actor,
        "created_at": entry.created_at,
        "ip": entry.ip,
    }


def _value(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value

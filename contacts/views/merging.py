"""Joining two contacts that are one person: pick the other, choose field by field, and part them again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from contacts import merging
from contacts.models import Contact, Merge
from contacts.presenting_merges import candidates, comparison, past
from contacts.presenting_rows import display_name
from workspaces.access import workspace_view
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .parts import contact_of, identities_of


@require_http_methods(["GET", "POST"])
@workspace_view("manage_contacts")
def merge(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """GET finds the other contact, with ?with= shows both side by side; POST joins them."""
    kept, error = contact_of(workspace, uuid), ""
    other = _named(workspace, kept, (request.POST if request.method == "POST" else request.GET).get("with", ""))
    if request.method == "POST" and other is not None:
        choices = {
            field: request.POST[f"field-{field}"]
            for field in merging.fields_of(workspace.pk)
            if request.POST.get(f"field-{field}") in (merging.KEPT, merging.GONE)
        }
        try:
            merging.merge(kept, other, choices, by=request.member)
        except merging.NotMergeable as refusal:
            error = str(refusal)
        else:
            messages.success(request, "The two contacts are one now. For 7 days this can be undone under Merge.")
            return redirect("contacts:record", workspace.slug, kept.uuid)
    elif request.method == "POST":
        error = "Choose the contact to merge with. It may have been deleted meanwhile."
    return _page(request, kept, other, error)


@require_POST
@workspace_view("manage_contacts")
def merge_undo(request: Any, workspace: Workspace, uuid: UUID, merge_id: int) -> HttpResponse:
    """Part two merged contacts."""
    kept = contact_of(workspace, uuid)
    joined = get_object_or_404(Merge, workspace_id=workspace.pk, kept=kept, pk=merge_id)
    try:
        back = merging.undo(joined, by=request.member)
    except merging.NotMergeable as refusal:
        return _page(request, kept, None, str(refusal))
    messages.success(request, "The merge is undone. This contact is back.")
    return redirect("contacts:record", workspace.slug, back.uuid)


def _named(workspace: Workspace, kept: Contact, given: str) -> Contact | None:
    try:
        uuid = UUID(given)
    except ValueError:
        return None
    found = Contact.objects.filter(workspace_id=workspace.pk, uuid=uuid, deleted_at=None)
    return found.exclude(pk=kept.pk).first()


def _page(request: Any, kept: Contact, other: Contact | None, error: str) -> HttpResponse:
    calendar = Calendar.of(request)
    query = " ".join(request.GET.get("q", "").split())[:100]
    context: dict[str, Any] = {
        "section": "contacts",
        "contact": kept,
        "name": display_name(kept, identities_of(kept)),
        "error": error,
        "query": query,
        "past": past(kept, calendar),
    }
    if other is not None:
        context["other"] = other
        context["other_name"] = display_name(other, identities_of(other))
        context.update(comparison(kept, other))
    else:
        context["candidates"] = candidates(kept, query)
    return render(request, "contacts/merge.html", context, status=422 if error else 200)

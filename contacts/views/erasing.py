"""What the law lets a person ask for: everything about them as a file, or to be forgotten."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from contacts import erasing
from contacts import person_export as exports
from contacts.models import Erasure, ExportRun
from contacts.presenting_rows import display_name
from workspaces import auditing
from workspaces.access import workspace_view
from workspaces.fragments import is_fragment
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .parts import contact_of, identities_of

WORD = "erase"  # typed to confirm
SHOWN = 200


@require_http_methods(["GET", "POST"])
@workspace_view("manage_contacts")
def erasure(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Say what erasing means, and do it once the word is typed."""
    contact, error = contact_of(workspace, uuid), ""
    if request.method == "POST":
        if request.POST.get("confirmation", "").strip().lower() == WORD:
            erasing.request(contact, by=request.member)
            messages.success(request, "The contact is hidden now and erased within minutes.")
            return redirect("contacts:erasures", workspace.slug)
        error = f"Type {WORD} to confirm. Nothing was erased."
    context = {
        "section": "contacts",
        "contact": contact,
        "name": display_name(contact, identities_of(contact)),
        "word": WORD,
        "error": error,
    }
    return render(request, "contacts/erasure.html", context, status=422 if error else 200)


@require_GET
@workspace_view("manage_contacts")
def erasures(request: Any, workspace: Workspace) -> HttpResponse:
    """The log: that somebody was erased, when and by whom, never who it was."""
    found = Erasure.objects.filter(workspace_id=workspace.pk).select_related("requested_by").order_by("-id")[:SHOWN]
    calendar = Calendar.of(request)
    rows = [
        {
            "number": entry.pk,
            "done": entry.state == Erasure.State.DONE,
            "word": entry.get_state_display(),
            "reason": entry.get_reason_display(),
            "by": entry.requested_by.name if entry.requested_by else "",
            "at": calendar.long(entry.created_at),
            "iso": entry.created_at.isoformat(),
            "counts": entry.counts,
        }
        for entry in found
    ]
    template = "contacts/_erasures.html" if is_fragment(request) else "contacts/erasures.html"
    return render(request, template, {"section": "contacts", "tab": "erasures", "rows": rows, "most": SHOWN})


@require_http_methods(["GET", "POST"])
@workspace_view("manage_contacts")
def person_export(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Have everything about one person written to a file, and fetch it from here."""
    contact = contact_of(workspace, uuid)
    if request.method == "POST":
        exports.request(contact, by=request.member)
        return redirect("contacts:person_export", workspace.slug, contact.uuid)
    calendar = Calendar.of(request)
    runs = [
        {
            "uuid": run.uuid,
            "state": run.state,
            "count": run.count,
            "error": run.error,
            "at": calendar.long(run.created_at),
            "iso": run.created_at.isoformat(),
            "until": calendar.long(run.expires_at),
        }
        for run in exports.runs_of(contact)
    ]
    waiting = [run["uuid"] for run in runs if run["state"] in (ExportRun.State.QUEUED, ExportRun.State.RUNNING)]
    context = {
        "section": "contacts",
        "contact": contact,
        "name": display_name(contact, identities_of(contact)),
        "runs": runs,
        "waiting": waiting[0] if waiting else None,
    }
    template = "contacts/_person_exports.html" if is_fragment(request) else "contacts/person_export.html"
    return render(request, template, context)


@require_GET
@workspace_view("manage_contacts")
def person_export_file(request: Any, workspace: Workspace, uuid: UUID, run: UUID) -> HttpResponseBase:
    """The file itself, as a download and nothing else."""
    contact = contact_of(workspace, uuid)
    found = get_object_or_404(exports.runs_of(contact).filter(state=ExportRun.State.DONE).exclude(file=""), uuid=run)
    try:
        stored = default_storage.open(found.file)
    except OSError as error:
        raise Http404("The file is no longer stored.") from error
    auditing.record(request, "contact.export_fetched", f"contact {contact.uuid}")
    name = f"contact-{contact.uuid}.zip"
    response = FileResponse(stored, as_attachment=True, filename=name, content_type="application/zip")
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response

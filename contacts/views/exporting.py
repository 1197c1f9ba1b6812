"""Exports of lists: ask for one, see how far it is, fetch the file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from contacts.exporting import running
from contacts.listing import BLOCKED, CONSENTS, Filter
from contacts.models import ExportRun, Segment, Tag
from workspaces import auditing
from workspaces.access import workspace_view
from workspaces.models import Channel, Workspace
from workspaces.presenting_times import Calendar

SHOWN = 50


@require_GET
@workspace_view("manage_contacts")
def listing(request: Any, workspace: Workspace) -> HttpResponse:
    """The files of the past week, and a form for the next; its filter comes from the list of contacts."""
    chosen = Filter.read(request.GET)
    context = {
        **_runs(request, workspace),
        "chosen": chosen,
        "filter": in_words(workspace, chosen),
        "formats": running.FORMATS.items(),
        "section": "contacts",
        "tab": "exports",
    }
    return render(request, "contacts/exports.html", context)


@require_GET
@workspace_view("manage_contacts")
def rows(request: Any, workspace: Workspace) -> HttpResponse:
    """The files again, while one is being written."""
    return render(request, "contacts/_export_rows.html", _runs(request, workspace))


def _runs(request: Any, workspace: Workspace) -> dict[str, Any]:
    calendar = Calendar.of(request)
    found = ExportRun.objects.filter(workspace_id=workspace.pk, format__in=running.FORMATS)
    found = found.select_related("created_by").order_by("-id")[:SHOWN]
    return {
        "runs": [
            {
                "run": run,
                "format": running.FORMATS[run.format],
                "filter": in_words(workspace, Filter.read(run.filters)),
                "at": calendar.long(run.created_at),
                "until": calendar.long(run.expires_at),
                "is_there": bool(run.file) and run.expires_at > timezone.now(),
                "works": run.state in {ExportRun.State.QUEUED, ExportRun.State.RUNNING},
            }
            for run in found
        ]
    }


def in_words(workspace: Workspace, chosen: Filter) -> str:
    """Whom a filter leaves, for people."""
    tag = Tag.objects.filter(workspace_id=workspace.pk, pk=int(chosen.tag)).first() if chosen.tag else None
    segment = Segment.objects.filter(workspace_id=workspace.pk, uuid=chosen.segment).first() if chosen.segment else None
    parts = [
        f"matching “{chosen.q}”" if chosen.q else "",
        f"tagged {tag.name if tag else 'with a tag that is gone'}" if chosen.tag else "",
        f"in the segment {segment.name if segment else 'that is gone'}" if chosen.segment else "",
        CONSENTS[chosen.consent].lower() if chosen.consent else "",
        f"on {Channel.Kind(chosen.channel).label}" if chosen.channel else "",
        BLOCKED[chosen.blocked].lower() if chosen.blocked else "",
    ]
    return "Contacts " + ", ".join(filter(None, parts)) if any(parts) else "All contacts"


@require_POST
@workspace_view("manage_contacts")
def new(request: Any, workspace: Workspace) -> HttpResponse:
    """Have a file written."""
    kind = request.POST.get("format", "")
    running.request(
        workspace, request.POST.dict(), format=kind if kind in running.FORMATS else "csv", by=request.member
    )
    return redirect("contacts:exports", workspace.slug)


@require_GET
@workspace_view("manage_contacts")
def file(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponseBase:
    """The file itself, for a week."""
    found = ExportRun.objects.filter(workspace_id=workspace.pk, format__in=running.FORMATS, state=ExportRun.State.DONE)
    run = get_object_or_404(found.filter(expires_at__gt=timezone.now()).exclude(file=""), uuid=uuid)
    try:
        stored = default_storage.open(run.file)
    except OSError as error:
        raise Http404("The file is no longer stored.") from error
    auditing.record(request, "export.fetched", run.format.upper(), after={"filter": run.filters, "people": run.count})
    name = f"contacts-{run.created_at:%Y-%m-%d}.{run.format}"
    response = FileResponse(stored, as_attachment=True, filename=name)
    response["X-Content-Type-Options"] = "nosniff"
    return response

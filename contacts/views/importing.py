"""The import wizard: upload, map, check, run, report. Each step has an address of its own, so leaving is safe."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.base import File
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import fields
from contacts import presenting_imports as presenting
from contacts.exporting import spreadsheets
from contacts.importing import rejected, sniffing, steps, undoing
from contacts.importing.mapping import MappingRefused
from contacts.importing.rows import Refused
from contacts.models import ImportRun
from workspaces import tenancy
from workspaces.access import workspace_view
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar
from workspaces.uploads import TOO_LARGE

PAGE = {"section": "contacts", "tab": "imports"}
DONE = 286  # htmx: the swap is made and no further question asked
CSV = "text/csv; charset=utf-8"


def _run_of(workspace: Workspace, uuid: UUID) -> ImportRun:
    found = ImportRun.objects.select_related("created_by").filter(workspace_id=workspace.pk)
    return get_object_or_404(found, uuid=uuid)


def _to(workspace: Workspace, run: ImportRun, name: str = "contacts:import") -> HttpResponse:
    return redirect(name, workspace.slug, run.uuid)


@require_GET
@workspace_view("manage_contacts")
def listing(request: Any, workspace: Workspace) -> HttpResponse:
    """The imports of the workspace, newest first."""
    found = ImportRun.objects.filter(workspace_id=workspace.pk).select_related("created_by").order_by("-id")[:100]
    calendar = Calendar.of(request)
    runs = [presenting.in_list(run, calendar) for run in found]
    return render(request, "contacts/imports.html", {"runs": runs, **PAGE})


@require_http_methods(["GET", "POST"])
@workspace_view("manage_contacts")
def new(request: Any, workspace: Workspace) -> HttpResponse:
    """Upload a file, or paste its rows."""
    context = {"most_rows": sniffing.WEB_ROWS, "most_bytes": sniffing.WEB_BYTES, **PAGE}
    if request.method == "GET":
        return render(request, "contacts/import_new.html", context)
    try:
        run = steps.upload(workspace, *_uploaded(request), by=request.member)
    except Refused as refused:
        template = "contacts/import_new.html#upload" if request.htmx else "contacts/import_new.html"
        return render(request, template, {**context, "error": str(refused)}, status=422)
    if request.htmx:
        address = reverse("contacts:import_mapping", args=[workspace.slug, run.uuid])
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return _to(workspace, run, "contacts:import_mapping")


def _uploaded(request: Any) -> tuple[File, str]:
    """The file that was sent, or the pasted rows as one, and its name. Raises Refused."""
    most = sniffing.WEB_BYTES // (1024 * 1024)
    pasted = request.POST.get("rows", "")
    if TOO_LARGE in request.META:
        raise Refused(f"The file is larger than {most} MB; split it and import the parts one after the other.")
    if file := request.FILES.get("file"):
        return file, file.name or ""
    if not pasted.strip():
        raise Refused("Choose a file, or paste some rows.")
    return SimpleUploadedFile("pasted.csv", pasted.encode()), "Pasted rows.csv"


@require_GET
@workspace_view("manage_contacts")
def sample(request: Any, workspace: Workspace) -> HttpResponse:
    """A file to begin with, in the form the importer knows by itself."""
    text = "".join(spreadsheets.csv_text(presenting.SAMPLE))
    return HttpResponse(text, headers=_download("contacts-sample.csv"))


def _download(name: str) -> dict[str, str]:
    return {
        "Content-Type": CSV,
        "Content-Disposition": content_disposition_header(True, name) or "",
        "X-Content-Type-Options": "nosniff",
    }


@require_GET
@workspace_view("manage_contacts")
def run(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Where an import stands; its address for good."""
    found = _run_of(workspace, uuid)
    if found.state == ImportRun.State.UPLOADED:
        return _to(workspace, found, "contacts:import_mapping")
    return render(request, "contacts/import.html", {**presenting.progress(found, Calendar.of(request)), **PAGE})


@require_GET
@workspace_view("manage_contacts")
def progress(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """What changes while a job works."""
    context = presenting.progress(_run_of(workspace, uuid), Calendar.of(request))
    return render(request, "contacts/_import_progress.html", context, status=200 if context["working"] else DONE)


@require_http_methods(["GET", "POST"])
@workspace_view("manage_contacts")
def columns(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Say what each column means; then the whole file is checked."""
    found, known = _run_of(workspace, uuid), list(fields.fields_of(workspace.pk))
    if found.state not in presenting.MAPPABLE:
        return _to(workspace, found)
    if request.method == "GET":
        return render(request, "contacts/import_mapping.html", {**presenting.mapping(found, known), **PAGE})
    chosen = presenting.chosen(request.POST, found)
    try:
        steps.check(found, chosen, known=known)
    except MappingRefused as refused:
        found.mapping = chosen.stored()
        context = {**presenting.mapping(found, known), "error": str(refused), **PAGE}
        return render(request, "contacts/import_mapping.html", context, status=422)
    return _to(workspace, found)


@require_POST
@workspace_view("manage_contacts")
def preview(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """What the first rows become with the columns as they are chosen now, which are kept."""
    found, known = _run_of(workspace, uuid), list(fields.fields_of(workspace.pk))
    if found.state in presenting.MAPPABLE:
        found = steps.keep_mapping(found, presenting.chosen(request.POST, found))
    context = {**presenting.mapping(found, known), "changed": True}
    return render(request, "contacts/_import_preview.html", context)


@require_POST
@workspace_view("manage_contacts")
def reading(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Read the file in another encoding, or with or without titles."""
    found = _run_of(workspace, uuid)
    try:
        encoding = request.POST.get("encoding") or found.format.get("encoding", "")
        steps.read_again(found, encoding=encoding, header=request.POST.get("header") == "yes")
    except (Refused, steps.StepRefused) as refused:
        messages.error(request, str(refused))
    return _to(workspace, found, "contacts:import_mapping")


@require_POST
@workspace_view("manage_contacts")
def start(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Import what was checked."""
    return _step(request, workspace, uuid, steps.start)


@require_POST
@workspace_view("manage_contacts")
def cancellation(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Stop; what is imported stays."""
    return _step(request, workspace, uuid, steps.cancel)


@require_POST
@workspace_view("manage_contacts")
def undo(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Take back the people this import added."""
    return _step(request, workspace, uuid, undoing.undo)


def _step(request: Any, workspace: Workspace, uuid: UUID, step: Any) -> HttpResponse:
    found = _run_of(workspace, uuid)
    try:
        step(found, by=request.member)
    except (steps.StepRefused, undoing.UndoRefused) as refused:
        messages.error(request, str(refused))
    return _to(workspace, found)


@require_GET
@workspace_view("manage_contacts", atomic=False)
def problems(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponseBase:
    """The rejected rows as they were, each with its line and what is wrong with it."""
    with tenancy.scope(workspace.pk):
        found = _run_of(workspace, uuid)
    rows: Iterator[str] = spreadsheets.csv_text(rejected.rows(found))
    name = f"rejected-{found.filename.rsplit('.', 1)[0]}.csv"
    return StreamingHttpResponse(_encoded(rows), headers=_download(name))


def _encoded(lines: Iterator[str]) -> Iterator[bytes]:
    """Pieces of some size: one line at a time would cost a write each."""
    buffer = io.StringIO()
    for line in lines:
        buffer.write(line)
        if buffer.tell() > 64_000:
            yield buffer.getvalue().encode()
            buffer = io.StringIO()
    yield buffer.getvalue().encode()

"""Writing a broadcast: the three steps that are filled in. Each has an address; everything typed is kept at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from broadcasts import audience_lists, campaigns, presenting_audience, presenting_wizard
from broadcasts.forms import NameForm
from broadcasts.models import Broadcast
from broadcasts.presenting_wizard import FORMS, STEPS
from contacts.importing.rows import Refused as BadFile
from templates_mgmt import drafting as templates
from templates_mgmt.refusals import TemplateRefused
from workspaces.access import workspace_view
from workspaces.fragments import told
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar
from workspaces.uploads import TOO_LARGE

from . import steps
from .draft_parts import broadcast_of, has_message, preview, problems_of, report_url, saved, summary, to_step, visit
from .steps import Unreadable

STALE = "Somebody changed this draft meanwhile, or you did in another tab."


@require_http_methods(["GET", "POST"])
@workspace_view("manage_broadcasts")
def new(request: Any, workspace: Workspace) -> HttpResponse:
    """Name a broadcast; the draft begins with it."""
    today = Calendar.of(request).local(Calendar.of(request).now)
    name, error = f"Broadcast of {today.day} {today:%B}", ""
    if request.method == "POST":
        form = NameForm(request.POST)
        if form.is_valid():
            made = campaigns.create(workspace, name=form.cleaned_data["name"], by=request.member)
            return to_step(workspace, made, "audience")
        name, error = request.POST.get("name", "")[:120], "Give it a name of at most 120 characters."
    context = {"section": "broadcasts", "name": name, "error": error}
    return render(request, "broadcasts/wizard_new.html", context, status=422 if error else 200)


@require_http_methods(["GET", "POST"])
@workspace_view("manage_broadcasts")
def step(request: Any, workspace: Workspace, uuid: UUID, step: str) -> HttpResponse:
    """One step. Every button of its form comes here; `do` says which, nothing means "save"."""
    if step not in FORMS:
        raise Http404("No such step")
    broadcast = broadcast_of(workspace, uuid)
    if not broadcast.is_editable:
        return visit(request, redirect(report_url(workspace, broadcast)))
    if request.method == "GET":
        return _page(request, workspace, broadcast, step)
    act = request.POST.get("do", "save")
    try:
        broadcast = _kept(request, workspace, broadcast, step, act)
    except campaigns.Stale:
        return _page(request, workspace, broadcast_of(workspace, uuid), step, stale=STALE, status=409)
    except Unreadable as unreadable:
        extra = {unreadable.slot: str(unreadable)} if unreadable.slot else {"errors": unreadable.lines}
        return _page(request, workspace, broadcast, step, form=unreadable.form, status=422, **extra)
    return _answer(request, workspace, broadcast, step, act)


def _answer(request: Any, workspace: Workspace, broadcast: Broadcast, step: str, act: str) -> HttpResponse:
    verb, _, where = act.partition(":")
    names = list(STEPS)
    if verb == "next":
        counted = summary(request, broadcast, report_url(workspace, broadcast))
        if errors := [each.text for each in problems_of(request, broadcast, counted) if each.step == step]:
            return _page(request, workspace, broadcast, step, errors=errors, status=422)
        return visit(request, to_step(workspace, broadcast, names[names.index(step) + 1]))
    if verb == "to" and where in STEPS and where != step:
        return visit(request, to_step(workspace, broadcast, where))
    if verb == "add" and where in presenting_audience.SIDES:
        return _page(request, workspace, broadcast, step, more=where)
    if request.htmx:
        return _page(request, workspace, broadcast, step)
    return to_step(workspace, broadcast, step)


def _kept(request: Any, workspace: Workspace, broadcast: Broadcast, step: str, act: str) -> Broadcast:
    """The draft with what the form says. Raises Unreadable, and Stale when another tab was faster."""
    fields = steps.fields_in(request.POST, broadcast, step, act)
    if act == "upload":
        fields["audience"] = _with_list(request, workspace, fields["audience"])
    if act == "file":
        fields["variables"] = _with_files(request, broadcast, fields.get("variables", broadcast.variables))
    return campaigns.save(broadcast, revision=_revision(request), by=request.member, **fields)


def _revision(request: Any) -> int:
    written = request.POST.get("revision", "")
    return int(written) if written.isdecimal() and len(written) < 9 else 0


def _with_list(request: Any, workspace: Workspace, chosen: dict[str, Any]) -> dict[str, Any]:
    """The audience with the people of an uploaded file. Raises Unreadable."""
    upload = request.FILES.get("file")
    if TOO_LARGE in request.META or upload is None:
        text = "That file is too large." if TOO_LARGE in request.META else "Choose a file first."
        raise Unreadable(text, slot="upload_error")
    try:
        kept = audience_lists.keep(
            workspace, upload, by=request.member, default_country=request.POST.get("country", "")[:2]
        )
    except BadFile as bad:
        raise Unreadable(str(bad), slot="upload_error") from bad
    return {**chosen, "include": [*chosen["include"], {"list": str(kept.uuid)}]}


def _with_files(request: Any, broadcast: Broadcast, variables: dict[str, Any]) -> dict[str, Any]:
    """The values with the files that came along, kept with the template. Raises Unreadable."""
    translation = broadcast.translation
    if TOO_LARGE in request.META or translation is None:
        raise Unreadable("That file is too large. A template's file has at most 100 MB.")
    found = dict(variables)
    for name, upload in request.FILES.items():
        place = name.removeprefix("file.")
        wanted = steps.media_at(translation, place)
        if not wanted:
            continue
        try:
            file = templates.attach(translation.template, upload, by=request.member)
        except TemplateRefused as refused:
            raise Unreadable(str(refused)) from refused
        if file.kind != wanted:
            raise Unreadable(f"{file.filename} is no {wanted}. Choose another file.")
        found[place] = {"file": str(file.uuid)}
    return found


def _page(
    request: Any, workspace: Workspace, broadcast: Broadcast, step: str, *, status: int = 200, **extra: Any
) -> HttpResponse:
    """The step's page, or for htmx its form alone."""
    counted = summary(request, broadcast, report_url(workspace, broadcast))
    frame = presenting_wizard.page(workspace, broadcast, step, problems_of(request, broadcast, counted))
    context = {**frame, **counted, **saved(request, broadcast), "has_message": has_message(broadcast)}
    context |= {"step_url": f"{frame['base']}{step}/", "saving_url": f"{frame['base']}{step}/saving/"}
    context |= steps.context(request, workspace, broadcast, step, context["people"], extra)
    if context["has_message"] or step == "message":
        context["preview"] = preview(request, workspace, broadcast)
    template = "broadcasts/_wizard_form.html" if request.htmx else "broadcasts/wizard.html"
    return render(request, template, {**context, **extra}, status=status)


@require_POST
@workspace_view("manage_broadcasts")
def saving(request: Any, workspace: Workspace, uuid: UUID, step: str) -> HttpResponse:
    """Keep what is typed, while it is typed; two tabs notice each other by the revision."""
    if step not in FORMS:
        raise Http404("No such step")
    broadcast = broadcast_of(workspace, uuid)
    if not broadcast.is_editable:
        return visit(request, redirect(report_url(workspace, broadcast)))
    context: dict[str, Any] = {"revision": _revision(request), "step_url": request.path.removesuffix("saving/")}
    template = "broadcasts/_wizard_saved.html"
    try:
        broadcast = _kept(request, workspace, broadcast, step, "save")
    except campaigns.Stale:
        return render(request, template, {**context, "stale": STALE}, status=409)
    except Unreadable as unreadable:
        return render(request, template, {**context, "unsaved": str(unreadable)}, status=422)
    answer = render(request, template, {**context, **saved(request, broadcast)})
    return told(answer, **{"broadcast:kept": True})


@require_GET
@workspace_view("manage_broadcasts")
def pick(request: Any, workspace: Workspace, uuid: UUID, side: str) -> HttpResponse:
    """One more row of an audience."""
    if side not in presenting_audience.SIDES:
        raise Http404("No such side")
    context = {
        "pick": presenting_audience.Pick(side),
        "known": presenting_audience.choices(workspace, broadcast_of(workspace, uuid)),
        "who": presenting_audience.WHICH,
        "focus": True,
    }
    return render(request, "broadcasts/_wizard_pick.html", context)


@require_POST
@workspace_view("manage_broadcasts")
def deletion(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Throw a draft away; it can be taken back."""
    broadcast = broadcast_of(workspace, uuid)
    try:
        campaigns.delete_draft(broadcast, by=request.member)
    except campaigns.Refused as refused:
        messages.error(request, str(refused))
        return redirect(report_url(workspace, broadcast))
    messages.success(request, f"The draft “{broadcast.name}” is deleted.")
    return redirect("broadcasts:list", workspace.slug)


@require_POST
@workspace_view("manage_broadcasts")
def restoration(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Take a deleted draft back."""
    broadcast = get_object_or_404(Broadcast, workspace_id=workspace.pk, uuid=uuid)
    campaigns.restore_draft(broadcast, by=request.member)
    return to_step(workspace, broadcast, "audience")


@require_POST
@workspace_view("manage_broadcasts")
def duplication(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """A new draft with everything this one says."""
    made = campaigns.duplicate(broadcast_of(workspace, uuid), by=request.member)
    messages.success(request, "This is the copy, a draft of its own.")
    return to_step(workspace, made, "audience")

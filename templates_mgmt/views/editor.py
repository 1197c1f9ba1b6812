"""The editor of one language: the page, its preview while somebody types, saving, submitting, publishing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from templates_mgmt import drafting, presenting, submitting, typed
from templates_mgmt import presenting_editor as shown
from templates_mgmt.models import MessageTemplate, TemplateTranslation, TemplateVersion
from templates_mgmt.presenting_detail import rejection
from templates_mgmt.rearranging import lost_to_cards, rearranged
from templates_mgmt.refusals import Stale, TemplateRefused
from templates_mgmt.typed import Draft
from workspaces.access import workspace_view
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar
from workspaces.uploads import TOO_LARGE

from .parts import PAGE, channel_for, to_language, translation_of, visit

Kind = MessageTemplate.Kind


def _open(translation: TemplateTranslation) -> TemplateVersion | None:
    found = TemplateVersion.objects.filter(workspace_id=translation.workspace_id, translation=translation)
    return found.filter(state=TemplateVersion.State.OPEN).first()


def _typed(request: Any, translation: TemplateTranslation, version: TemplateVersion) -> Draft:
    quick = translation.template.kind == Kind.QUICK
    return typed.read(request.POST, shown.saved_draft(version), quick=quick)


def _page(
    request: Any,
    workspace: Workspace,
    translation: TemplateTranslation,
    version: TemplateVersion,
    draft: Draft,
    **extra: Any,
) -> HttpResponse:
    """The page, or for htmx the form and preview alone."""
    template = "templates_mgmt/_editor.html" if request.htmx else "templates_mgmt/editor.html"
    status = extra.pop("status", 200)
    context = {**shown.page(translation, version, draft, workspace), **_saved(request, version), **PAGE}
    context |= {"rejection": rejection(translation), **extra}
    return render(request, template, context, status=status)


def _saved(request: Any, version: TemplateVersion) -> dict[str, Any]:
    calendar = Calendar.of(request)
    return {"revision": version.revision, "saved_at": presenting.when(calendar, version.updated_at)}


@require_http_methods(["GET", "POST"])
@workspace_view("manage_templates")
def edit(request: Any, workspace: Workspace, uuid: UUID, language: str) -> HttpResponse:
    """Write the draft. Every button of the form comes here; `do` says which, nothing means "save"."""
    translation = translation_of(workspace, uuid, language)
    version = _open(translation)
    if version is None:
        return visit(request, to_language(workspace, translation))
    if request.method == "GET":
        return _page(request, workspace, translation, version, shown.saved_draft(version))
    draft, act = _typed(request, translation, version), request.POST.get("do", "save")
    try:
        draft = _with_uploads(request, translation, draft)
        if lost := lost_to_cards(draft, act):
            return _page(request, workspace, translation, version, draft, lost=lost, status=409)
        draft = rearranged(draft, act)
        version = _save(request, translation, draft)
        if act == "send":
            return visit(request, _send(request, workspace, translation))
    except Stale as stale:
        kept = {"revision": _revision(request), "newest": stale.revision}
        return _page(request, workspace, translation, version, draft, stale=str(stale), status=409, **kept)
    except TemplateRefused as refused:
        version = _open(translation) or version
        return _page(request, workspace, translation, version, draft, error=str(refused), status=422)
    if request.htmx:
        return _page(request, workspace, translation, version, draft, focus=_focus(act))
    if act == "save":
        messages.success(request, "The draft is saved.")
    return to_language(workspace, translation, "edit")


def _save(request: Any, translation: TemplateTranslation, draft: Draft) -> TemplateVersion:
    return drafting.save(
        translation,
        components=shown.stored(draft),
        variables=draft.variables,
        category=draft.category,
        parameter_format=draft.parameter_format,
        revision=_revision(request),
        by=request.member,
    )


def _revision(request: Any) -> int:
    """The revision the form was drawn from, or the newer one that its writer knowingly overwrites."""
    written = request.POST.get("overwrite") or request.POST.get("revision", "")
    return int(written) if written.isdecimal() and len(written) < 9 else 0


def _with_uploads(request: Any, translation: TemplateTranslation, draft: Draft) -> Draft:
    """The draft with the files that came with the form. Raises TemplateRefused for one that will not do."""
    if TOO_LARGE in request.META:
        raise TemplateRefused("file", "That file is too large. A template's file has at most 100 MB.")
    wanted = {place.key: place.format.lower() for place in typed.places(draft.content) if place.kind == "media"}
    for name, key in typed.media_places(draft.content).items():
        if upload := request.FILES.get(name):
            file = drafting.attach(translation.template, upload, by=request.member)
            if file.kind != wanted[key]:
                raise TemplateRefused(
                    "file", f"{file.filename} is no {wanted[key]}. Choose another file, or another kind."
                )
            draft = typed.with_file(draft, key, str(file.uuid))
    return draft


def _send(request: Any, workspace: Workspace, translation: TemplateTranslation) -> HttpResponse:
    """Submit for review, or put a quick template into use. Raises TemplateRefused."""
    if translation.template.kind == Kind.QUICK:
        drafting.publish(translation, by=request.member)
        messages.success(request, "The quick template is in use.")
        return to_language(workspace, translation)
    submit(request, translation)
    return to_language(workspace, translation)


def submit(request: Any, translation: TemplateTranslation) -> None:
    """Hand the saved draft to the provider. Raises TemplateRefused."""
    channel = channel_for(translation.template)
    if channel is None:
        raise TemplateRefused("channel", "No number of this template's account is connected. Connect one first.")
    submitting.submit(translation, channel=channel, by=request.member)


def _focus(act: str) -> str:
    """The field that a button of the form leads to."""
    verb, _, what = act.partition(":")
    return {"button-add": "last-button", "card-add": "last-card", "insert": f"at-{what}"}.get(verb, "")


@require_POST
@workspace_view("manage_templates")
def preview(request: Any, workspace: Workspace, uuid: UUID, language: str) -> HttpResponse:
    """The phone and the linter's findings for what is typed. Saves nothing."""
    translation = translation_of(workspace, uuid, language)
    version = _open(translation)
    if version is None:
        return HttpResponse(status=204)
    draft = _typed(request, translation, version)
    context = {
        "template": translation.template,
        "draft": draft,
        "direction": presenting.direction(translation.language),
        **shown.preview(draft, translation, workspace),
    }
    context["fields"] = shown.contact_fields.choices(workspace.pk)
    context["variables_changed"] = request.POST.get("variable_keys", "") != context["variable_keys"]
    return render(request, "templates_mgmt/_preview_answer.html", context)


@require_POST
@workspace_view("manage_templates")
def saving(request: Any, workspace: Workspace, uuid: UUID, language: str) -> HttpResponse:
    """Keep what is typed, while it is typed; two tabs notice each other by the revision."""
    translation = translation_of(workspace, uuid, language)
    version = _open(translation)
    if version is None:
        return visit(request, to_language(workspace, translation))
    context: dict[str, Any] = {"template": translation.template, "code": presenting.language_code(translation)}
    try:
        version = _save(request, translation, _typed(request, translation, version))
    except Stale as stale:
        context |= {"revision": _revision(request), "stale": str(stale), "newest": stale.revision}
        return render(request, "templates_mgmt/_saved.html", context, status=409)
    except TemplateRefused as refused:
        context |= {"revision": _revision(request), "unsaved": str(refused)}
        return render(request, "templates_mgmt/_saved.html", context, status=422)
    return render(request, "templates_mgmt/_saved.html", {**context, **_saved(request, version)})

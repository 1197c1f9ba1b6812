"""The page of a template, and what is done there: languages, copies, names, deleting, submitting again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from templates_mgmt import deleting, drafting, presenting, presenting_detail, submitting
from templates_mgmt.forms import CopyForm, LanguageForm, NameForm
from templates_mgmt.models import TemplateTranslation
from templates_mgmt.refusals import TemplateRefused
from workspaces.access import workspace_view
from workspaces.fragments import is_fragment
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .editor import submit
from .parts import PAGE, template_of, to_language, translation_of, translations_of


@require_GET
@workspace_view("read_templates")
def template(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """To its first language."""
    found = translations_of(template_of(workspace, uuid))
    if not found:
        raise Http404("No language of this template is left.")
    return to_language(workspace, found[0])


@require_GET
@workspace_view("read_templates")
def language(request: Any, workspace: Workspace, uuid: UUID, language: str) -> HttpResponse:
    """One language of a template, with the others as tabs."""
    return _page(request, workspace, translation_of(workspace, uuid, language))


def _page(
    request: Any, workspace: Workspace, translation: TemplateTranslation, *, status: int = 200, **forms: Any
) -> HttpResponse:
    translations = translations_of(translation.template)
    context = presenting_detail.page(translation, translations, workspace, request.member, Calendar.of(request))
    template = "templates_mgmt/_language.html" if is_fragment(request) else "templates_mgmt/template.html"
    if not is_fragment(request) and context["can_manage"]:
        given = {
            "copy_form": CopyForm(
                initial={"name": f"{translation.template.name}_copy" if not context["quick"] else ""}
            ),
            "name_form": NameForm(initial={"name": translation.template.name}),
            "language_form": LanguageForm(present=context["present"], initial={"copy_from": translation.language}),
        }
        context |= {**given, **forms}
    return render(request, template, {**context, **PAGE}, status=status)


def _first(workspace: Workspace, uuid: UUID, request: Any) -> TemplateTranslation:
    """The language the form was on, else the first."""
    found = translations_of(template_of(workspace, uuid))
    here = request.POST.get("here", "")
    code = "" if here == presenting.ANY_LANGUAGE else here
    chosen = next((each for each in found if each.language == code), found[0] if found else None)
    if chosen is None:
        raise Http404("No language of this template is left.")
    return chosen


@require_POST
@workspace_view("manage_templates")
def languages(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Add a language, as a draft that begins with the text of another."""
    here = _first(workspace, uuid, request)
    present = translations_of(here.template)
    form = LanguageForm(request.POST, present=[each.language for each in present])
    if form.is_valid():
        source = next((each for each in present if each.language == form.cleaned_data["copy_from"]), here)
        code = form.cleaned_data["language"]
        try:
            made = drafting.add_language(here.template, language=code, copy_from=source, by=request.member)
        except TemplateRefused as refused:
            form.add_error("language", str(refused))
        else:
            return to_language(workspace, made, "edit")
    return _page(request, workspace, here, status=422, language_form=form)


@require_POST
@workspace_view("manage_templates")
def copies(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """The same template under another name, as drafts."""
    here, form = _first(workspace, uuid, request), CopyForm(request.POST)
    if form.is_valid():
        try:
            made = drafting.duplicate(here.template, name=form.cleaned_data["name"], by=request.member)
        except TemplateRefused as refused:
            form.add_error("name", str(refused))
        else:
            messages.success(request, f"“{here.template.name}” is duplicated.")
            return redirect("templates_mgmt:template", workspace.slug, made.uuid)
    return _page(request, workspace, here, status=422, copy_form=form)


@require_POST
@workspace_view("manage_templates")
def name(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Rename a quick template, or one the provider has never seen."""
    here, form = _first(workspace, uuid, request), NameForm(request.POST)
    if form.is_valid():
        try:
            drafting.rename(here.template, name=form.cleaned_data["name"], by=request.member)
        except TemplateRefused as refused:
            form.add_error("name", str(refused))
        else:
            return to_language(workspace, here)
    return _page(request, workspace, here, status=422, name_form=form)


@require_POST
@workspace_view("manage_templates")
def activity(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Put a quick template aside, or offer it again."""
    here = _first(workspace, uuid, request)
    drafting.set_active(here.template, active=request.POST.get("active") == "yes", by=request.member)
    return to_language(workspace, here)


@require_POST
@workspace_view("manage_templates")
def draft(request: Any, workspace: Workspace, uuid: UUID, language: str) -> HttpResponse:
    """Begin to change a language, or go on with its draft."""
    translation = translation_of(workspace, uuid, language)
    try:
        drafting.open_version(translation, by=request.member)
    except TemplateRefused as refused:
        messages.error(request, str(refused))
        return to_language(workspace, translation)
    return to_language(workspace, translation, "edit")


@require_POST
@workspace_view("manage_templates")
def discard(request: Any, workspace: Workspace, uuid: UUID, language: str) -> HttpResponse:
    """Throw the draft away."""
    translation = translation_of(workspace, uuid, language)
    try:
        drafting.discard(translation, by=request.member)
    except TemplateRefused as refused:
        messages.error(request, str(refused))
        return to_language(workspace, translation)
    messages.success(request, "The draft is discarded.")
    found = translations_of(translation.template)
    here = next((each for each in found if each.pk == translation.pk), found[0] if found else None)
    return to_language(workspace, here) if here else redirect("templates_mgmt:listing", workspace.slug)


@require_POST
@workspace_view("manage_templates")
def submission(request: Any, workspace: Workspace, uuid: UUID, language: str) -> HttpResponse:
    """Submit the saved draft, also again after a failure; stop waiting for the next try, or take it back."""
    translation = translation_of(workspace, uuid, language)
    try:
        match request.POST.get("do"):
            case "now":
                submitting.retry(translation, by=request.member)
            case "back":
                submitting.take_back(translation, by=request.member)
            case _:
                submit(request, translation)
    except TemplateRefused as refused:
        messages.error(request, str(refused))
    return to_language(workspace, translation)


@require_http_methods(["GET", "POST"])
@workspace_view("manage_templates")
def deletion(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Delete one language or the whole template, at the provider too."""
    found = template_of(workspace, uuid)
    present = translations_of(found)
    context = {"template": found, "tabs": [_choice(each) for each in present], "quick": found.kind == "quick", **PAGE}
    if request.method == "GET":
        context["chosen"] = request.GET.get("language", "")
        return render(request, "templates_mgmt/deletion.html", context)
    what = request.POST.get("what", "")
    chosen: Any = (
        found if what == "all" else next((each for each in present if f"language:{each.language}" == what), None)
    )
    if chosen is None:
        context["error"] = "Choose what to delete."
        return render(request, "templates_mgmt/deletion.html", context, status=422)
    try:
        deleting.delete(chosen, by=request.member)
    except TemplateRefused as refused:
        context["error"] = str(refused)
        return render(request, "templates_mgmt/deletion.html", context, status=422)
    messages.success(
        request, f"“{found.name}” is being deleted." if chosen is found else "The language is being deleted."
    )
    left = [] if chosen is found else [each for each in present if each.pk != chosen.pk]
    return to_language(workspace, left[0]) if left else redirect("templates_mgmt:listing", workspace.slug)


def _choice(translation: TemplateTranslation) -> dict[str, str]:
    return {
        "code": translation.language,
        "name": presenting.language_name(translation.language),
        **presenting.status_chip(translation),
    }

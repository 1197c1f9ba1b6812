"""The template picker of a conversation: choose one, fill it, see it as the customer will, send it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from inbox import attaching, presenting_picker, sending, template_files, template_sending, template_uses
from inbox.forms import TemplateSendForm
from inbox.models import Message
from inbox.presenting_bodies import INLINE
from inbox.presenting_pages import Desk
from inbox.presenting_picker import Wanted
from templates_mgmt import components
from templates_mgmt.models import MessageTemplate, TemplateTranslation
from workspaces import stored_files
from workspaces.access import workspace_view
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .parts import changes, desk, is_fragment
from .writing import answered_just_now

PAGE, PIECES = "inbox/picker.html", "inbox/_picker.html"


@require_GET
@workspace_view("reply")
def picker(request: Any, workspace: Workspace, queue: str, uuid: UUID) -> HttpResponse:
    """What can be sent here: the list for the dialog, its rows alone for the search in it, else a page."""
    at = desk(request, workspace, queue, uuid)
    context = _picker(request, at)
    if request.htmx and request.htmx.target == "template-rows":
        return render(request, "inbox/_picker_rows.html", context)
    return render(request, PIECES if is_fragment(request) else PAGE, context)


@require_GET
@workspace_view("reply")
def template(request: HttpRequest, workspace: Workspace, queue: str, uuid: UUID, template: UUID) -> HttpResponse:
    """One template to be filled, with what the contact knows filled in."""
    at = desk(request, workspace, queue, uuid)
    return _form(request, at, _translation(workspace, template))


@require_POST
@workspace_view("reply")
def preview(request: HttpRequest, workspace: Workspace, queue: str, uuid: UUID, template: UUID) -> HttpResponse:
    """The template with the values typed so far."""
    at, translation = desk(request, workspace, queue, uuid), _translation(workspace, template)
    given = presenting_picker.given_in(request.POST, components.read(translation.components))
    sheet = template_sending.Sheet(translation, at.conversation)
    return render(request, "inbox/_picker_preview.html", presenting_picker.preview(at, sheet, given=given))


@require_POST
@workspace_view("reply")
def send(request: Any, workspace: Workspace, queue: str, uuid: UUID, template: UUID) -> HttpResponse:
    """Send the filled template; refused, the form comes back with the reason."""
    at, translation = desk(request, workspace, queue, uuid), _translation(workspace, template)
    form = TemplateSendForm(request.POST)
    given = presenting_picker.given_in(request.POST, components.read(translation.components))
    writing: dict[str, Any] = {"given": given, "cid": request.POST.get("cid", "")[:36]}
    if not form.is_valid():
        return _form(request, at, translation, error="The form was incomplete. Choose the template again.", status=422)
    if form.cleaned_data["conversation"] != at.conversation.uuid:
        error = "This template was chosen in another conversation. Nothing was sent."
        return _form(request, at, translation, error=error, status=409)
    if not form.cleaned_data["anyway"] and (colleague := answered_just_now(request, at)):
        return _form(request, at, translation, error=colleague, anyway=True, status=409, **writing)
    uploads = {name.removeprefix("file."): file for name, file in request.FILES.items() if name.startswith("file.")}
    try:
        template_sending.send(
            at.conversation,
            translation,
            given=given,
            uploads=uploads,
            by=request.member,
            cid=form.cleaned_data["cid"],
        )
    except (sending.NotSendable, attaching.NotAttachable) as error:
        key = getattr(error, "key", "")
        return _form(request, at, translation, error=str(error), error_key=key, status=422, **writing)
    if not request.htmx:
        return redirect(at.base)
    return changes(request, desk(request, workspace, queue, uuid), with_row=True)


@require_safe
@workspace_view("read_inbox")
def media(request: HttpRequest, workspace: Workspace, uuid: UUID, place: str) -> HttpResponseBase:
    """A file of a template message: its header, or that of one card."""
    found = Message.objects.filter(workspace_id=workspace.pk, kind="template", deleted_at=None)
    message = get_object_or_404(found, uuid=uuid)
    file = template_files.files_in(message.content).get(place)
    if file is None:
        raise Http404("This message has no such file.")
    mime = file.mime_type.split(";")[0]
    inline = mime in INLINE and "download" not in request.GET
    return stored_files.answer(request, file.file, mime=mime, filename=file.filename or file.kind, inline=inline)


@require_GET
@workspace_view("read_templates")
def uses(request: HttpRequest, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Where a template was used, for the page that shows it."""
    found = get_object_or_404(MessageTemplate, workspace_id=workspace.pk, uuid=uuid)
    calendar = Calendar.of(request)
    rows = [template_uses.described(use, calendar) for use in template_uses.where_used(found, now=calendar.now)]
    context = {"uses": rows, "days": template_uses.DAYS, "template": found, "section": "templates"}
    return render(request, "inbox/_template_uses.html" if is_fragment(request) else "inbox/template_uses.html", context)


def _translation(workspace: Workspace, uuid: UUID) -> TemplateTranslation:
    """The named language of a template, sendable or not: whoever chose it a minute ago deserves the reason."""
    found = TemplateTranslation.objects.filter(workspace_id=workspace.pk).select_related("template")
    return get_object_or_404(found, uuid=uuid)


def _picker(request: Any, at: Desk, *, current: str = "") -> dict[str, Any]:
    return presenting_picker.choices(at, Wanted.read(request.GET), current=current) | {"section": "inbox"}


def _form(
    request: Any, at: Desk, translation: TemplateTranslation, *, status: int = 200, **writing: Any
) -> HttpResponse:
    context = presenting_picker.filling_in(at, translation, **writing)
    if is_fragment(request):
        return render(request, "inbox/_picker_fill.html", context, status=status)
    context |= _picker(request, at, current=str(translation.uuid))
    return render(request, PAGE, context, status=status)

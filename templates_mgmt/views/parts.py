"""What several views about templates start from or answer with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect

from templates_mgmt import presenting
from templates_mgmt.models import MessageTemplate, TemplateTranslation
from workspaces.models import Channel, Workspace

PAGE = {"section": "templates"}
Status = TemplateTranslation.Status


def template_of(workspace: Workspace, uuid: UUID) -> MessageTemplate:
    """The template of this workspace. Raises Http404, for deleted ones too."""
    return get_object_or_404(MessageTemplate, workspace_id=workspace.pk, uuid=uuid, deleted_at=None)


def translations_of(template: MessageTemplate) -> list[TemplateTranslation]:
    """Its languages, deleted ones left out."""
    found = TemplateTranslation.objects.filter(workspace_id=template.workspace_id, template=template)
    rows = list(found.exclude(status=Status.DELETED).order_by("language", "pk"))
    for translation in rows:
        translation.template = template
    return rows


def translation_of(workspace: Workspace, uuid: UUID, language: str) -> TemplateTranslation:
    """One language of a template. Raises Http404."""
    code = "" if language == presenting.ANY_LANGUAGE else language
    found = TemplateTranslation.objects.filter(workspace_id=workspace.pk, template__deleted_at=None)
    found = found.exclude(status=Status.DELETED).select_related("template")
    return get_object_or_404(found, template__uuid=uuid, language=code)


def channel_for(template: MessageTemplate) -> Channel | None:
    """The number whose token the provider is asked with: of the template's account, an open one first."""
    found = Channel.objects.filter(
        workspace_id=template.workspace_id,
        kind=template.channel_kind,
        account_id=template.account_id,
        disconnected_at=None,
    )
    return min(found, key=lambda channel: (channel.status != Channel.Status.OPEN, channel.pk), default=None)


def to_language(workspace: Workspace, translation: TemplateTranslation, page: str = "language") -> HttpResponse:
    """To one language of a template: its page, or its editor."""
    code = presenting.language_code(translation)
    return redirect(f"templates_mgmt:{page}", workspace.slug, translation.template.uuid, code)


def visit(request: Any, response: HttpResponse) -> HttpResponse:
    """A redirect that htmx follows as a visit of the page, not as a piece of it."""
    if not request.htmx:
        return response
    return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})

"""The rows below a template: its languages, and the texts each of them had."""

from __future__ import annotations

import json
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from live.publishing import publish
from providers.cleaning import load
from providers.types import MalformedPayload
from workspaces.models import Member

from .models import MessageTemplate, TemplateTask, TemplateTranslation, TemplateVersion
from .refusals import TemplateRefused

Status, State = TemplateTranslation.Status, TemplateVersion.State

MOST_JSON = 200_000  # characters; ten cards with everything in them stay far below


def begin(
    template: MessageTemplate,
    *,
    language: str,
    components: list[Any],
    variables: dict[str, Any],
    parameter_format: str,
    by: Member,
) -> TemplateTranslation:
    """A new language with an open draft. Raises TemplateRefused when the template has it already."""
    try:
        with transaction.atomic():
            translation = TemplateTranslation.objects.create(
                workspace_id=template.workspace_id,
                template=template,
                language=language,
                parameter_format=parameter_format,
            )
    except IntegrityError:
        raise TemplateRefused("language", "The template has this language already.") from None
    add(translation, components, variables, parameter_format, template.category, by=by)
    tell(template)
    return translation


def add(
    translation: TemplateTranslation,
    components: list[Any],
    variables: dict[str, Any],
    parameter_format: str,
    category: str,
    *,
    by: Member,
) -> TemplateVersion:
    """A new open draft with this text. Its number follows the last one's."""
    last = translation.versions.order_by("-number").values_list("number", flat=True).first() or 0
    return TemplateVersion.objects.create(
        workspace_id=translation.workspace_id,
        translation=translation,
        number=last + 1,
        category=category,
        parameter_format=parameter_format,
        components=components,
        variables=variables,
        created_by=by,
    )


def locked(translation: TemplateTranslation) -> TemplateTranslation:
    """The language as it is now, held until the end of the transaction."""
    return (
        TemplateTranslation.objects.select_for_update(of=("self",))
        .select_related("template")
        .get(workspace_id=translation.workspace_id, pk=translation.pk)
    )


def open_draft(translation: TemplateTranslation) -> TemplateVersion | None:
    """The draft somebody writes, if there is one; held until the end of the transaction."""
    return translation.versions.select_for_update().filter(state=State.OPEN).first()


def latest(translation: TemplateTranslation) -> TemplateVersion | None:
    """The newest text that was not thrown away."""
    return translation.versions.exclude(state=State.DISCARDED).order_by("-number").first()


def refuse_while_busy(translation: TemplateTranslation) -> None:
    """Raises TemplateRefused for a language that is deleted, or that is on its way to the provider or in review."""
    if translation.status in (Status.DELETED, Status.DELETING):
        raise TemplateRefused("", "This language of the template is deleted.")
    if under_way(translation):
        raise TemplateRefused("", "This text is being submitted. Wait until that is done, then change it.")
    if translation.status == Status.IN_REVIEW:
        raise TemplateRefused("", "The provider is reviewing this text. Wait for its answer, then change it.")


def under_way(translation: TemplateTranslation) -> TemplateTask | None:
    """What is being done with a language at the provider right now."""
    return TemplateTask.objects.filter(
        workspace_id=translation.workspace_id, translation=translation, state__in=TemplateTask.LIVE
    ).first()


def take_over(translation: TemplateTranslation, version: TemplateVersion) -> None:
    """Make a version's text the one that is sent. Does not save."""
    translation.components, translation.variables = version.components, version.variables
    translation.parameter_format = version.parameter_format


def remove(translation: TemplateTranslation) -> None:
    """Mark a language deleted, and its template when no other is left."""
    translation.status = Status.DELETED
    translation.save(update_fields=["status"])
    template = translation.template
    if not template.translations.exclude(status=Status.DELETED).exists():
        template.deleted_at = timezone.now()
        template.save(update_fields=["deleted_at", "updated_at"])


def storable(value: Any, kind: type) -> Any:
    """JSON as PostgreSQL can keep it. Raises TemplateRefused for another type or too much of it."""
    try:
        text = json.dumps(value)
        clean = load(text)
    except (TypeError, ValueError, RecursionError, MalformedPayload):
        raise TemplateRefused("", "This text cannot be stored.") from None
    if not isinstance(clean, kind) or len(text) > MOST_JSON:
        raise TemplateRefused("", "This text is too long to be a template.")
    return clean


def tell(template: MessageTemplate) -> None:
    """Let open screens know that a template changed."""
    publish(template.workspace_id, f"tpl-{template.uuid}", "templates")

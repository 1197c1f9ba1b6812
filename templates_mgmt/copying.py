"""Begin drafts from texts that exist: another language, another name."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from workspaces import auditing
from workspaces.models import Member

from . import versions
from .models import MessageTemplate, TemplateFile, TemplateTranslation, TemplateVersion
from .naming import checked_language, checked_name, save_named
from .refusals import TemplateRefused

Status = TemplateTranslation.Status


@transaction.atomic
def add_language(
    template: MessageTemplate, *, language: str, copy_from: TemplateTranslation, by: Member
) -> TemplateTranslation:
    """A draft in another language that begins with the text of `copy_from`, ready to be translated.

    Raises TemplateRefused when the template has the language already or is deleted.
    """
    if template.deleted_at is not None:
        raise TemplateRefused("", "This template is deleted.")
    if copy_from.template_id != template.pk:
        raise TemplateRefused("copy_from", "Choose one of this template's own languages.")
    source = _text_of(copy_from)
    translation = versions.begin(
        template,
        language=checked_language(language),
        components=source.components,
        variables=source.variables,
        parameter_format=source.parameter_format,
        by=by,
    )
    auditing.record(by, "template.created", template.name, after={"language": translation.language})
    return translation


@transaction.atomic
def duplicate(template: MessageTemplate, *, name: str, by: Member) -> MessageTemplate:
    """The same template under another name, as drafts in every language. Raises TemplateRefused for the name."""
    copy = MessageTemplate(
        workspace_id=template.workspace_id,
        kind=template.kind,
        channel_kind=template.channel_kind,
        account_id=template.account_id,
        name=checked_name(template.kind, name),
        category=template.category,
        created_by=by,
    )
    save_named(copy)
    files = _copy_files(template, copy, by=by)
    for translation in template.translations.exclude(status=Status.DELETED).order_by("id"):
        source = _text_of(translation)
        versions.begin(
            copy,
            language=translation.language,
            components=source.components,
            variables={key: _with_file(value, files) for key, value in source.variables.items()},
            parameter_format=source.parameter_format,
            by=by,
        )
    auditing.record(by, "template.created", copy.name, after={"kind": copy.kind, "copy_of": template.name})
    return copy


def _text_of(translation: TemplateTranslation) -> TemplateTranslation | TemplateVersion:
    """The newest text of a language: its open draft, or what is in use."""
    last = versions.latest(translation)
    return last if last and (last.state == last.State.OPEN or not translation.components) else translation


def _copy_files(template: MessageTemplate, copy: MessageTemplate, *, by: Member) -> dict[str, str]:
    """Give the copy rows of its own for the same stored files; old uuid → new uuid."""
    found: dict[str, str] = {}
    for file in template.files.all():
        old, file.pk, file.template, file.created_by, file.handle = str(file.uuid), None, copy, by, ""
        file.uuid = TemplateFile._meta.get_field("uuid").get_default()
        file._state.adding = True
        file.save()
        found[old] = str(file.uuid)
    return found


def _with_file(value: Any, files: dict[str, str]) -> Any:
    if not isinstance(value, dict) or "file" not in value:
        return value
    kept = {key: part for key, part in value.items() if key != "handle"}
    return {**kept, "file": files.get(str(value["file"]), "")}

"""Write templates: begin them, save and discard drafts, put quick ones into use."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from workspaces import auditing
from workspaces.models import Channel, Member, Workspace

from . import checking, versions
from .copying import add_language, duplicate
from .files import attach
from .models import MessageTemplate, TemplateTranslation, TemplateVersion
from .naming import checked_language, checked_name, save_named
from .refusals import Stale, TemplateRefused

__all__ = [
    "Stale",
    "TemplateRefused",
    "add_language",
    "attach",
    "create",
    "discard",
    "duplicate",
    "open_version",
    "publish",
    "rename",
    "save",
    "set_active",
]

Kind, Category = MessageTemplate.Kind, MessageTemplate.Category
Status, State = TemplateTranslation.Status, TemplateVersion.State

FORMATS = ("positional", "named")
EMPTY = [{"type": "BODY", "text": ""}]


@transaction.atomic
def create(
    workspace: Workspace, *, kind: str, channel: Channel | None, name: str, language: str, category: str, by: Member
) -> TemplateTranslation:
    """Begin a template with an empty draft in one language.

    A provider template belongs to the account of `channel`; a quick one is for that channel's kind, or for any.
    Raises TemplateRefused when a name, language or category does not do, or the name is taken.
    """
    is_quick = kind == Kind.QUICK
    name = checked_name(kind, name)
    language = checked_language(language, optional=is_quick)
    if not is_quick:
        _refuse_category(category)
        if channel is None or not channel.account_id or channel.disconnected_at is not None:
            raise TemplateRefused("channel", "Choose a connected number that the template is for.")
    template = MessageTemplate(
        workspace=workspace,
        kind=kind,
        channel_kind=channel.kind if channel else "",
        account_id="" if is_quick or channel is None else channel.account_id,
        name=name,
        category="" if is_quick else category,
        created_by=by,
    )
    save_named(template)
    translation = versions.begin(
        template,
        language=language,
        components=EMPTY,
        variables={},
        parameter_format="named" if is_quick else "positional",
        by=by,
    )
    auditing.record(by, "template.created", name, after={"kind": kind, "language": language})
    return translation


@transaction.atomic
def save(
    translation: TemplateTranslation,
    *,
    components: list[dict[str, Any]],
    variables: dict[str, Any],
    category: str,
    parameter_format: str,
    revision: int,
    by: Member,
) -> TemplateVersion:
    """Keep what somebody has written so far in the open draft; `revision` is the one they began from.

    Raises Stale when it was saved in between, TemplateRefused when no draft is open or the text cannot be kept.
    """
    draft = _draft(translation)
    if draft.revision != revision:
        raise Stale(draft.revision)
    if translation.template.kind == Kind.QUICK:
        category = ""
    else:
        _refuse_category(category)
    if parameter_format not in FORMATS:
        raise TemplateRefused("parameter_format", "Variables are either numbered or named.")
    wanted = {
        "components": versions.storable(components, list),
        "variables": versions.storable(variables, dict),
        "category": category,
        "parameter_format": parameter_format,
    }
    if all(getattr(draft, name) == value for name, value in wanted.items()):
        return draft
    for name, value in wanted.items():
        setattr(draft, name, value)
    draft.revision += 1
    draft.save()
    _note_category(translation, category)
    versions.tell(translation.template)
    return draft


def _note_category(translation: TemplateTranslation, category: str) -> None:
    """What is asked for shows in lists while the provider has not said what it makes of it."""
    template = translation.template
    if translation.status == Status.DRAFT and template.category != category:
        template.category = category
        template.save(update_fields=["category", "updated_at"])


@transaction.atomic
def open_version(translation: TemplateTranslation, *, by: Member) -> TemplateVersion:
    """The open draft of a language, begun from its last text when there is none.

    Raises TemplateRefused while a text is being submitted or reviewed, and for a deleted language.
    """
    translation = versions.locked(translation)
    if draft := versions.open_draft(translation):
        return draft
    versions.refuse_while_busy(translation)
    last = versions.latest(translation)
    # What was rejected is what needs fixing; otherwise what is in use, which may have changed at the provider.
    was_rejected = last is not None and last.state == State.REJECTED and translation.status == Status.REJECTED
    source = last if last and (was_rejected or not translation.components) else translation
    category = last.category if last and was_rejected else translation.category or translation.template.category
    draft = versions.add(translation, source.components, source.variables, source.parameter_format, category, by=by)
    versions.tell(translation.template)
    return draft


@transaction.atomic
def discard(translation: TemplateTranslation, *, by: Member) -> None:
    """Throw the open draft away. A language that was nothing but a draft goes with it, and a template without others.

    Raises TemplateRefused when no draft is open.
    """
    translation = versions.locked(translation)
    draft = _draft(translation)
    draft.state = State.DISCARDED
    draft.save(update_fields=["state", "updated_at"])
    if translation.status == Status.DRAFT:
        versions.remove(translation)
    auditing.record(by, "template.discarded", translation.template.name, before={"language": translation.language})
    versions.tell(translation.template)


@transaction.atomic
def rename(template: MessageTemplate, *, name: str, by: Member) -> MessageTemplate:
    """Give a quick template, or one that the provider has never seen, another name. Raises TemplateRefused."""
    known = template.translations.exclude(status__in=[Status.DRAFT, Status.DELETED])
    if template.kind == Kind.PROVIDER and known.exists():
        raise TemplateRefused("name", "The provider knows this template by its name. Duplicate it under another one.")
    before, template.name = template.name, checked_name(template.kind, name)
    if template.name != before:
        save_named(template)
        auditing.record(by, "template.changed", template.name, before={"name": before}, after={"name": template.name})
        versions.tell(template)
    return template


@transaction.atomic
def publish(translation: TemplateTranslation, *, by: Member) -> TemplateTranslation:
    """Make the open draft of a quick template the text that is sent. Raises TemplateRefused with what is wrong."""
    translation = versions.locked(translation)
    if translation.template.kind != Kind.QUICK:
        raise TemplateRefused("", "The provider reviews this template: submit it instead.")
    draft = _draft(translation)
    checking.refuse_errors(translation, draft)
    now = timezone.now()
    draft.state, draft.submitted_at, draft.submitted_by = State.APPROVED, now, by
    draft.save()
    translation.status, translation.approved_at = Status.APPROVED, now
    versions.take_over(translation, draft)
    translation.save()
    auditing.record(by, "template.changed", translation.template.name, after={"version": draft.number})
    versions.tell(translation.template)
    return translation


@transaction.atomic
def set_active(template: MessageTemplate, *, active: bool, by: Member) -> MessageTemplate:
    """Put a quick template aside, or offer it again."""
    if template.is_active != active:
        template.is_active = active
        template.save(update_fields=["is_active", "updated_at"])
        auditing.record(by, "template.changed", template.name, after={"is_active": active})
        versions.tell(template)
    return template


def _draft(translation: TemplateTranslation) -> TemplateVersion:
    draft = versions.open_draft(translation)
    if draft is None:
        raise TemplateRefused("", "There is no open draft of this language.")
    return draft


def _refuse_category(category: str) -> None:
    if category not in Category.values:
        raise TemplateRefused("category", "Choose a category.")

"""Delete a template or one language of it, here and at the provider."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from config.queues import ring
from workspaces import auditing
from workspaces.models import Channel, Member

from . import versions
from .models import MessageTemplate, TemplateTask, TemplateTranslation
from .refusals import TemplateRefused

Kind, Status = TemplateTask.Kind, TemplateTranslation.Status

JOB = "templates_mgmt.jobs.work_on_tasks"
# Texts for people who are about to delete: the provider's rules, read 2026-09 on the page of template management.
NAME_BLOCKED = "The provider does not take a new template of the same name for 30 days."


@transaction.atomic
def delete(target: MessageTemplate | TemplateTranslation, *, by: Member) -> TemplateTask | None:
    """Delete all languages or one. None when nothing is left to do, else the task that deletes at the provider.

    It cannot be sent from now on. Raises TemplateRefused while it is being submitted, for what the provider keeps,
    and when no number of its account is connected.
    """
    template = target if isinstance(target, MessageTemplate) else target.template
    rows = (
        TemplateTranslation.objects.select_for_update(of=("self",))
        .select_related("template")
        .filter(workspace_id=template.workspace_id, template=template)
        .exclude(status=Status.DELETED)
        .order_by("id")
    )
    languages = list(rows if isinstance(target, MessageTemplate) else rows.filter(pk=target.pk))
    if not languages or template.deleted_at is not None:
        raise TemplateRefused("", "This is deleted already.")
    if live := _under_way(template, languages):
        return live
    _refuse(languages)
    task = None
    if all(_is_only_here(row) for row in languages):
        for row in languages:
            versions.remove(row)
    else:
        task = _queue(template, None if isinstance(target, MessageTemplate) else languages[0], by)
        TemplateTranslation.objects.filter(
            workspace_id=template.workspace_id, pk__in=[row.pk for row in languages]
        ).update(status=Status.DELETING)
        ring(JOB, queue="default")
    before = {"languages": [row.language for row in languages]}
    auditing.record(by, "template.deleted", template.name, before=before)
    versions.tell(template)
    return task


def _is_only_here(row: TemplateTranslation) -> bool:
    return row.template.kind == MessageTemplate.Kind.QUICK or not row.provider_id


def _under_way(template: MessageTemplate, languages: list[TemplateTranslation]) -> TemplateTask | None:
    """A deletion that covers all of this. Raises TemplateRefused for anything else that is going on."""
    live = list(
        TemplateTask.objects.filter(workspace_id=template.workspace_id, template=template, state__in=TemplateTask.LIVE)
    )
    for task in live:
        if task.kind == Kind.DELETE and task.translation_id in (None, languages[0].pk if len(languages) == 1 else None):
            return task
    concerned = {row.pk for row in languages}
    if any(task.translation_id is None or task.translation_id in concerned for task in live):
        raise TemplateRefused("", "Something is still being done with it at the provider. Wait until that is over.")
    return None


def _refuse(languages: list[TemplateTranslation]) -> None:
    if all(row.status == Status.DISABLED for row in languages):
        raise TemplateRefused("", "The provider does not let disabled templates be deleted.")


def _queue(template: MessageTemplate, translation: TemplateTranslation | None, by: Member) -> TemplateTask:
    channel = (
        Channel.objects.filter(
            workspace_id=template.workspace_id,
            kind=template.channel_kind,
            account_id=template.account_id,
            disconnected_at=None,
        )
        .order_by("id")
        .first()
    )
    if channel is None:
        raise TemplateRefused("", "No number of this template's account is connected, so it cannot be deleted there.")
    return TemplateTask.objects.create(
        workspace_id=template.workspace_id,
        kind=Kind.DELETE,
        channel=channel,
        template=template,
        translation=translation,
        next_try_at=timezone.now(),
        requested_by=by,
    )

"""Send a draft to the provider for review, within what the provider allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from config.queues import ring
from workspaces import auditing
from workspaces.models import Channel, Member

from . import checking, versions
from .errands.submission import reopen
from .models import MessageTemplate, TemplateTask, TemplateTranslation, TemplateVersion
from .refusals import TemplateRefused

Kind, State = TemplateTask.Kind, TemplateTask.State
Status, VersionState = TemplateTranslation.Status, TemplateVersion.State

JOB = "templates_mgmt.jobs.work_on_tasks"
# Edits of an approved text. WhatsApp: developers.facebook.com/documentation/business-messaging/whatsapp/templates/
# template-management (read 2026-09)
A_DAY, MOST_A_DAY = timedelta(hours=24), 1
A_MONTH, MOST_A_MONTH = timedelta(days=30), 10
# Status → why nothing can be submitted. Drafts, rejected, approved and paused ones can.
CLOSED = {
    Status.SUBMITTING: "This text is being submitted already.",
    Status.IN_REVIEW: "The provider is still reviewing this template. Wait for its answer.",
    Status.DISABLED: "The provider disabled this template, so it cannot be changed. Duplicate it under another name.",
    Status.ARCHIVED: "The provider archived this template. Bring it back in the provider's own manager first.",
    Status.DELETING: "This template is being deleted.",
    Status.DELETED: "This template is deleted.",
    Status.OTHER: "The provider gave this template a status that is not known here, so it cannot be changed.",
}


@dataclass(frozen=True, slots=True)
class EditsLeft:
    """How often an approved text may be changed. `possible_at` is None when it may be now."""

    is_limited: bool  # False: not approved, so the limits do not apply
    today: int
    this_month: int
    possible_at: datetime | None = None


def edits_left(translation: TemplateTranslation, now: datetime) -> EditsLeft:
    """What the provider still allows: one edit of an approved text in 24 hours, ten in 30 days."""
    if translation.status != Status.APPROVED or not translation.provider_id:
        return EditsLeft(False, MOST_A_DAY, MOST_A_MONTH)
    made = list(
        translation.versions.filter(changes_approved=True, submitted_at__gt=now - A_MONTH)
        .order_by("submitted_at")
        .values_list("submitted_at", flat=True)
    )
    times = [at for at in made if at is not None]
    lately = [at for at in times if at > now - A_DAY]
    today, month = max(MOST_A_DAY - len(lately), 0), max(MOST_A_MONTH - len(times), 0)
    waits = []
    if not today:
        waits.append(lately[-MOST_A_DAY] + A_DAY)
    if not month:
        waits.append(times[-MOST_A_MONTH] + A_MONTH)
    return EditsLeft(True, min(today, month), month, max(waits, default=None))


@transaction.atomic
def submit(translation: TemplateTranslation, *, channel: Channel, by: Member) -> TemplateTask:
    """Send the open draft for review; the task under way when it was sent already.

    Raises TemplateRefused for a text with errors, one that may not be changed now, or a channel of another account.
    """
    translation = versions.locked(translation)
    if live := versions.under_way(translation):
        if live.kind == Kind.SUBMIT:
            return live
        raise TemplateRefused("", CLOSED[Status.DELETING])
    draft = versions.open_draft(translation)
    _refuse(translation, draft, channel)
    assert draft is not None
    checking.refuse_errors(translation, draft)
    now = timezone.now()
    draft.changes_approved = translation.status == Status.APPROVED
    draft.state, draft.submitted_at, draft.submitted_by = VersionState.SUBMITTED, now, by
    draft.save()
    if not translation.provider_id:
        # What the provider has already stays as it is until it takes the new text.
        translation.status = Status.SUBMITTING
        translation.save(update_fields=["status"])
    task = _queue(translation, draft, channel, by)
    after = {"language": translation.language, "version": draft.number}
    auditing.record(by, "template.submitted", translation.template.name, after=after)
    versions.tell(translation.template)
    ring(JOB, queue="default")
    return task


@transaction.atomic
def retry(translation: TemplateTranslation, *, by: Member) -> TemplateTask:
    """Do not wait any longer with a submission that is being tried again. Raises TemplateRefused when there is none."""
    task = versions.under_way(versions.locked(translation))
    if task is None:
        raise TemplateRefused("", "Nothing is being submitted.")
    waiting = TemplateTask.objects.filter(pk=task.pk, workspace_id=task.workspace_id).exclude(state=State.STARTED)
    waiting.update(next_try_at=timezone.now())
    versions.tell(translation.template)
    ring(JOB, queue="default")
    return task


@transaction.atomic
def take_back(translation: TemplateTranslation, *, by: Member) -> None:
    """Stop a submission that has not reached the provider, and open the draft again.

    Raises TemplateRefused when it is under way or may have arrived.
    """
    translation = versions.locked(translation)
    task = versions.under_way(translation)
    waiting = TemplateTask.objects.filter(
        pk=task.pk if task else 0, workspace_id=translation.workspace_id, kind=Kind.SUBMIT, state=State.QUEUED
    )
    text = f"Taken back by {by.name}."
    if task is None or not waiting.update(
        state=State.FAILED, error=text, error_code="taken_back", finished_at=timezone.now()
    ):
        raise TemplateRefused("", "It may have reached the provider already, so it cannot be taken back.")
    reopen(translation)
    versions.tell(translation.template)


def last_task(translation: TemplateTranslation) -> TemplateTask | None:
    """The newest submission or deletion of a language, for its state and error."""
    return translation.tasks.order_by("-id").first()


def _refuse(translation: TemplateTranslation, draft: TemplateVersion | None, channel: Channel) -> None:
    template = translation.template
    if template.kind != MessageTemplate.Kind.PROVIDER:
        raise TemplateRefused("", "A quick template needs no review.")
    if reason := CLOSED.get(Status(translation.status)):
        raise TemplateRefused("", reason)
    if draft is None:
        raise TemplateRefused("", "There is no draft to submit.")
    if (channel.kind, channel.account_id) != (template.channel_kind, template.account_id):
        raise TemplateRefused("channel", "This number belongs to another account than the template.")
    if channel.disconnected_at is not None:
        raise TemplateRefused("channel", "This number is disconnected. Connect it again first.")
    if translation.status == Status.APPROVED and draft.category != (translation.category or draft.category):
        raise TemplateRefused("category", "The category of an approved template cannot be changed.")
    left = edits_left(translation, timezone.now())
    if left.possible_at:
        limit = "once in 24 hours" if left.this_month else "ten times in 30 days"
        text = (
            f"An approved template can be changed {limit}. It is possible again on {left.possible_at:%d %B, %H:%M} UTC."
        )
        raise TemplateRefused("", text)


def _queue(translation: TemplateTranslation, draft: TemplateVersion, channel: Channel, by: Member) -> TemplateTask:
    try:
        with transaction.atomic():
            return TemplateTask.objects.create(
                workspace_id=translation.workspace_id,
                kind=Kind.SUBMIT,
                channel=channel,
                template=translation.template,
                translation=translation,
                version=draft,
                next_try_at=timezone.now(),
                requested_by=by,
            )
    except IntegrityError:
        raise TemplateRefused("", CLOSED[Status.SUBMITTING]) from None

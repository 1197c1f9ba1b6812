"""Which templates can be sent right now, and when one was sent last."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from workspaces.models import Channel, Workspace

from .models import MessageTemplate, TemplateTranslation

Kind, Status = MessageTemplate.Kind, TemplateTranslation.Status

USED_NOTE = timedelta(minutes=1)  # how exact "last used" is; a write for each message would be hot

# Why a language cannot be sent, for the person who tries.
NOT_SENDABLE = {
    Status.DRAFT: "This template is still a draft.",
    Status.SUBMITTING: "This template is still being submitted.",
    Status.IN_REVIEW: "The provider is still reviewing this template.",
    Status.REJECTED: "The provider rejected this template.",
    Status.PAUSED: "The provider paused this template because of complaints. It can be sent again when it is resumed.",
    Status.DISABLED: "The provider disabled this template.",
    Status.ARCHIVED: "The provider archived this template because it was not used for a long time.",
    Status.DELETING: "This template is being deleted.",
    Status.DELETED: "This template was deleted.",
    Status.OTHER: "The provider gave this template a status that is not known here, so it cannot be sent.",
}


def sendable(workspace: Workspace, channel: Channel) -> QuerySet[TemplateTranslation]:
    """What can be sent on a channel: approved ones of its account, and quick ones; recently used first."""
    return _of_channel(workspace.pk, channel).filter(
        Q(template__kind=Kind.PROVIDER) | Q(template__is_active=True), status__in=TemplateTranslation.SENDABLE
    )


def find(workspace: Workspace, channel: Channel, *, name: str, language: str) -> TemplateTranslation | None:
    """The language of a provider template as a program names it, in whatever status; None for an unknown one."""
    found = _of_channel(workspace.pk, channel).filter(template__kind=Kind.PROVIDER, template__name=name)
    return found.filter(language=language.replace("-", "_")).first()


def why_not(translation: TemplateTranslation, channel: Channel) -> str:
    """Why this cannot be sent on that channel now, in a sentence; "" when it can. Reads the given row as it is."""
    template = translation.template
    if template.deleted_at is not None:
        return NOT_SENDABLE[Status.DELETED]
    if template.kind == Kind.QUICK:
        if template.channel_kind not in ("", channel.kind):
            return "This quick template is for another kind of channel."
        if not template.is_active:
            return "This quick template was put aside."
    elif (template.channel_kind, template.account_id) != (channel.kind, channel.account_id):
        return "This template belongs to another account than the number it should be sent from."
    if translation.is_sendable:
        return ""
    return NOT_SENDABLE.get(Status(translation.status), NOT_SENDABLE[Status.OTHER])


def note_used(translation: TemplateTranslation, *, at: datetime) -> None:
    """Remember that a message was made from this language."""
    TemplateTranslation.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lt=at - USED_NOTE),
        workspace_id=translation.workspace_id,
        pk=translation.pk,
    ).update(last_used_at=at)


def _of_channel(workspace_id: int, channel: Channel) -> QuerySet[TemplateTranslation]:
    own = Q(template__kind=Kind.PROVIDER, template__channel_kind=channel.kind, template__account_id=channel.account_id)
    quick = Q(template__kind=Kind.QUICK, template__channel_kind__in=["", channel.kind])
    return (
        TemplateTranslation.objects.filter(own | quick, workspace_id=workspace_id, template__deleted_at=None)
        .exclude(status=Status.DELETED)
        .select_related("template")
        .order_by(F("last_used_at").desc(nulls_last=True), "template__name", "language")
    )

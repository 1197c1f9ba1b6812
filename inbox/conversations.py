"""What the team does with a conversation besides writing in it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from live.publishing import publish
from workspaces import tenancy
from workspaces.models import Member

from .models import Conversation, ConversationEvent

Kind = ConversationEvent.Kind


class Refused(Exception):
    """The change does not make sense as things stand; the text says why."""


@transaction.atomic
def assign(conversation: Conversation, *, to: Member | None, by: Member) -> Conversation:
    """Make `to` responsible, or nobody when None. Raises Refused for somebody who is not in the team any more."""
    conversation = _locked(conversation)
    if to is not None and (to.removed_at is not None or to.workspace_id != conversation.workspace_id):
        raise Refused("This person is no longer in the team.")
    if conversation.assignee_id == (to.pk if to else None):
        return conversation
    conversation.assignee = to
    conversation.save(update_fields=["assignee", "updated_at"])
    _record(conversation, Kind.ASSIGNED if to else Kind.UNASSIGNED, by, {"to": to.name} if to else {})
    return conversation


@transaction.atomic
def resolve(conversation: Conversation, *, by: Member) -> Conversation:
    """Close the matter; the customer's next message opens it again."""
    return _set_status(conversation, Conversation.Status.RESOLVED, Kind.RESOLVED, by)


@transaction.atomic
def reopen(conversation: Conversation, *, by: Member) -> Conversation:
    """Take a resolved conversation up again."""
    return _set_status(conversation, Conversation.Status.OPEN, Kind.REOPENED, by)


@transaction.atomic
def mark_seen(conversation: Conversation, *, by: Member) -> bool:
    """Clear the unread count; True when there was something to clear."""
    changed = Conversation.objects.filter(
        workspace_id=conversation.workspace_id, pk=conversation.pk, unread_count__gt=0
    ).update(unread_count=0)
    if changed:
        publish(conversation.workspace_id, f"conv-{conversation.uuid}", "list", "counts")
    return bool(changed)


@transaction.atomic
def mark_unread(conversation: Conversation, *, by: Member) -> None:
    """Put it back on the pile: one unread, as a reminder."""
    Conversation.objects.filter(workspace_id=conversation.workspace_id, pk=conversation.pk, unread_count=0).update(
        unread_count=1
    )
    publish(conversation.workspace_id, f"conv-{conversation.uuid}", "list", "counts")


def release_from(workspace_id: int, member_id: int) -> None:
    """Unassign the open conversations of a member who left, each with an event that says so."""
    with tenancy.scope(workspace_id):
        member = Member.objects.get(workspace_id=workspace_id, pk=member_id)
        theirs = Conversation.objects.select_for_update().filter(
            workspace_id=workspace_id, assignee=member, status=Conversation.Status.OPEN
        )
        for conversation in theirs:
            conversation.assignee = None
            conversation.save(update_fields=["assignee", "updated_at"])
            _record(conversation, Kind.UNASSIGNED, None, {"left": member.name})


def _set_status(conversation: Conversation, status: str, kind: str, by: Member) -> Conversation:
    conversation = _locked(conversation)
    if conversation.status == status:
        return conversation
    conversation.status = status
    if status == Conversation.Status.RESOLVED:
        conversation.unread_count = 0
    conversation.save(update_fields=["status", "unread_count", "updated_at"])
    _record(conversation, kind, by, {})
    return conversation


def _locked(conversation: Conversation) -> Conversation:
    return Conversation.objects.select_for_update().get(workspace_id=conversation.workspace_id, pk=conversation.pk)


def _record(conversation: Conversation, kind: str, by: Member | None, details: dict[str, Any]) -> None:
    ConversationEvent.objects.create(
        workspace_id=conversation.workspace_id, conversation=conversation, kind=kind, actor=by, details=details
    )
    publish(conversation.workspace_id, f"conv-{conversation.uuid}", "list", "counts")

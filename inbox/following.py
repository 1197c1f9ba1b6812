"""Conversations follow their people: hidden when they are deleted, shown again, and moved when two are merged."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F, QuerySet

from live.publishing import publish

from .models import Conversation

MANY = 50  # changed conversations beyond which panes are told to look, not which ones


def hide(workspace_id: int, contact_ids: Collection[int]) -> None:
    """Take the conversations of these contacts out of every queue, remembering what they were."""
    theirs = _of(workspace_id).filter(contact_id__in=contact_ids).exclude(status=Conversation.Status.HIDDEN)
    if theirs.update(status_before=F("status"), status=Conversation.Status.HIDDEN):
        publish(workspace_id, "list", "counts")


def show(workspace_id: int, contact_ids: Collection[int]) -> None:
    """Undo `hide`."""
    theirs = _of(workspace_id).filter(contact_id__in=contact_ids, status=Conversation.Status.HIDDEN)
    if theirs.exclude(status_before="").update(status=F("status_before"), status_before=""):
        publish(workspace_id, "list", "counts")


def move(workspace_id: int, identity_ids: Collection[int], contact_id: int) -> None:
    """Let the conversations of these identities belong to another contact; replies go where they went before."""
    theirs = _of(workspace_id).filter(identity_id__in=identity_ids)
    uuids = list(theirs.values_list("uuid", flat=True)[: MANY + 1])
    theirs.update(contact_id=contact_id)
    names = [f"conv-{uuid}" for uuid in uuids] if len(uuids) <= MANY else ["sync"]
    publish(workspace_id, "list", *names)


def _of(workspace_id: int) -> QuerySet[Conversation]:
    return Conversation.objects.filter(workspace_id=workspace_id)

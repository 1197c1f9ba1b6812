"""Delete people so that it can be taken back for a week; after that the sweep erases what is left of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from live.publishing import publish
from workspaces import auditing
from workspaces.models import Member

from . import following
from .models import Contact, Erasure, Merge

KEEP = timedelta(days=7)  # how long a deletion, or a merge, can be undone


@transaction.atomic
def delete(workspace_id: int, contact_ids: Collection[int], *, by: Member) -> list[int]:
    """Hide these people and their conversations; returns the primary keys of those that were not hidden before."""
    found = Contact.objects.select_for_update().filter(workspace_id=workspace_id, pk__in=contact_ids, deleted_at=None)
    ids = list(found.order_by("pk").values_list("pk", flat=True))
    if ids:
        Contact.objects.filter(workspace_id=workspace_id, pk__in=ids).update(deleted_at=timezone.now())
        following.hide(workspace_id, ids)
        _record(workspace_id, "contact.deleted", ids, by)
    return ids


@transaction.atomic
def restore(workspace_id: int, contact_ids: Collection[int], *, by: Member) -> list[int]:
    """Take a deletion back, within a week; returns the primary keys of those that came back.

    A person who was merged into another comes back by undoing the merge, not here; one who is being erased, never.
    """
    merged = Merge.objects.filter(workspace_id=workspace_id, gone_id__in=contact_ids, undone_at=None)
    found = Contact.objects.select_for_update().filter(
        workspace_id=workspace_id, pk__in=contact_ids, deleted_at__isnull=False, erased_at=None
    )
    erasing = Erasure.objects.filter(workspace_id=workspace_id, contact_id__in=contact_ids, state=Erasure.State.QUEUED)
    found = found.exclude(pk__in=merged.values("gone_id")).exclude(pk__in=erasing.values("contact_id"))
    ids = list(found.order_by("pk").values_list("pk", flat=True))
    if ids:
        _show(workspace_id, ids)
        _record(workspace_id, "contact.restored", ids, by)
    return ids


def revive(contact: Contact) -> None:
    """Bring back a deleted person who writes again."""
    if Contact.objects.filter(pk=contact.pk, workspace_id=contact.workspace_id, deleted_at__isnull=False).exists():
        _show(contact.workspace_id, [contact.pk])
        contact.deleted_at = None


def _show(workspace_id: int, ids: Collection[int]) -> None:
    Contact.objects.filter(workspace_id=workspace_id, pk__in=ids).update(deleted_at=None)
    following.show(workspace_id, ids)
    publish(workspace_id, "contacts")


def _record(workspace_id: int, action: str, ids: list[int], by: Member) -> None:
    uuids = list(Contact.objects.filter(workspace_id=workspace_id, pk__in=ids[:2]).values_list("uuid", flat=True))
    target = f"contact {uuids[0]}" if len(ids) == 1 else f"{len(ids)} contacts"
    auditing.record(by, action, target)
    publish(workspace_id, "contacts", *(f"contact-{uuid}" for uuid in uuids if len(ids) == 1))

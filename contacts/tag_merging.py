"""Merge one tag into another. People are moved in batches by a worker; the tag's own row says that it is under way."""

from __future__ import annotations

from django.db import transaction

from config.queues import ring
from live.publishing import publish
from workspaces import auditing, tenancy
from workspaces.models import Member

from .labels import LabelRefused
from .models import Contact, SearchableContact, Segment, Tag

BATCH = 2000  # people a transaction; about a tenth of a second


@transaction.atomic
def merge_tags(tag: Tag, *, into: Tag, by: Member) -> None:
    """Begin to move everybody tagged `tag` to `into`; segments follow. Raises LabelRefused.

    The tag is out of every list at once and gone when the last person has been moved.
    """
    if tag.pk == into.pk or tag.workspace_id != into.workspace_id:
        raise LabelRefused("Choose another tag.")
    locked = {each.pk: each for each in Tag.objects.select_for_update().filter(pk__in=[tag.pk, into.pk]).order_by("pk")}
    if len(locked) < 2 or any(each.merged_into_id for each in locked.values()):
        raise LabelRefused("One of these tags is being merged already.")
    if Tag.objects.filter(workspace_id=tag.workspace_id, merged_into=tag).exists():
        raise LabelRefused("Another tag is being merged into this one. Try again in a moment.")
    Tag.objects.filter(pk=tag.pk).update(merged_into=into)
    _rewrite_segments(tag.workspace_id, tag.pk, into.pk)
    auditing.record(by, "tag.merged", tag.name, after={"into": into.name})
    ring("contacts.jobs.move_tags", queue="bulk")


def _rewrite_segments(workspace_id: int, old: int, new: int) -> None:
    for segment in Segment.objects.select_for_update().filter(workspace_id=workspace_id):
        changed = False
        for group in segment.rules.get("groups", []):
            for condition in group.get("conditions", []):
                if condition.get("field") == "tag" and condition.get("value") == old:
                    condition["value"], changed = new, True
        if changed:
            segment.save(update_fields=["rules"])


def move(workspace_id: int, tag_id: int) -> int:
    """Move everybody who has the tag, then delete it; how many were moved. Safe to run twice and in parallel."""
    moved = 0
    while True:
        with tenancy.scope(workspace_id):
            tag = Tag.objects.filter(workspace_id=workspace_id, pk=tag_id).exclude(merged_into=None).first()
            if tag is None or tag.merged_into_id is None:
                return moved
            batch = _move_some(workspace_id, tag_id, tag.merged_into_id)
            if not batch:
                tag.delete()
                publish(workspace_id, "contacts")
                return moved
            moved += batch


def _move_some(workspace_id: int, old: int, new: int) -> int:
    # Found through the view, whose index works under row security.
    found = SearchableContact.objects.filter(workspace_id=workspace_id, tag_ids__contains=[old])
    keys = list(found.order_by("pk").values_list("pk", flat=True)[:BATCH])
    batch = list(Contact.objects.select_for_update().filter(workspace_id=workspace_id, pk__in=keys).order_by("pk"))
    for person in batch:
        person.tag_ids = [*(number for number in person.tag_ids if number not in (old, new)), new]
    Contact.objects.bulk_update(batch, ["tag_ids"])
    return len(keys)


def due() -> bool:
    """Whether any tag is still being merged, in any workspace."""
    return bool(_unfinished())


def work_next() -> bool:
    """Finish one merge; False when there was none."""
    waiting = _unfinished()
    for workspace_id, tag_id in waiting:
        move(workspace_id, tag_id)
    return bool(waiting)


def _unfinished() -> list[tuple[int, int]]:
    with tenancy.all_workspaces():
        found = Tag.objects.exclude(merged_into=None).order_by("pk")
        return list(found.values_list("workspace_id", "pk")[:1])

"""Tags: the words a workspace groups its people by."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.contrib.postgres.fields import ArrayField
from django.db import transaction
from django.db.models import F, Func, IntegerField, QuerySet, Value
from django.db.models.functions import Lower

from live.publishing import publish
from workspaces import auditing
from workspaces.models import Member

from .models import Contact, Tag

HUES = 6
MOST_TAGS = 1000  # of a workspace: they are offered in one list


class LabelRefused(Exception):
    """The change cannot be made; the text says why."""


def tags_of(workspace_id: int) -> QuerySet[Tag]:
    """The tags people can be given, by name."""
    return Tag.objects.filter(workspace_id=workspace_id, merged_into=None).order_by(Lower("name"))


def clean_name(name: str, longest: int = 50) -> str:
    """A name without control characters and doubled spaces. Raises LabelRefused for none and for long ones."""
    name = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    if not name:
        raise LabelRefused("Write a name.")
    if len(name) > longest:
        raise LabelRefused(f"Write at most {longest} characters.")
    return name


@transaction.atomic
def make_tag(workspace_id: int, name: str, *, by: Member | None = None) -> Tag:
    """The tag of that name, whatever its capitals; made when new. Raises LabelRefused."""
    name = clean_name(name)
    found = _named(workspace_id, name)
    if found is None:
        count = Tag.objects.filter(workspace_id=workspace_id).count()
        if count >= MOST_TAGS:
            raise LabelRefused(f"A workspace has at most {MOST_TAGS:,} tags.")
        fresh = Tag(workspace_id=workspace_id, name=name, hue=count % HUES + 1)
        Tag.objects.bulk_create([fresh], ignore_conflicts=True)  # somebody else may add it in this very moment
        found = Tag.objects.annotate(low=Lower("name")).get(workspace_id=workspace_id, low=Lower(Value(name)))
        if by is not None and found.name == name:
            auditing.record(by, "tag.created", name)
    if found.merged_into_id:
        return Tag.objects.get(workspace_id=workspace_id, pk=found.merged_into_id)
    return found


def _named(workspace_id: int, name: str) -> Tag | None:
    return Tag.objects.annotate(low=Lower("name")).filter(workspace_id=workspace_id, low=Lower(Value(name))).first()


def tag_people(workspace_id: int, contact_ids: Collection[int], tag: Tag, *, by: Member | None) -> list[int]:
    """Give people a tag; the primary keys of those who did not have it."""
    return _change_tags(workspace_id, contact_ids, tag, add=True)


def untag_people(workspace_id: int, contact_ids: Collection[int], tag: Tag, *, by: Member | None) -> list[int]:
    """Take a tag from people; the primary keys of those who had it."""
    return _change_tags(workspace_id, contact_ids, tag, add=False)


@transaction.atomic
def _change_tags(workspace_id: int, contact_ids: Collection[int], tag: Tag, *, add: bool) -> list[int]:
    people = Contact.objects.select_for_update().filter(workspace_id=workspace_id, pk__in=list(contact_ids))
    people = people.filter(deleted_at=None).order_by("pk")
    concerned = [person for person in people if (tag.pk in person.tag_ids) != add]
    changed = [person.pk for person in concerned]
    Contact.objects.filter(workspace_id=workspace_id, pk__in=changed).update(
        tag_ids=_array("array_append" if add else "array_remove", tag.pk)
    )
    publish_people(workspace_id, concerned)
    return changed


def _array(function: str, tag_id: int) -> Func:
    number = Value(tag_id, output_field=IntegerField())
    return Func(F("tag_ids"), number, function=function, output_field=ArrayField(IntegerField()))


def publish_people(workspace_id: int, people: Iterable[Contact]) -> None:
    """Let open pages know that these people changed; beyond a page's worth nobody looks at each."""
    names = [f"contact-{person.uuid}" for person in people]
    if names:
        publish(workspace_id, "contacts", *names[:100])


@transaction.atomic
def change_tag(tag: Tag, *, name: str, hue: int, by: Member) -> Tag:
    """Rename a tag and choose its colour, 1 to 6. Raises LabelRefused when another tag has the name."""
    name = clean_name(name)
    other = _named(tag.workspace_id, name)
    if other is not None and other.pk != tag.pk:
        raise LabelRefused(f"There is a tag “{other.name}” already. Merge the two instead.")
    before = {"name": tag.name, "hue": tag.hue}
    tag.name, tag.hue = name, min(max(hue, 1), HUES)
    after = {"name": tag.name, "hue": tag.hue}
    if before != after:
        tag.save(update_fields=["name", "hue"])
        auditing.record(by, "tag.changed", tag.name, before=before, after=after)
    return tag


@transaction.atomic
def delete_tag(tag: Tag, *, by: Member) -> None:
    """Remove a tag everywhere. Raises LabelRefused while others are being merged into it.

    The number stays in `Contact.tag_ids`, where it means nothing any more: numbers are never given again, everything
    that shows or compares tags looks the row up first, and touching a million people would take minutes.
    """
    if Tag.objects.filter(workspace_id=tag.workspace_id, merged_into=tag).exists():
        raise LabelRefused("Another tag is being merged into this one. Try again in a moment.")
    auditing.record(by, "tag.deleted", tag.name)
    tag.delete()

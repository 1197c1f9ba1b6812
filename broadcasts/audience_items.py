"""What an audience is put together from, checked against the workspace, in words, and as a condition on people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from contacts.models import Segment, Tag
from contacts.segments.books import book_of
from contacts.segments.compiling import of_segment
from contacts.segments.vocabulary import Book
from workspaces.models import Workspace

from .models import AudienceList, AudienceListEntry, Broadcast
from .reached import WHO, reached

MOST_ITEMS = 50  # of one side
LARGEST_KEY = 2**31 - 1
NOBODY = Q(pk__in=[])


class BadAudience(ValueError):
    """The audience cannot be used as it is; the text says why, for the people who choose it."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row of an audience. `who` is '' except for an earlier broadcast."""

    kind: str
    label: str
    who: str = ""
    target: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Audience:
    """Checked items. Nobody is included when nothing is."""

    workspace: Workspace
    include: tuple[Item, ...] = ()
    exclude: tuple[Item, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.include


def read(raw: object, workspace: Workspace) -> Audience:
    """The audience that stored or sent JSON means; {} is an empty one.

    Raises BadAudience for a shape that is not known, and for a segment, tag, list or broadcast that is gone or whose
    rules are broken: an exclusion that silently excludes nobody would write to the wrong people.
    """
    if not isinstance(raw, Mapping):
        raise BadAudience("The audience cannot be read. Choose it again.")
    include = tuple(_item(each, workspace) for each in _listed(raw.get("include")))
    exclude = tuple(_item(each, workspace) for each in _listed(raw.get("exclude")))
    if any(item.kind == "everybody" for item in exclude):
        raise BadAudience("Everybody cannot be excluded: nobody would be left.")
    return Audience(workspace, include, exclude)


def describe(audience: Audience) -> list[str]:
    """The audience in words, one line an item."""
    return [item.label for item in audience.include] + [f"But not: {item.label}" for item in audience.exclude]


def included(audience: Audience, now: datetime) -> Q | None:
    """The condition on people to be in the audience before exclusions; None for everybody."""
    if any(item.kind == "everybody" for item in audience.include):
        return None
    return _any(audience.include, audience.workspace, now)


def excluded(audience: Audience, now: datetime) -> Q:
    """The condition on people to be kept out by choice."""
    return _any(audience.exclude, audience.workspace, now)


def _any(items: tuple[Item, ...], workspace: Workspace, now: datetime) -> Q:
    book = book_of(workspace.pk) if any(item.kind == "segment" for item in items) else Book()
    whole = Q()
    for item in items:
        whole |= _condition(item, workspace, book, now)
    return whole if items else NOBODY


def _condition(item: Item, workspace: Workspace, book: Book, now: datetime) -> Q:
    if item.kind == "segment":
        compiled = of_segment(item.target, book=book, now=now)
        if compiled.problems:
            raise BadAudience(f"The segment “{item.target.name}” is broken: {compiled.problems[0]}")
        return compiled.condition
    if item.kind == "tag":
        return Q(tag_ids__contains=[item.target.pk])
    if item.kind == "list":
        entries = AudienceListEntry.objects.filter(workspace_id=workspace.pk, audience_list=item.target)
        return Q(Exists(entries.filter(contact=OuterRef("pk"))))
    return Q(reached(workspace.pk, item.target, item.who))


def _listed(raw: object) -> list[Any]:
    if raw is None:
        return []
    if not isinstance(raw, list):
        raise BadAudience("The audience cannot be read. Choose it again.")
    if len(raw) > MOST_ITEMS:
        raise BadAudience(f"Choose at most {MOST_ITEMS} groups of people.")
    return raw


def _item(raw: object, workspace: Workspace) -> Item:
    if not isinstance(raw, Mapping):
        raise BadAudience("A part of the audience cannot be read. Choose it again.")
    if raw.get("everybody") is True:
        return Item("everybody", "Everybody")
    for kind, found in _READERS.items():
        if kind in raw:
            return found(raw, workspace)
    raise BadAudience("A part of the audience cannot be read. Choose it again.")


def _segment(raw: Mapping[str, Any], workspace: Workspace) -> Item:
    segment = Segment.objects.filter(workspace_id=workspace.pk, pk=_key(raw["segment"])).first()
    if segment is None:
        raise BadAudience("A segment of this audience was deleted. Choose another one.")
    segment.workspace = workspace
    if problems := of_segment(segment).problems:
        raise BadAudience(f"The segment “{segment.name}” is broken: {problems[0]}")
    return Item("segment", f"People in the segment “{segment.name}”", target=segment)


def _tag(raw: Mapping[str, Any], workspace: Workspace) -> Item:
    tag = Tag.objects.filter(workspace_id=workspace.pk, pk=_key(raw["tag"])).first()
    if tag is None:
        raise BadAudience("A tag of this audience was deleted. Choose another one.")
    if tag.merged_into_id is not None:
        raise BadAudience(f"The tag “{tag.name}” is being merged into another one. Choose that one.")
    return Item("tag", f"People with the tag “{tag.name}”", target=tag)


def _list(raw: Mapping[str, Any], workspace: Workspace) -> Item:
    found = AudienceList.objects.filter(workspace_id=workspace.pk, uuid=_uuid(raw["list"])).first()
    if found is None:
        raise BadAudience("An uploaded list of this audience is gone. Upload it again.")
    return Item("list", f"People in the file “{found.name}”", target=found)


def _broadcast(raw: Mapping[str, Any], workspace: Workspace) -> Item:
    who = raw.get("who", "all")
    if not isinstance(who, str) or who not in WHO:
        raise BadAudience("Choose whom of the earlier broadcast is meant.")
    found = Broadcast.objects.filter(workspace_id=workspace.pk, uuid=_uuid(raw["broadcast"]), deleted_at=None).first()
    if found is None:
        raise BadAudience("An earlier broadcast of this audience is gone. Choose another one.")
    return Item("broadcast", f"Of the broadcast “{found.name}”: {WHO[who][0]}", who, target=found)


_READERS: dict[str, Callable[[Mapping[str, Any], Workspace], Item]] = {
    "segment": _segment,
    "tag": _tag,
    "list": _list,
    "broadcast": _broadcast,
}


def _key(given: object) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 < given <= LARGEST_KEY:
        raise BadAudience("A part of the audience cannot be read. Choose it again.")
    return given


def _uuid(given: object) -> UUID:
    try:
        return UUID(str(given))
    except ValueError:
        raise BadAudience("A part of the audience cannot be read. Choose it again.") from None

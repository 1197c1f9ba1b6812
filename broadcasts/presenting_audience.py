"""The audience step: whom one can choose, and what is chosen, as rows of a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contacts.labels import tags_of
from contacts.models import Segment
from workspaces.models import Workspace

from .models import AudienceList, AudienceListEntry, Broadcast
from .reached import WHO

SIDES = {
    "include": "Send to everybody who is in any of these",
    "exclude": "But never to anybody who is in one of these",
}
MOST_LISTS = 50
MOST_BROADCASTS = 100

WHICH = [(word, told) for word, (told, _) in WHO.items()]

Choices = list[tuple[str, list[tuple[str, str]]]]


@dataclass(frozen=True, slots=True)
class Pick:
    """One row: what is chosen in it, and for an earlier broadcast whom of it."""

    side: str
    value: str = ""
    who: str = "not_read"
    gone: str = ""  # a choice that is no longer there keeps its place under this name


def choices(workspace: Workspace, broadcast: Broadcast) -> Choices:
    """What a row can name, by kind: everybody, segments, tags, uploaded lists, earlier broadcasts."""
    segments = Segment.objects.filter(workspace_id=workspace.pk).order_by("name")
    lists = AudienceList.objects.filter(workspace_id=workspace.pk).order_by("-id")[:MOST_LISTS]
    sent = Broadcast.objects.filter(workspace_id=workspace.pk, deleted_at=None, started_at__isnull=False)
    earlier = sent.exclude(pk=broadcast.pk).order_by("-id")[:MOST_BROADCASTS]
    found: Choices = [
        ("Segments", [(f"segment:{each.pk}", _counted(each.name, each.last_count)) for each in segments]),
        ("Tags", [(f"tag:{each.pk}", each.name) for each in tags_of(workspace.pk)]),
        ("Uploaded lists", [(f"list:{each.uuid}", each.name) for each in lists]),
        ("People who got an earlier broadcast", [(f"broadcast:{each.uuid}", each.name) for each in earlier]),
    ]
    return [(label, options) for label, options in found if options]


def _counted(name: str, count: int | None) -> str:
    return name if count is None else f"{name} ({count:,})"


def picks(side: str, stored: Any, known: Choices, *, more: bool = False) -> list[Pick]:
    """The stored rows of one side; an empty one after them when asked for, or when people must be chosen."""
    names = {value for _, options in known for value, _ in options}
    found = [pick for entry in (stored if isinstance(stored, list) else []) if (pick := _pick(side, entry, names))]
    if more or (side == "include" and not found):
        found.append(Pick(side))
    return found


def _pick(side: str, entry: Any, names: set[str]) -> Pick | None:
    if not isinstance(entry, Mapping):
        return None
    if entry.get("everybody"):
        return Pick(side, "everybody")
    for kind, label in (("segment", "segment"), ("tag", "tag"), ("list", "list"), ("broadcast", "broadcast")):
        if kind in entry:
            value = f"{kind}:{entry[kind]}"
            gone = "" if value in names else f"A {label} that is no longer there"
            return Pick(side, value, str(entry.get("who", "not_read")), gone)
    return None


def lists_in(broadcast: Broadcast) -> list[dict[str, Any]]:
    """The uploaded lists the audience names, with what was found in them."""
    named = [entry for side in SIDES for entry in _entries(broadcast.audience, side) if "list" in entry]
    uuids = [str(entry["list"]) for entry in named]
    sound = [uuid for uuid in uuids if len(uuid) == 36]
    found = AudienceList.objects.filter(workspace_id=broadcast.workspace_id, uuid__in=sound)
    return [_facts(each) for each in sorted(found, key=lambda each: uuids.index(str(each.uuid)))]


def _facts(kept: AudienceList) -> dict[str, Any]:
    entries = AudienceListEntry.objects.filter(workspace_id=kept.workspace_id, audience_list=kept)
    return {
        "name": kept.name,
        "rows_count": kept.rows_count,
        "found": entries.count(),
        "unknown_count": kept.unknown_count,
        "invalid_count": kept.invalid_count,
        "duplicate_count": kept.duplicate_count,
        "problems": kept.problems,
    }


def _entries(audience: Any, side: str) -> Sequence[Mapping[str, Any]]:
    listed = audience.get(side) if isinstance(audience, Mapping) else None
    return [entry for entry in listed if isinstance(entry, Mapping)] if isinstance(listed, list) else []

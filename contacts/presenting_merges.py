"""What the page for merging shows: whom it could be with, and both contacts side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workspaces.plain_text import visible
from workspaces.presenting_times import Calendar

from . import merging, searching
from .models import Contact, CustomField, Tag
from .people import CUSTOM
from .presenting_rows import display_name, identities_of
from .values import shown

MOST = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """One field of both contacts. Without a difference there is nothing to choose."""

    field: str
    label: str
    kept: str
    gone: str
    chosen: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    uuid: str
    name: str
    addresses: str
    email: str


def candidates(contact: Contact, query: str) -> list[Candidate]:
    """People this contact could be merged with: what a search finds, else those of the same name or e-mail."""
    people = Contact.objects.filter(workspace_id=contact.workspace_id, deleted_at=None).exclude(pk=contact.pk)
    if query:
        found = people.filter(pk__in=searching.contact_ids(contact.workspace_id, query))
    else:
        ids = [
            pk
            for word in (contact.name, contact.email)
            if word
            for pk in searching.contact_ids(contact.workspace_id, word)
        ]
        found = people.filter(pk__in=ids)
    chosen = list(found.order_by("name", "pk")[:MOST])
    identities = identities_of(contact.workspace_id, [each.pk for each in chosen])
    return [
        Candidate(
            str(each.uuid),
            display_name(each, identities[each.pk]),
            ", ".join(identity.display for identity in identities[each.pk]),
            visible(each.email),
        )
        for each in chosen
    ]


def comparison(kept: Contact, gone: Contact) -> dict[str, Any]:
    """Both contacts field by field, and what of both stays without a choice."""
    kinds = {
        f"{CUSTOM}{field.key}": field.kind
        for field in CustomField.objects.filter(workspace_id=kept.workspace_id, archived_at=None)
    }
    rows = []
    for field, label in merging.fields_of(kept.workspace_id).items():
        values = [_shown(kinds.get(field, ""), merging.value_of(each, field)) for each in (kept, gone)]
        if any(values):
            chosen = merging.KEPT if values[0] else merging.GONE
            rows.append(Choice(field, label, values[0], values[1], chosen, values[0] != values[1]))
    addresses = identities_of(kept.workspace_id, [kept.pk, gone.pk])
    return {
        "rows": rows,
        "tags": _tags(kept, gone),
        "addresses": [identity.display for pk in (kept.pk, gone.pk) for identity in addresses[pk]],
    }


def past(contact: Contact, calendar: Calendar) -> list[dict[str, Any]]:
    """Merges into this contact that can still be undone."""
    return [
        {
            "pk": joined.pk,
            "name": visible(joined.gone.name) or "Unnamed contact",
            "by": joined.merged_by.name,
            "at": calendar.long(joined.created_at),
            "iso": joined.created_at.isoformat(),
        }
        for joined in merging.undoable(contact)
    ]


def _shown(kind: str, value: Any) -> str:
    return visible(shown(kind, value) if kind else str(value))


def _tags(*contacts: Contact) -> Sequence[str]:
    ids = {pk for contact in contacts for pk in contact.tag_ids}
    tags = Tag.objects.filter(workspace_id=contacts[0].workspace_id, pk__in=ids)
    return list(tags.order_by("name").values_list("name", flat=True))

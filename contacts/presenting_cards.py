"""What a person's record shows, part by part: facts, addresses, tags, consent, notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from workspaces.models import Channel, Member, Workspace
from workspaces.places import countries
from workspaces.plain_text import visible
from workspaces.presenting_times import Calendar

from . import fields, languages, notes
from .consent import SOURCES
from .labels import tags_of
from .models import (
    Consent,
    ConsentEntry,
    ConsentState,
    ConsentWording,
    Contact,
    ContactNote,
    CustomField,
    Identity,
    Purpose,
)
from .people import CUSTOM
from .presenting_rows import display_name
from .values import shown, typed

BUILT_IN = {"name": "Name", "email": "E-mail", "language": "Language", "time_zone": "Time zone"}
SHOWN_NOTES = 30
SHOWN_HISTORY = 20
CHANNELS = dict(Channel.Kind.choices)
STATES = {
    ConsentState.OPTED_IN.value: ("Opted in", "tag--ok"),
    ConsentState.OPTED_OUT.value: ("Opted out", "tag--bad"),
    "": ("Never asked", ""),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One editable value. `name` stands in the URL of its form."""

    name: str
    label: str
    kind: str  # text, email, number, date, or choice
    value: str
    typed: str
    choices: list[tuple[str, str]] = field(default_factory=list)


def facts(contact: Contact) -> list[Fact]:
    """Everything that can be edited in place, in the order it is shown."""
    own = [built_in(contact, name) for name in BUILT_IN]
    return own + [custom(contact, each) for each in fields.fields_of(contact.workspace_id)]


def fact(contact: Contact, name: str) -> Fact | None:
    """One of them, None for a name that is none."""
    if name in BUILT_IN:
        return built_in(contact, name)
    key = name.removeprefix(CUSTOM)
    found = fields.fields_of(contact.workspace_id).filter(key=key).first() if key != name else None
    return custom(contact, found) if found else None


def built_in(contact: Contact, name: str) -> Fact:
    value = getattr(contact, name)
    if name == "language":
        return Fact(name, BUILT_IN[name], "choice", languages.name_of(value), value, languages.choices(value))
    if name == "time_zone":
        return Fact(name, BUILT_IN[name], "zone", value.replace("_", " "), value)
    return Fact(name, BUILT_IN[name], "email" if name == "email" else "text", visible(value), value)


def custom(contact: Contact, each: CustomField) -> Fact:
    value = contact.fields.get(each.key)
    given = typed(each.kind, value)
    choices: list[tuple[str, str]] = []
    if each.kind == CustomField.Kind.CHOICE:
        # A choice that was taken off the list stays until somebody chooses another.
        words = each.choices if not given or given in each.choices else [given, *each.choices]
        choices = [(word, word) for word in words]
    elif each.kind == CustomField.Kind.YES_NO:
        choices = [("yes", "Yes"), ("no", "No")]
    kind = "choice" if choices else each.kind
    return Fact(f"{CUSTOM}{each.key}", each.label, kind, visible(shown(each.kind, value)), given, choices)


def person(
    contact: Contact, identities: Sequence[Identity], workspace: Workspace, calendar: Calendar
) -> dict[str, Any]:
    """What stands at the top of a record."""
    return {
        "uuid": str(contact.uuid),
        "name": display_name(contact, identities),
        "url": f"/w/{workspace.slug}/contacts/{contact.uuid}/",
        "blocked": calendar.long(contact.blocked_at) if contact.blocked_at else "",
        "country": dict(countries()).get(contact.country, contact.country),
        "added": calendar.long(contact.created_at),
        "seen": calendar.long(contact.last_seen_at) if contact.last_seen_at else "",
        "outbound": calendar.long(contact.last_outbound_at) if contact.last_outbound_at else "",
    }


def addresses(contact: Contact, identities: Sequence[Identity]) -> list[dict[str, Any]]:
    """Where a person can be reached, one entry per channel and address."""
    return [
        {
            "pk": each.pk,
            "channel": CHANNELS.get(each.channel_kind, each.channel_kind),
            "display": each.display,
            "name": visible(each.profile_name) if each.profile_name != contact.name else "",
            "username": f"@{each.username}" if each.username and each.phone else "",
            "hidden": not each.phone,
        }
        for each in identities
    ]


def tags(contact: Contact) -> dict[str, Any]:
    """The tags of a person, and those that could be added."""
    every = list(tags_of(contact.workspace_id))
    return {
        "tags": [tag for tag in every if tag.pk in contact.tag_ids],
        "other_tags": [tag.name for tag in every if tag.pk not in contact.tag_ids],
    }


def consent(contact: Contact, identities: Sequence[Identity], calendar: Calendar) -> list[dict[str, Any]]:
    """What each address of a person said about each purpose, and how that came about."""
    ids = [each.pk for each in identities]
    found = Consent.objects.filter(workspace_id=contact.workspace_id, identity_id__in=ids)
    rows = {(row.identity_id, row.purpose): row for row in found}
    history = _history(contact.workspace_id, ids, calendar)
    return [
        {
            "identity": each,
            "channel": CHANNELS.get(each.channel_kind, each.channel_kind),
            "purposes": [_purpose(rows.get((each.pk, purpose)), purpose, calendar) for purpose in Purpose.values],
            "history": history[each.pk],
        }
        for each in identities
    ]


def _purpose(row: Consent | None, purpose: str, calendar: Calendar) -> dict[str, Any]:
    state = row.state if row else ""
    word, css = STATES[state]
    if not row and purpose == Purpose.SERVICE:
        word = "Not refused"
    return {
        "purpose": purpose,
        "label": Purpose(purpose).label,
        "state": state,
        "word": word,
        "css": css,
        "source": SOURCES.get(row.source, row.source) if row else "",
        "wording": visible(row.wording) if row else "",
        "at": calendar.long(row.changed_at) if row else "",
        "iso": row.changed_at.isoformat() if row else "",
    }


def _history(workspace_id: int, identity_ids: Sequence[int], calendar: Calendar) -> dict[int, list[dict[str, Any]]]:
    entries = ConsentEntry.objects.filter(workspace_id=workspace_id, identity_id__in=identity_ids)
    newest = list(entries.select_related("actor").order_by("-pk")[: SHOWN_HISTORY * max(len(identity_ids), 1)])
    keys = [entry.pk for entry in newest]
    texts = ConsentWording.objects.filter(workspace_id=workspace_id, entry_id__in=keys)
    wordings = dict(texts.values_list("entry_id", "text"))
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for entry in newest:
        found[entry.identity_id].append(
            {
                "word": f"{Purpose(entry.purpose).label}: {STATES[entry.state][0].lower()}",
                "source": SOURCES.get(entry.source, entry.source),
                "by": entry.actor.name if entry.actor else "",
                "wording": visible(wordings.get(entry.pk, "")),
                "at": calendar.long(entry.created_at),
                "iso": entry.created_at.isoformat(),
            }
        )
    return found


def written_notes(contact: Contact, member: Member, calendar: Calendar) -> list[dict[str, Any]]:
    """What the team wrote down, newest first."""
    found = ContactNote.objects.filter(workspace_id=contact.workspace_id, contact=contact).select_related("author")
    return [
        {
            "pk": note.pk,
            "text": note.text,
            "author": note.author.name if note.author else "",
            "at": calendar.long(note.created_at),
            "iso": note.created_at.isoformat(),
            "may_delete": notes.may_delete(note, by=member),
        }
        for note in found.order_by("-pk")[:SHOWN_NOTES]
    ]

"""The rows of the list of people, worked out before the template: four queries for a page, whatever it holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workspaces.models import Channel
from workspaces.plain_text import visible
from workspaces.presenting_times import Calendar
from workspaces.templatetags.ui import hue, initials

from .models import Consent, ConsentState, Contact, Identity, Purpose, SearchableContact, Tag

SHOWN_TAGS = 3
CHANNELS = dict(Channel.Kind.choices)
CONSENT_WORDS = {
    ConsentState.OPTED_IN.value: ("Opted in", "tag--ok"),
    ConsentState.OPTED_OUT.value: ("Opted out", "tag--bad"),
}


@dataclass(frozen=True, slots=True)
class Row:
    uuid: str
    href: str
    name: str
    initials: str
    hue: int
    number: str
    channels: str
    tags: list[tuple[str, int]]
    more_tags: int
    consent: str
    consent_css: str
    blocked: bool
    seen: str
    seen_iso: str
    added: str


def rows(
    people: Sequence[SearchableContact | Contact], *, workspace_id: int, base: str, calendar: Calendar
) -> list[Row]:
    """Rows for people of one workspace; `base` is the URL that records hang under."""
    identities = identities_of(workspace_id, [person.pk for person in people])
    said = consents_of(workspace_id, [each.pk for theirs in identities.values() for each in theirs])
    tags = _tags(workspace_id, {number for person in people for number in person.tag_ids})
    return [_row(person, identities[person.pk], said, tags, base, calendar) for person in people]


def identities_of(workspace_id: int, contact_ids: Iterable[int]) -> Mapping[int, list[Identity]]:
    """The addresses of people by the person's key, oldest first."""
    found: dict[int, list[Identity]] = defaultdict(list)
    for identity in Identity.objects.filter(workspace_id=workspace_id, contact_id__in=list(contact_ids)).order_by("pk"):
        found[identity.contact_id].append(identity)
    return found


def consents_of(workspace_id: int, identity_ids: Iterable[int]) -> dict[int, str]:
    """What each address last said about marketing; nothing for those that never said anything."""
    found = Consent.objects.filter(
        workspace_id=workspace_id, identity_id__in=list(identity_ids), purpose=Purpose.MARKETING
    )
    return dict(found.values_list("identity_id", "state"))


def _tags(workspace_id: int, wanted: set[int]) -> dict[int, tuple[str, int]]:
    found = Tag.objects.filter(workspace_id=workspace_id, pk__in=wanted, merged_into=None)
    return {tag.pk: (tag.name, tag.hue) for tag in found.order_by("name")}


def _row(
    person: SearchableContact | Contact,
    identities: list[Identity],
    said: dict[int, str],
    tags: dict[int, tuple[str, int]],
    base: str,
    calendar: Calendar,
) -> Row:
    name = display_name(person, identities)
    theirs = [tag for number, tag in tags.items() if number in person.tag_ids]
    word, css = CONSENT_WORDS.get(strictest(said.get(each.pk, "") for each in identities), ("", ""))
    kinds = dict.fromkeys(CHANNELS.get(each.channel_kind, each.channel_kind) for each in identities)
    return Row(
        uuid=str(person.uuid),
        href=f"{base}{person.uuid}/",
        name=name,
        initials=initials(name),
        hue=hue(name),
        number=identities[0].display if identities and identities[0].display != name else "",
        channels=", ".join(kinds),
        tags=theirs[:SHOWN_TAGS],
        more_tags=max(len(theirs) - SHOWN_TAGS, 0),
        consent=word,
        consent_css=css,
        blocked=person.blocked_at is not None,
        seen=calendar.short(person.last_seen_at) if person.last_seen_at else "",
        seen_iso=person.last_seen_at.isoformat() if person.last_seen_at else "",
        added=calendar.short(person.created_at),
    )


def display_name(person: SearchableContact | Contact, identities: Sequence[Identity]) -> str:
    """What the team calls somebody: the name, else the first address, else the e-mail address."""
    return visible(person.name) or next((each.display for each in identities), "") or person.email or "Unnamed contact"


def strictest(states: Iterable[str]) -> str:
    """Opted out anywhere is opted out."""
    given = set(states)
    for state in (ConsentState.OPTED_OUT.value, ConsentState.OPTED_IN.value):
        if state in given:
            return state
    return ""

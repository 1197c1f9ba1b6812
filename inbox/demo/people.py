"""Some hundred contacts around the demo conversations: fields, tags, consent, notes and segments.

Everything follows from fixed seeds, so two machines show the same people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from contacts import consent, fields, labels, notes, segments
from contacts.models import Contact, Identity, Tag
from contacts.segments.books import book_of
from workspaces.models import Channel, Member, Workspace

from .names import ARABIC, ENGLISH, FRENCH, POLISH, URDU


@dataclass(frozen=True, slots=True)
class Crowd:
    """People of one language. Numbers count up from `first_number`, in ranges kept for fiction where there are any."""

    names: tuple[Sequence[str], Sequence[str]]
    language: str
    country: str
    time_zone: str
    first_number: int
    size: int


@dataclass(frozen=True, slots=True)
class Society:
    """Whom a workspace knows, and what it knows of them."""

    crowds: Sequence[Crowd]
    tags: Sequence[str]
    fields: Sequence[tuple[str, str, Sequence[str]]]  # label, kind, choices
    segments: Sequence[tuple[str, str, Sequence[tuple[Any, ...]]]]  # name, match, conditions
    notes: Sequence[str]
    told_how: str  # where those who agreed did so
    stopped: Sequence[str] = field(default_factory=tuple)  # numbers of those who wrote STOP


SHOP = Society(
    crowds=[
        Crowd(ARABIC, "ar", "EG", "Africa/Cairo", 201000005001, 140),
        Crowd(ENGLISH, "en", "GB", "Europe/London", 447700900401, 60),
        Crowd(FRENCH, "fr", "FR", "Europe/Paris", 33639980101, 40),
    ],
    tags=["VIP", "Wholesale", "Gift buyer", "Late delivery", "تجار الجملة", "Newsletter"],
    fields=[
        ("Last order", "text", ()),
        ("Money spent", "number", ()),
        ("Birthday", "date", ()),
        ("Loyalty level", "choice", ("Bronze", "Silver", "Gold")),
        ("Cash on delivery", "yes_no", ()),
    ],
    segments=[
        (
            "Best customers who agreed",
            "all",
            [("consent.marketing", "is", "opted_in"), ("field.loyalty_level", "is", "Gold")],
        ),
        ("عملاء مصر النشطون", "all", [("language", "is", "ar"), ("last_inbound", "within_days", 60)]),
        ("Quiet for three months", "all", [("last_inbound", "before_days", 90), ("blocked", "is", False)]),
        ("Spent more than 5,000 or VIP", "any", [("field.money_spent", "more", 5000), ("tag", "has", "VIP")]),
        (
            "Never asked for consent",
            "all",
            [("consent.marketing", "is", "unknown"), ("channel", "has", "whatsapp_cloud")],
        ),
    ],
    notes=["Prefers delivery after six.", "يفضل التواصل صباحًا", "Asks for gift wrapping every time."],
    told_how="Ticked the box at checkout",
    stopped=["491500000227"],
)
CLINIC = Society(
    crowds=[
        Crowd(ENGLISH, "en", "GB", "Europe/London", 447700900501, 80),
        Crowd(URDU, "ur", "GB", "Europe/London", 447700900601, 30),
        Crowd(POLISH, "pl", "GB", "Europe/London", 447700900651, 30),
    ],
    tags=["New patient", "Interpreter", "Flu jab due", "Insurance query"],
    fields=[
        ("Patient number", "text", ()),
        ("Last visit", "date", ()),
        ("Insurance", "choice", ("None", "Harbour Mutual", "Portway Health")),
        ("Visits", "number", ()),
        ("Large print", "yes_no", ()),
    ],
    segments=[
        ("Flu jab due", "all", [("tag", "has", "Flu jab due"), ("consent.service", "is_not", "opted_out")]),
        ("Not seen for a year", "all", [("field.last_visit", "before", "2025-11-01")]),
        ("Needs an interpreter", "any", [("tag", "has", "Interpreter"), ("language", "is", "ur")]),
        ("Frequent visitors", "all", [("field.visits", "more", 8)]),
        ("May get the newsletter", "all", [("consent.marketing", "is", "opted_in")]),
    ],
    notes=["Best reached in the evening.", "Wheelchair user, book the ground floor."],
    told_how="Signed the form at the desk",
)


OF = {"nile-shop": SHOP, "harbour-clinic": CLINIC}  # by the slug of the workspace


def populate(workspace: Workspace, society: Society, channel: Channel, owner: Member) -> None:
    """Add the people of a society, once: a workspace that has tags keeps what it has."""
    if Tag.objects.filter(workspace=workspace).exists():
        return
    dice, now = Random(workspace.slug), timezone.now()  # noqa: S311  (fixed on purpose)
    tags = [labels.make_tag(workspace.pk, name, by=owner) for name in society.tags]
    custom = [
        fields.make_field(workspace.pk, label=label, kind=kind, choices=choices, by=owner)
        for label, kind, choices in society.fields
    ]
    for crowd in society.crowds:
        _add(workspace, crowd, channel, dice, now)
    everybody = list(Contact.objects.filter(workspace=workspace).order_by("pk"))
    for person in everybody:
        person.tag_ids = sorted(tag.pk for tag in dice.sample(tags, dice.choice((0, 0, 1, 1, 2, 3))))
        person.fields = {
            each.key: _value(each.kind, each.choices, dice, now.date()) for each in custom if dice.random() < 0.7
        }
    Contact.objects.bulk_update(everybody, ["tag_ids", "fields"])
    _ask(workspace, society, dice)
    for person in dice.sample(everybody, len(everybody) // 12):
        notes.add(person, dice.choice(society.notes), by=owner)
    _save_segments(workspace, society, owner)


def _add(workspace: Workspace, crowd: Crowd, channel: Channel, dice: Random, now: datetime) -> None:
    firsts, lasts = crowd.names
    people = []
    for number in range(crowd.size):
        name = f"{firsts[number % len(firsts)]} {dice.choice(lasts)}"
        seen = now - timedelta(days=dice.expovariate(1 / 45), minutes=dice.randrange(1440))
        person = Contact(
            workspace=workspace,
            name="" if dice.random() < 0.04 else name,
            email=f"person{crowd.first_number % 1000 + number}@example.org" if dice.random() < 0.6 else "",
            language=crowd.language,
            country=crowd.country,
            time_zone=crowd.time_zone if dice.random() < 0.5 else "",
            last_seen_at=seen if dice.random() < 0.85 else None,
            last_outbound_at=seen + timedelta(hours=1) if dice.random() < 0.6 else None,
            blocked_at=now - timedelta(days=9) if dice.random() < 0.01 else None,
        )
        people.append(person)
    Contact.objects.bulk_create(people)
    for person in people:
        person.created_at = (person.last_seen_at or now) - timedelta(days=dice.randrange(1, 400))
    Contact.objects.bulk_update(people, ["created_at"])
    Identity.objects.bulk_create(
        Identity(
            workspace=workspace,
            contact=person,
            channel_kind=channel.kind,
            address=str(crowd.first_number + number),
            phone=f"+{crowd.first_number + number}",
            profile_name=person.name.split(" ")[0],
        )
        for number, person in enumerate(people)
    )


def _value(kind: str, choices: Sequence[str], dice: Random, today: date) -> Any:
    if kind == "number":
        return dice.choice((dice.randrange(1, 30), dice.randrange(100, 9000)))
    if kind == "date":
        return (today - timedelta(days=dice.randrange(30, 900))).isoformat()
    if kind == "choice":
        return dice.choice(list(choices))
    return dice.random() < 0.4 if kind == "yes_no" else f"A-{dice.randrange(1000, 2000)}"


def _ask(workspace: Workspace, society: Society, dice: Random) -> None:
    """Half agreed, a tenth stopped, the rest was never asked."""
    identities = list(Identity.objects.filter(workspace=workspace).order_by("pk"))
    stopped = [each for each in identities if each.address in society.stopped]
    rest = [each for each in identities if each not in stopped]
    dice.shuffle(rest)
    agreed, left = rest[: len(rest) // 2], rest[len(rest) // 2 : len(rest) * 6 // 10]
    consent.tighten_many(agreed, "marketing", "opted_in", source="import", wording=society.told_how)
    consent.tighten_many([*left, *stopped], "marketing", "opted_out", source="stop_word", wording="STOP")
    consent.tighten_many(left[:3], "service", "opted_out", source="stop_word", wording="STOP ALL")


def _save_segments(workspace: Workspace, society: Society, owner: Member) -> None:
    book = book_of(workspace.pk)
    keys = {name: pk for pk, name in book.tags.items()}
    for name, match, asked in society.segments:
        conditions = [
            {"field": what, "op": op, "value": keys[value] if what == "tag" else value} for what, op, value in asked
        ]
        raw = {"match": "all", "groups": [{"match": match, "conditions": conditions}]}
        saved = segments.create(workspace, name=name, rules=segments.parse(raw, book), by=owner)
        segments.remember(saved, segments.count(segments.members(saved)))

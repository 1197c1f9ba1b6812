"""Random people under random rules, judged once more in plain Python: figures, samples and rows must be the same."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from broadcasts import audience
from broadcasts.models import AudienceList, AudienceListEntry, Broadcast, Recipient
from contacts import labels, segments
from contacts.models import Consent, Contact, Identity
from contacts.segments.books import book_of
from inbox.models import Conversation, Message
from tests import factories
from workspaces import tenancy

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PEOPLE = 30
STATES = (None, None, "opted_in", "opted_in", "opted_in", "opted_out")
STATUSES = ("pending", "sent", "delivered", "read", "failed", "skipped", "cancelled")
NOT_GOT = ("failed", "skipped", "cancelled")


@dataclass
class Address:
    pk: int
    number: str
    said: dict[str, str | None]
    window: int | None  # hours it is still open, None: never wrote


@dataclass
class Sent:
    queued: int  # hours ago
    started: int | None
    status: str

    def is_recent(self, hours: int) -> bool:
        at = self.queued if self.started is None else self.started
        return at < hours and self.status not in NOT_GOT


@dataclass
class Person:
    pk: int
    country: str
    language: str
    tags: set[int]
    blocked: bool
    listed: bool
    earlier: tuple[str, str, bool] | None = None  # recipient's state, message's status, replied
    waits: bool = False
    addresses: list[Address] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)


@dataclass
class World:
    channel: Any
    tags: list[int]
    segment: int
    listed: str
    earlier: Broadcast
    people: list[Person]


@pytest.mark.parametrize("seed", range(6))
def test_everybody_who_asks_hears_the_same_as_counting_by_hand(seed: int):
    chance = random.Random(seed)
    world = _world(chance)
    for _ in range(6):
        broadcast = _broadcast(chance, world)
        by_hand = _judged_by_hand(world, broadcast)
        with tenancy.scope(broadcast.workspace_id):
            counted = audience.breakdown(broadcast, patient=True, now=NOW)
            shown = {why: audience.sample(broadcast, why, PEOPLE, now=NOW) for why in {*counted.left_out, ""}}
            audience.write_down(broadcast, NOW)
            rows = Recipient.objects.filter(broadcast=broadcast)
            written = {row.contact_id: (row.reason, row.identity_id, row.country) for row in rows}
            waiting = {row.contact_id for row in rows if row.state == Recipient.State.WAITING}
        assert written == by_hand
        reasons = Counter(reason for reason, _, _ in by_hand.values())
        receive = reasons.pop("", 0)
        assert (counted.matched, counted.will_receive, counted.left_out) == (len(by_hand), receive, dict(reasons))
        assert counted.by_country == Counter(country for why, _, country in by_hand.values() if not why)
        assert waiting == {pk for pk, (why, _, _) in by_hand.items() if not why}
        for why, some in shown.items():
            assert {each.pk for each in some} == {pk for pk, (reason, _, _) in by_hand.items() if reason == why}


def _judged_by_hand(world: World, broadcast: Broadcast) -> dict[int, tuple[str, int | None, str]]:
    found: dict[int, tuple[str, int | None, str]] = {}
    holders: set[str] = set()
    for person in sorted(world.people, key=lambda each: each.pk):
        if not any(_is_in(person, item, world) for item in broadcast.audience["include"]):
            continue
        reason, address = _reason(person, broadcast, world)
        if not reason and address:
            reason = "duplicate" if address.number in holders else ""
            holders.add(address.number)
        found[person.pk] = (reason, address.pk if address else None, person.country)
    return found


def _reason(person: Person, broadcast: Broadcast, world: World) -> tuple[str, Address | None]:
    purpose = broadcast.purpose
    willing = [each for each in person.addresses if purpose == "service" or each.said[purpose] == "opted_in"]
    fit = [each for each in willing if not broadcast.text or (each.window or 0) > 0]
    address = next(iter(fit or willing or person.addresses), None)
    recent = any(each.is_recent(broadcast.recent_hours) for each in person.sent) or person.waits
    reasons = {
        "excluded": any(_is_in(person, item, world) for item in broadcast.audience["exclude"]),
        "blocked": person.blocked,
        "no_address": not person.addresses,
        "opted_out": any(each.said[purpose] == "opted_out" for each in person.addresses),
        "no_consent": not willing,
        "recent": recent and purpose == "marketing" and broadcast.recent_hours > 0,
        "no_window": not fit,
    }
    return next((reason for reason, holds in reasons.items() if holds), ""), address


def _is_in(person: Person, item: dict[str, Any], world: World) -> bool:
    if "tag" in item:
        return item["tag"] in person.tags
    if "segment" in item:
        return person.language == "ar"
    if "list" in item:
        return person.listed
    if "broadcast" in item:
        return person.earlier is not None and _was(item["who"], *person.earlier)
    return True


def _was(who: str, state: str, status: str, replied: bool) -> bool:
    return {
        "all": state == "waiting" or (state == "queued" and status not in NOT_GOT),
        "read": status == "read",
        "not_read": status == "delivered",
        "replied": replied,
        "not_replied": status in ("delivered", "read") and not replied,
        "failed": status == "failed",
    }[who]


def _broadcast(chance: random.Random, world: World) -> Broadcast:
    items = [
        {"everybody": True},
        *({"tag": tag} for tag in world.tags),
        {"segment": world.segment},
        {"list": world.listed},
        *({"broadcast": str(world.earlier.uuid), "who": who} for who in ("all", "read", "not_read", "replied")),
        *({"broadcast": str(world.earlier.uuid), "who": who} for who in ("not_replied", "failed")),
    ]
    include, exclude = chance.sample(items, chance.randint(1, 3)), chance.sample(items[1:], chance.randint(0, 2))
    with tenancy.scope(world.channel.workspace_id):
        return Broadcast.objects.create(
            workspace=world.channel.workspace,
            channel=world.channel,
            audience={"include": include, "exclude": exclude},
            purpose=chance.choice(["marketing", "marketing", "service"]),
            text=chance.choice(["", "Hello"]),
            recent_hours=chance.choice([0, 24, 48]),
        )


def _world(chance: random.Random) -> World:
    ana = factories.make_member()
    channel = factories.make_channel(ana.workspace)
    with tenancy.scope(ana.workspace_id):
        tags = [labels.make_tag(ana.workspace_id, name, by=ana).pk for name in ("VIP", "Staff")]
        rules = {"match": "all", "groups": [{"conditions": [{"field": "language", "op": "is", "value": "ar"}]}]}
        parsed = segments.parse(rules, book_of(ana.workspace_id))
        segment = segments.create(ana.workspace, name="Arabic", rules=parsed, by=ana)
        listed = AudienceList.objects.create(workspace=ana.workspace, name="list.csv")
        earlier = Broadcast.objects.create(workspace=ana.workspace, status="finished", purpose="service")
        running = Broadcast.objects.create(workspace=ana.workspace, status="running")
        world = World(channel, tags, segment.pk, str(listed.uuid), earlier, [])
        for _ in range(PEOPLE):
            person = _person(chance, world)
            world.people.append(person)
            named = {"workspace": ana.workspace, "contact_id": person.pk}
            if person.listed:
                AudienceListEntry.objects.create(audience_list=listed, **named)
            if person.waits:
                Recipient.objects.create(broadcast=running, state="waiting", **named)
            if person.earlier:
                state, status, replied = person.earlier
                message = _message(chance, world, person, "", status, 500, 500) if status else None
                Recipient.objects.create(
                    broadcast=earlier, state=state, message=message, replied_at=NOW if replied else None, **named
                )
    return world


def _person(chance: random.Random, world: World) -> Person:
    tags = {tag for tag in world.tags if chance.random() < 0.4}
    country, language = chance.choice(["GB", "EG", ""]), chance.choice(["ar", "en"])
    blocked = chance.random() < 0.1
    contact = Contact.objects.create(
        workspace=world.channel.workspace,
        country=country,
        language=language,
        tag_ids=sorted(tags),
        blocked_at=NOW if blocked else None,
    )
    person = Person(contact.pk, country, language, tags, blocked, chance.random() < 0.3, waits=chance.random() < 0.1)
    for _ in range(chance.choice([0, 1, 1, 1, 1, 2, 3])):
        person.addresses.append(_address(chance, world, contact))
    if person.addresses:
        for _ in range(chance.choice([0, 0, 0, 1, 2])):
            sent = Sent(chance.choice([1, 23, 30, 47, 60]), chance.choice([None, 1, 30, 60]), chance.choice(STATUSES))
            _message(chance, world, person, "marketing", sent.status, sent.queued, sent.started)
            person.sent.append(sent)
        state = chance.choice(["", "waiting", "queued", "queued", "skipped"])
        status = chance.choice(STATUSES) if state == "queued" else ""
        person.earlier = (state, status, chance.random() < 0.4) if state else None
    return person


def _address(chance: random.Random, world: World, contact: Contact) -> Address:
    known = [each.number for person in world.people for each in person.addresses]
    number = f"4477{chance.randrange(10**8):08d}"
    shared = chance.choice(known) if known and chance.random() < 0.2 else ""
    identity = Identity.objects.create(
        workspace=world.channel.workspace,
        contact=contact,
        channel_kind=world.channel.kind,
        address="" if shared else number,
        user_id=f"user-{number}",
        phone=f"+{shared or number}",
    )
    said = {purpose: chance.choice(STATES) for purpose in ("marketing", "service")}
    for purpose, state in said.items():
        if state:
            Consent.objects.create(
                workspace=world.channel.workspace, identity=identity, purpose=purpose, state=state, changed_at=NOW
            )
    window = chance.choice([None, -3, 5, 20])
    Conversation.objects.create(
        workspace=world.channel.workspace,
        channel=world.channel,
        identity=identity,
        contact=contact,
        last_message_at=NOW,
        window_expires_at=None if window is None else NOW + timedelta(hours=window),
    )
    return Address(identity.pk, shared or number, said, window)


def _message(
    chance: random.Random, world: World, person: Person, purpose: str, status: str, queued: int, started: int | None
) -> Message:
    identity = chance.choice(person.addresses).pk
    conversation = Conversation.objects.get(workspace_id=world.channel.workspace_id, identity_id=identity)
    message = factories.make_message(
        conversation,
        direction="out",
        purpose=purpose,
        status=status,
        started_at=None if started is None else NOW - timedelta(hours=started),
    )
    Message.objects.filter(pk=message.pk).update(created_at=NOW - timedelta(hours=queued))
    return message

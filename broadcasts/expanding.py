"""Turn the next waiting recipients of a running broadcast into queued messages, a chunk in one transaction.

Claimed, judged once more, composed, written, charged: all of it or nothing, so a worker that dies repeats nothing and
forgets nobody. Recipients that another worker has in hand are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from django.db import connection

from inbox import charging, sending
from inbox.models import Message
from inbox.previews import preview_of
from live.publishing import publish
from providers.registry import adapter
from workspaces import credit_prices, credits, tenancy
from workspaces.models.tenant import uuid7

from . import pacing
from .composing import Composed, Composer, Unfilled
from .expanding_sql import CLAIM, LEAVE, OPEN_THREADS, QUEUE, SHOW, STILL_RUNNING, THREADS, WROTE
from .models import Broadcast


@dataclass(slots=True)
class Person:
    """One claimed recipient, and what is to become of them."""

    recipient_id: int
    identity_id: int
    contact_id: int
    conversation_id: int | None
    name: str
    email: str
    language: str
    fields: dict[str, Any]
    phone: str
    time_zone: str
    country: str
    turn: datetime | None
    reason: str
    due: datetime | None = None
    composed: Composed | None = None


@dataclass(frozen=True, slots=True)
class Expanded:
    """What a chunk came to. `taken` recipients were claimed; of those `queued` have a message now."""

    taken: int = 0
    queued: int = 0


@dataclass(frozen=True, slots=True)
class Press:
    """What is the same for every chunk of a broadcast, read once for several."""

    broadcast: Broadcast
    composer: Composer
    prices: credit_prices.PriceList
    quiet: pacing.QuietHours

    @property
    def values(self) -> dict[str, Any]:
        return {
            "ws": self.broadcast.workspace_id,
            "broadcast": self.broadcast.pk,
            "channel": self.broadcast.channel_id,
            "translation": self.broadcast.translation_id,
            "purpose": self.broadcast.purpose,
        }

    @property
    def needs_window(self) -> bool:
        """Whether it may only go to people who wrote lately: what is no approved template, where there are windows."""
        channel = self.broadcast.channel
        free = self.broadcast.translation is None or self.composer.is_quick
        return free and channel is not None and adapter(channel.kind).capabilities.reply_window is not None

    def price(self, country: str) -> int:
        kind = self.broadcast.channel.kind if self.broadcast.channel else ""
        return self.prices.credits(kind, charging.category_of(self.broadcast.translation), country)


def press(broadcast: Broadcast) -> Press:
    """Prepare to expand this broadcast, inside its workspace's scope."""
    return Press(broadcast, Composer(broadcast), credit_prices.of(broadcast.workspace_id), pacing.QuietHours(broadcast))


def expand(work: Press, first: datetime, limit: int) -> Expanded:
    """Queue messages for the next `limit` recipients, in slots from `first` on. Nothing when it does not run any more.

    Raises credits.NotEnough when the chunk cannot be paid; then nothing of it has happened.
    """
    broadcast = work.broadcast
    with tenancy.scope(broadcast.workspace_id), connection.cursor() as cursor:
        now = _running_at(cursor, work)
        if now is None:
            return Expanded()
        people = _claim(cursor, work, first, now, limit)
        _judge(work, people, first)
        ready = [person for person in people if person.composed]
        _leave(cursor, work, people)
        if ready:
            cursor.execute(WROTE, work.values | {"at": now, "contacts": [person.contact_id for person in ready]})
            _open_threads(cursor, work, ready)
            ids = _queue(cursor, work, ready)
            _charge(work, ready, ids)
            sending.poke(broadcast.channel_id or 0, Message.Lane.BROADCAST)
            publish(broadcast.workspace_id, "credits")
        publish(broadcast.workspace_id, f"bc-{broadcast.uuid}")
    return Expanded(len(people), len(ready))


def _running_at(cursor: Any, work: Press) -> datetime | None:
    cursor.execute(STILL_RUNNING, work.values)
    cursor.nextset()
    row = cursor.fetchone()
    return row[0] if row else None


def _claim(cursor: Any, work: Press, first: datetime, now: datetime, limit: int) -> list[Person]:
    wanted = {
        "needs_window": work.needs_window,
        "first": first,
        "until": now + pacing.AHEAD,
        "limit": limit,
    }
    cursor.execute(CLAIM, work.values | wanted)
    people = [Person(*row) for row in cursor.fetchall()]
    for person in people:
        if isinstance(person.fields, str):
            person.fields = json.loads(person.fields)
    return people


def _judge(work: Press, people: Sequence[Person], first: datetime) -> None:
    """Give each their moment and their message, or the reason why not."""
    step, slot = timedelta(seconds=pacing.step(work.broadcast)), first
    for person in people:
        if person.reason:
            continue
        due = max(slot, person.turn or slot)
        person.due = work.quiet.after(due, person.time_zone, person.country) if work.quiet else due
        if person.due > due:
            continue
        try:
            person.composed = work.composer.message(person, person)
        except Unfilled:
            person.reason = "unfilled"
            continue
        slot += step


def _leave(cursor: Any, work: Press, people: Sequence[Person]) -> None:
    """Those who are skipped, and those whose quiet hours have begun."""
    skipped = [person for person in people if person.reason]
    later = [person for person in people if not person.reason and not person.composed]
    if not skipped and not later:
        return
    columns = {
        "skipped": [person.recipient_id for person in skipped],
        "reasons": [person.reason for person in skipped],
        "later": [person.recipient_id for person in later],
        "turns": [person.due for person in later],
    }
    cursor.execute(LEAVE, work.values | columns)


def _open_threads(cursor: Any, work: Press, ready: Sequence[Person]) -> None:
    """A conversation for everybody who has none over this number; in the others the message is shown as the last."""
    new = [person for person in ready if person.conversation_id is None]
    known = [person for person in ready if person.conversation_id is not None]
    if new:
        cursor.execute(OPEN_THREADS, work.values | {"rows": _shown(new)})
        cursor.execute(THREADS, work.values | {"identities": [person.identity_id for person in new]})
        found = dict(cursor.fetchall())
        for person in new:
            person.conversation_id = found[person.identity_id]
    if known:
        ids = [person.conversation_id for person in known]
        cursor.execute(SHOW, work.values | {"known": ids, "rows": _shown(known)})


def _shown(people: Iterable[Person]) -> str:
    """What stands in the list of conversations, for each."""
    return json.dumps(
        [
            {
                "uuid": str(uuid7()),
                "identity_id": person.identity_id,
                "contact_id": person.contact_id,
                "conversation_id": person.conversation_id,
                "preview": preview_of(person.composed.kind, person.composed.text, person.composed.content),
                "kind": person.composed.kind,
                "due": str(person.due),
            }
            for person in people
            if person.composed
        ]
    )


def _queue(cursor: Any, work: Press, ready: Sequence[Person]) -> list[int]:
    """Write the messages; their ids, in the order of the people."""
    rows = [
        {
            "place": place,
            "recipient_id": person.recipient_id,
            "conversation_id": person.conversation_id,
            "uuid": str(uuid7()),
            "cid": str(cid(work.broadcast.uuid, person.recipient_id)),
            "kind": person.composed.kind,
            "content": person.composed.content,
            "text": person.composed.text,
            "due": str(person.due),
        }
        for place, person in enumerate(ready)
        if person.composed
    ]
    mark = "marketing" if work.broadcast.purpose == Broadcast.Purpose.MARKETING else ""
    cursor.execute(QUEUE, work.values | {"rows": json.dumps(rows), "mark": mark})
    return [message_id for _, message_id in sorted(cursor.fetchall())]


def _charge(work: Press, ready: Sequence[Person], ids: Sequence[int]) -> None:
    broadcast = work.broadcast
    kind = broadcast.channel.kind if broadcast.channel else ""
    paid = zip(ids, ready, strict=True)
    credits.charge_many(
        broadcast.workspace_id,
        [credits.Charge(message_id, work.price(person.country)) for message_id, person in paid],
        pocket=credits.pocket_for(kind),
        source=Message.Source.BROADCAST,
        broadcast_id=broadcast.pk,
        actor=broadcast.launched_by,
    )


def cid(broadcast: UUID, recipient_id: int) -> UUID:
    """The client id of one recipient's message: the same for ever."""
    return uuid5(broadcast, str(recipient_id))

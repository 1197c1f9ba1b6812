"""Forty days of credits for a demo workspace: top-ups, a charge for each message, refunds, a transfer, prices.

The demo's own messages are charged when they were sent. Days longer ago than messages are kept have charges of
messages that are gone, as a workspace has that erased people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from workspaces import credit_checks, credit_days, credit_prices, credits, tenancy
from workspaces.models import CreditEntry, CreditPocket, CreditPrice, Member, Role, Workspace

from ..models import Message

DAYS = 40
KEPT_DAYS = 11  # the nightly check looks for the messages of younger charges
HOURS = range(8, 19)  # when the team works
BUSY = {"agent": 9, "api": 11}  # messages a day, about
LOW = 1_000
ENOUGH = 2_200  # below this somebody buys
OPENING = 2_500
BOUGHT = 5_000
FAILED = (Message.Status.FAILED, Message.Status.SKIPPED, Message.Status.CANCELLED)
Kind, Pocket = CreditEntry.Kind, CreditPocket.Kind

INSERT = """
INSERT INTO workspaces_creditentry
       (workspace_id, pocket_id, kind, amount, balance_after, message_id, after_attempts, broadcast_id, source,
        actor_id, reference, note, created_at)
SELECT %s, pocket_id, kind, amount, balance_after, message_id, 0, broadcast_id, source, actor_id, reference, note, at
  FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[],
              %s::bigint[], %s::text[], %s::text[], %s::timestamptz[]) WITH ORDINALITY
       AS e (pocket_id, kind, amount, balance_after, message_id, broadcast_id, source, actor_id, reference, note, at, n)
 ORDER BY n
"""
OF_BROADCASTS = """
SELECT r.message_id, r.broadcast_id FROM broadcasts_recipient r
 WHERE r.workspace_id = %s AND r.message_id IS NOT NULL
"""


@dataclass(slots=True)
class Happening:
    """One entry to be; `at` decides its place and so its running balance."""

    at: datetime
    kind: str
    amount: int
    pocket: str = Pocket.WHATSAPP
    message_id: int | None = None
    broadcast_id: int | None = None
    source: str = credits.OPERATOR
    actor_id: int | None = None
    reference: str = ""
    note: str = ""


@transaction.atomic
def populate(workspace: Workspace) -> None:
    """Write the history of a workspace whose ledger is still empty, after all of its messages are there."""
    with tenancy.scope(workspace.pk):
        if not CreditEntry.objects.filter(workspace=workspace).exists():
            _populate(workspace, Member.objects.filter(workspace=workspace, role=Role.OWNER).earliest("pk").pk)


def _populate(workspace: Workspace, owner_id: int) -> None:
    now, dice = timezone.now(), Random(workspace.slug)  # noqa: S311  (fixed on purpose)
    _set_prices(workspace, now)
    happened = [*_of_messages(workspace), *_of_gone_messages(workspace, dice, now)]
    begun = min([now - timedelta(days=DAYS), *(each.at for each in happened)]) - timedelta(hours=1)
    happened += [
        Happening(begun, Kind.TOP_UP, OPENING, reference=f"INV-{begun:%y%m}-014", note="Bank transfer"),
        *_moved(now - timedelta(days=12, hours=3), 500, owner_id),
    ]
    _write(workspace, sorted(happened, key=lambda each: each.at), now)
    CreditPocket.objects.filter(workspace=workspace, kind=Pocket.WHATSAPP).update(low_balance=LOW)
    credit_checks.check(workspace)


def _set_prices(workspace: Workspace, now: datetime) -> None:
    """Few, and such that what the history charges is what they say."""
    if CreditPrice.objects.filter(workspace=workspace).exists():
        return
    begin = credit_days.midnight(workspace, (now - timedelta(days=200)).date())
    credit_prices.put(workspace.pk, 1, category="marketing", valid_from=begin)
    credit_prices.put(workspace.pk, 2, channel_kind="sms", valid_from=begin)


def _of_messages(workspace: Workspace) -> Iterator[Happening]:
    """What the messages that are there were charged, and what came back."""
    with connection.cursor() as cursor:
        cursor.execute(OF_BROADCASTS, [workspace.pk])
        broadcasts = dict(cursor.fetchall())
    ours = Message.objects.filter(workspace=workspace, direction=Message.Direction.OUT).exclude(kind="reaction")
    rows = ours.exclude(source=Message.Source.ELSEWHERE).values_list(
        "pk", "occurred_at", "status", "failed_at", "source", "sender_id"
    )
    for pk, at, status, failed_at, source, sender_id in rows:
        about: dict[str, Any] = {"message_id": pk, "broadcast_id": broadcasts.get(pk), "source": source}
        yield Happening(at, Kind.CHARGE, -1, actor_id=sender_id, **about)
        if status in FAILED:
            yield Happening(max(failed_at or at, at + timedelta(seconds=2)), Kind.REFUND, 1, **about)


def _of_gone_messages(workspace: Workspace, dice: Random, now: datetime) -> Iterator[Happening]:
    number = -workspace.pk * 1_000_000  # below zero, where no message will ever be
    for age in range(KEPT_DAYS, DAYS):
        day = (now - timedelta(days=age)).replace(hour=0, minute=0, second=0, microsecond=0)
        quiet = 0.25 if day.weekday() >= 5 else 1.0
        for source, usual in BUSY.items():
            for _ in range(int(usual * quiet * dice.uniform(0.7, 1.4))):
                number -= 1
                at = day + timedelta(hours=dice.choice(HOURS), seconds=dice.randrange(3600))
                yield Happening(at, Kind.CHARGE, -1, message_id=number, source=source)
                if dice.random() < 0.02:
                    back = at + timedelta(seconds=dice.randrange(2, 90))
                    yield Happening(back, Kind.REFUND, 1, message_id=number, source=source)


def _moved(at: datetime, amount: int, actor_id: int) -> list[Happening]:
    by: dict[str, Any] = {"source": "agent", "actor_id": actor_id}
    return [
        Happening(at, Kind.TRANSFER, -amount, note=f"To {Pocket.SMS.label}", **by),
        Happening(
            at + timedelta(milliseconds=1),
            Kind.TRANSFER,
            amount,
            Pocket.SMS,
            note=f"From {Pocket.WHATSAPP.label}",
            **by,
        ),
    ]


def _write(workspace: Workspace, happened: list[Happening], now: datetime) -> None:
    """Every entry with the balance after it; who runs low buys more."""
    pockets = {row.kind: row for row in CreditPocket.objects.select_for_update().filter(workspace=workspace)}
    rows: list[Happening] = []
    balances: list[int] = []
    for each in happened:
        row = pockets[each.pocket]
        if each.pocket == Pocket.WHATSAPP and row.balance + each.amount < ENOUGH and rows:
            row.balance += BOUGHT
            rows.append(Happening(each.at, Kind.TOP_UP, BOUGHT, reference=f"INV-{each.at:%y%m}-015"))
            balances.append(row.balance)
        row.balance += each.amount
        rows.append(each)
        balances.append(row.balance)
    columns: list[Any] = [
        [pockets[each.pocket].pk for each in rows],
        [each.kind for each in rows],
        [each.amount for each in rows],
        balances,
        [each.message_id for each in rows],
        [each.broadcast_id for each in rows],
        [each.source for each in rows],
        [each.actor_id for each in rows],
        [each.reference for each in rows],
        [each.note for each in rows],
        [min(each.at, now) for each in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [workspace.pk, *columns])
    for row in pockets.values():
        row.save(update_fields=["balance"])

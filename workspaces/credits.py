"""What sending costs: charged when a message is queued, given back once when it does not go out.

A charge or refund belongs in the transaction that queues or ends the message, and comes last in it: the pocket's row
stays locked until the commit, and whoever locked a message, person or conversation after it could wait in a ring with
another sender. So one transaction sends one message, or charges all of its messages at its end.

SQL by hand, because balance and entries change in one statement and the ORM would make it several.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from live.publishing import publish

from . import auditing
from .models import CreditEntry, CreditPocket, Member, Workspace

STARTING = "starting credits"  # the reference of what a new workspace begins with
OPERATOR = "operator"  # the source of entries that no message caused
Kind = CreditPocket.Kind

# The day of the cap is UTC's: the database judges it, and its time zone names need not be those of Python.
TODAY = "(clock_timestamp() AT TIME ZONE 'UTC')::date"
SPENT_TODAY = f"(CASE WHEN p.spent_on >= {TODAY} THEN p.spent_today ELSE 0 END)"

# Entries get their ids in the order of the rows, while the pocket is locked: ids and running balances agree.
CHARGE = f"""
WITH paid AS (
    UPDATE workspaces_creditpocket p
       SET balance = p.balance - %(total)s, spent_today = {SPENT_TODAY} + %(total)s,
           spent_on = greatest(p.spent_on, {TODAY})
     WHERE p.workspace_id = %(ws)s AND p.kind = %(pocket)s AND p.balance >= %(total)s
       AND (p.daily_cap IS NULL OR {SPENT_TODAY} + %(total)s <= p.daily_cap)
    RETURNING p.id, p.balance + %(total)s AS before)
INSERT INTO workspaces_creditentry
       (workspace_id, pocket_id, kind, amount, balance_after, message_id, after_attempts, broadcast_id, source,
        actor_id, reference, note, created_at)
SELECT %(ws)s, paid.id, 'charge', -c.credits, paid.before - sum(c.credits) OVER (ORDER BY c.place), c.message_id,
       c.after_attempts, %(broadcast)s, %(source)s, %(actor)s, '', '', clock_timestamp()
  FROM paid, unnest(%(messages)s::bigint[], %(credits)s::bigint[], %(after)s::smallint[]) WITH ORDINALITY
             AS c (message_id, credits, after_attempts, place)
 ORDER BY c.place
"""
LEFT = f"""
SELECT p.balance, p.daily_cap - {SPENT_TODAY} FROM workspaces_creditpocket p
 WHERE p.workspace_id = %(ws)s AND p.kind = %(pocket)s
"""
BOOK = """
WITH changed AS (
    UPDATE workspaces_creditpocket SET balance = balance + %(amount)s
     WHERE workspace_id = %(ws)s AND kind = %(pocket)s AND balance + %(amount)s >= 0 RETURNING id, balance)
INSERT INTO workspaces_creditentry
       (workspace_id, pocket_id, kind, amount, balance_after, after_attempts, source, actor_id, reference, note,
        created_at)
SELECT %(ws)s, id, %(kind)s, %(amount)s, balance, 0, %(source)s, %(actor)s, %(reference)s, %(note)s, clock_timestamp()
  FROM changed
RETURNING id
"""


class NotEnough(Exception):
    """The pocket does not hold what is needed; nothing was charged."""

    def __init__(self, pocket: str, needed: int, available: int) -> None:
        super().__init__(f"{needed:,} credits are needed, {max(0, available):,} are left.")
        self.pocket, self.needed, self.available = pocket, needed, max(0, available)


class CapReached(NotEnough):
    """There are credits, but the day's limit leaves fewer than needed; nothing was charged."""


class AlreadyBooked(Exception):
    """A top-up with this reference is in the ledger already."""


class NotPossible(Exception):
    """A transfer or adjustment that makes no sense; the text says why, in words for people."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What one message costs. `after_attempts` is its `spent_attempts`: each try that a person orders is paid anew."""

    message_id: int
    credits: int
    after_attempts: int = 0


def pocket_for(channel_kind: str) -> str:
    """The pocket that pays for messages of a channel kind."""
    return Kind.SMS if channel_kind == "sms" else Kind.WHATSAPP


def charge_many(
    workspace_id: int,
    charges: Iterable[Charge],
    *,
    pocket: str,
    source: str,
    broadcast_id: int | None = None,
    actor: Member | None = None,
) -> None:
    """Charge all of these or none, in one statement; what is free leaves no entry.

    Raises NotEnough, or CapReached when only the day's limit is in the way. Raises IntegrityError for a message that
    was charged before with the same `after_attempts`.
    """
    paid = [charge for charge in charges if charge.credits]
    if not paid:
        return
    total = sum(charge.credits for charge in paid)
    values: dict[str, Any] = {
        "ws": workspace_id,
        "pocket": pocket,
        "total": total,
        "messages": [charge.message_id for charge in paid],
        "credits": [charge.credits for charge in paid],
        "after": [charge.after_attempts for charge in paid],
        "broadcast": broadcast_id,
        "source": source,
        "actor": actor.pk if actor else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(CHARGE, values)
        if cursor.rowcount != len(paid):
            raise _refusal(workspace_id, pocket, total)


def broadcast_of(workspace_id: int, message_id: int) -> int | None:
    """The broadcast that a message was first charged for."""
    charges = CreditEntry.objects.filter(workspace_id=workspace_id, message_id=message_id)
    return charges.filter(kind=CreditEntry.Kind.CHARGE).values_list("broadcast_id", flat=True).first()


def available(workspace_id: int, pocket: str) -> int:
    """Credits that can be charged now: the balance, or less when the day's limit leaves less."""
    balance, under_cap = _left(workspace_id, pocket)
    return max(0, balance if under_cap is None else min(balance, under_cap))


def refund(workspace_id: int, message_ids: Sequence[int]) -> int:
    """Give back what these messages were charged and have not got back; returns how many refunds that made.

    Only for messages that ended without having gone out. Safe to repeat: a charge is refunded once for ever.
    """
    if not message_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT carillon_refund(%s, %s)", [workspace_id, list(message_ids)])
        return int(cursor.fetchone()[0])


@transaction.atomic
def open_pockets(workspace: Workspace, *, credits: int | None = None) -> None:
    """Give a workspace its pockets and what it begins with (default STARTING_CREDITS), inside its scope; once."""
    pockets = [CreditPocket(workspace=workspace, kind=kind) for kind in Kind]
    CreditPocket.objects.bulk_create(pockets, ignore_conflicts=True)
    credits = settings.STARTING_CREDITS if credits is None else credits
    known = CreditEntry.objects.filter(workspace=workspace, kind=CreditEntry.Kind.TOP_UP, reference=STARTING)
    if credits and not known.exists():
        # Without a signal: nobody looks at a workspace that is just being made.
        note, kind = "What a new workspace begins with", CreditEntry.Kind.TOP_UP
        _book(workspace.pk, Kind.WHATSAPP, kind, credits, reference=STARTING, note=note)


@transaction.atomic
def top_up(
    workspace_id: int, pocket: str, credits: int, *, reference: str, note: str = "", by: Member | None = None
) -> CreditEntry:
    """Add credits that were paid for elsewhere. Raises AlreadyBooked when the reference is in the ledger."""
    if credits <= 0:
        raise NotPossible("A top-up adds at least one credit.")
    entry = _book(workspace_id, pocket, CreditEntry.Kind.TOP_UP, credits, reference=reference, note=note, by=by)
    publish(workspace_id, "credits")
    if by is not None:
        auditing.record(by, "credits.topped_up", reference, after={"pocket": pocket, "credits": credits})
    return entry


@transaction.atomic
def transfer(
    workspace_id: int, *, source: str, target: str, credits: int, by: Member
) -> tuple[CreditEntry, CreditEntry]:
    """Move credits from one pocket to another. Raises NotPossible, or NotEnough; the day's limit does not apply."""
    if credits <= 0 or source == target:
        raise NotPossible("Choose two different pockets and at least one credit.")
    # Both in one order, so that two transfers in opposite directions do not wait for each other.
    pockets = CreditPocket.objects.select_for_update(no_key=True).filter(workspace_id=workspace_id)
    list(pockets.filter(kind__in=[source, target]).order_by("pk"))
    kind = CreditEntry.Kind.TRANSFER
    out = _book(workspace_id, source, kind, -credits, note=f"To {Kind(target).label}", by=by)
    into = _book(workspace_id, target, kind, credits, note=f"From {Kind(source).label}", by=by)
    publish(workspace_id, "credits")
    auditing.record(by, "credits.transferred", after={"from": source, "to": target, "credits": credits})
    return out, into


@transaction.atomic
def adjust(workspace_id: int, pocket: str, credits: int, *, note: str, by: Member | None = None) -> CreditEntry:
    """Correct a balance up or down, with the reason as `note`. Raises NotPossible, or NotEnough below zero."""
    if not credits or not note.strip():
        raise NotPossible("An adjustment needs an amount and a reason.")
    entry = _book(workspace_id, pocket, CreditEntry.Kind.ADJUSTMENT, credits, note=note, by=by)
    publish(workspace_id, "credits")
    if by is not None:
        auditing.record(by, "credits.adjusted", note, after={"pocket": pocket, "credits": credits})
    return entry


def _book(
    workspace_id: int,
    pocket: str,
    kind: str,
    amount: int,
    *,
    reference: str = "",
    note: str = "",
    by: Member | None = None,
) -> CreditEntry:
    values: dict[str, Any] = {
        "ws": workspace_id,
        "pocket": pocket,
        "kind": kind,
        "amount": amount,
        "source": "agent" if by else OPERATOR,
        "actor": by.pk if by else None,
        "reference": reference,
        "note": note[:200],
    }
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(BOOK, values)
            row = cursor.fetchone()
    except IntegrityError as error:
        if "credit_top_up_reference_once" not in str(error):
            raise
        raise AlreadyBooked(f"A top-up with the reference “{reference}” is booked already.") from error
    if row is None:
        raise NotEnough(pocket, -amount, _left(workspace_id, pocket)[0])
    return CreditEntry.objects.get(workspace_id=workspace_id, pk=row[0])


def _refusal(workspace_id: int, pocket: str, needed: int) -> NotEnough:
    balance, under_cap = _left(workspace_id, pocket)
    if under_cap is not None and under_cap < needed <= balance:
        return CapReached(pocket, needed, under_cap)
    return NotEnough(pocket, needed, balance)


def _left(workspace_id: int, pocket: str) -> tuple[int, Any]:
    """The balance, and what the day's limit leaves; None without one. A pocket that is missing is empty."""
    with connection.cursor() as cursor:
        cursor.execute(LEFT, {"ws": workspace_id, "pocket": pocket})
        return cursor.fetchone() or (0, None)

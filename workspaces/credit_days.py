"""What each day did to a pocket: sums by kind, source and broadcast, from which charts and statements are made.

Entries never change, so a day that is over is summed once and then remembered: a month of a large workspace is
millions of entries, and its pages read them once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db import connection

from .models import CreditEntry, CreditPocket, Workspace

Kind = CreditEntry.Kind
CLOSED_AFTER = timedelta(hours=1)  # an entry of yesterday may commit a little after midnight
KEEP_SECONDS = 40 * 24 * 3600

# One scan for all days: the bounds are computed here, because PostgreSQL may know other zones than Python.
SUMS = """
SELECT width_bucket(created_at, %(starts)s::timestamptz[]) - 1, kind, source, broadcast_id, count(*),
       sum(amount)::bigint
  FROM workspaces_creditentry
 WHERE workspace_id = %(ws)s AND pocket_id = %(pocket)s AND created_at >= %(first)s AND created_at < %(end)s
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""


@dataclass(frozen=True, slots=True)
class Sum:
    """Entries of one kind, source and broadcast in one day."""

    kind: str
    source: str
    broadcast_id: int | None
    count: int
    amount: int  # as booked: charges are negative


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    sums: Sequence[Sum]

    @property
    def charged(self) -> int:
        return -amount_of(self.sums, Kind.CHARGE)

    @property
    def refunded(self) -> int:
        return amount_of(self.sums, Kind.REFUND)

    @property
    def spent(self) -> int:
        """Charges that stood: what came back is taken off, also of earlier days."""
        return self.charged - self.refunded


def amount_of(sums: Iterable[Sum], *kinds: str) -> int:
    """Credits of these kinds, as booked; of all without any."""
    return sum(each.amount for each in sums if not kinds or each.kind in kinds)


def midnight(workspace: Workspace, day: date) -> datetime:
    """When a day begins for this workspace."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(workspace.time_zone))


def today(workspace: Workspace, now: datetime) -> date:
    """The day it is for this workspace."""
    return now.astimezone(ZoneInfo(workspace.time_zone)).date()


def days(workspace: Workspace, pocket: CreditPocket, first: date, last: date, *, now: datetime) -> list[Day]:
    """Every day from `first` to `last`, both included, in the workspace's zone."""
    wanted = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    keys = {day: f"credit-day:{workspace.uuid}:{pocket.pk}:{workspace.time_zone}:{day}" for day in wanted}
    known = cache.get_many(keys.values())
    missing = [day for day in wanted if keys[day] not in known]
    found = {keys[day]: rows for day, rows in _read(workspace, pocket, missing).items()}
    over = {
        keys[day]: found[keys[day]]
        for day in missing
        if midnight(workspace, day + timedelta(days=1)) + CLOSED_AFTER < now
    }
    if over:
        cache.set_many(over, KEEP_SECONDS)
    known |= found
    return [Day(day, [Sum(*row) for row in known[keys[day]]]) for day in wanted]


def _read(workspace: Workspace, pocket: CreditPocket, missing: Sequence[date]) -> dict[date, list[list[object]]]:
    if not missing:
        return {}
    first, last = missing[0], missing[-1]
    span = [first + timedelta(days=number) for number in range((last - first).days + 2)]
    starts = [midnight(workspace, day) for day in span]
    values: dict[str, Any] = {
        "ws": workspace.pk,
        "pocket": pocket.pk,
        "starts": starts,
        "first": starts[0],
        "end": starts[-1],
    }
    with connection.cursor() as cursor:
        cursor.execute(SUMS, values)
        rows = cursor.fetchall()
    found: dict[date, list[list[object]]] = {day: [] for day in missing}
    for place, *row in rows:
        found.setdefault(span[place], []).append(row)
    return {day: found[day] for day in missing}


def balance_at(pocket: CreditPocket, at: datetime) -> int:
    """The balance just before a moment; 0 before the first entry."""
    before = CreditEntry.objects.filter(workspace_id=pocket.workspace_id, pocket=pocket, created_at__lt=at)
    last = before.order_by("-created_at", "-id").values_list("balance_after", flat=True).first()
    return last or 0


@dataclass(frozen=True, slots=True)
class Burn:
    """How fast credits go. `days_left` is None when nothing was spent lately."""

    days: Sequence[Day]
    per_day: float
    days_left: int | None


def burn(workspace: Workspace, pocket: CreditPocket, *, now: datetime, length: int = 30) -> Burn:
    """The last `length` days, and how long the balance lasts at their pace.

    The pace counts from the first day with a charge, so that a young workspace is not told it has all the time.
    """
    last = today(workspace, now)
    found = days(workspace, pocket, last - timedelta(days=length - 1), last, now=now)
    begun = next((place for place, day in enumerate(found) if day.charged), None)
    if begun is None:
        return Burn(found, 0.0, None)
    spent = sum(day.spent for day in found)
    per_day = max(0.0, spent / (len(found) - begun))
    return Burn(found, per_day, int(pocket.balance / per_day) if per_day else None)


@dataclass(frozen=True, slots=True)
class Statement:
    """One month of one pocket. `opening` plus all sums is `closing`; `agrees` says whether the ledger thinks so too."""

    month: date
    opening: int
    closing: int
    agrees: bool
    days: Sequence[Day]

    @property
    def sums(self) -> list[Sum]:
        return [each for day in self.days for each in day.sums]


def statement(workspace: Workspace, pocket: CreditPocket, month: date, *, now: datetime) -> Statement:
    """The month that begins on `month`, up to now if it is not over."""
    first, after = month.replace(day=1), following(month)
    found = days(workspace, pocket, first, after - timedelta(days=1), now=now)
    opening = balance_at(pocket, midnight(workspace, first))
    closing = opening + sum(amount_of(day.sums) for day in found)
    # Read before the sums would be too early, after them too late: only a month that is over can be held against it.
    over = midnight(workspace, after) + CLOSED_AFTER < now
    agrees = not over or closing == balance_at(pocket, midnight(workspace, after))
    return Statement(first, opening, closing, agrees, found)


def following(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)

"""How many people answer a question: exactly if that is quick, else about how many, and exactly on a second request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from ..models import SearchableContact

QUICK_MS = 300  # what somebody who types waits for without noticing
PATIENT_MS = 4500  # below the time limit of the web's own statements
QUERY_CANCELED = "57014"


@dataclass(frozen=True, slots=True)
class Count:
    """`exact` is False for an estimate of the planner."""

    number: int
    exact: bool = True

    @property
    def shown(self) -> str:
        """12,345"""
        return f"{self.number:,}"


def count(people: QuerySet[SearchableContact], *, patient: bool = False) -> Count:
    """How many people a query finds: exactly within 0.3 s (patient: 4.5 s), otherwise the planner's estimate."""
    try:
        with time_limit(PATIENT_MS if patient else QUICK_MS):
            return Count(people.order_by().count())
    except OperationalError as error:
        if not was_cut_off(error):
            raise
    return Count(estimate(people), exact=False)


def estimate(people: QuerySet[SearchableContact]) -> int:
    """What the planner expects, to two figures: more would pretend to know."""
    plan = people.order_by().explain(format="json")
    rows = int(json.loads(plan)[0]["Plan"]["Plan Rows"])
    digits = max(len(str(rows)) - 2, 0)
    return round(rows, -digits)


def sample(people: QuerySet[SearchableContact], size: int = 5) -> list[SearchableContact]:
    """A few of the people, those added last; none when finding them would take too long."""
    try:
        with time_limit(QUICK_MS):
            return list(people.order_by("-pk")[:size])
    except OperationalError as error:
        if not was_cut_off(error):
            raise
    return []


def was_cut_off(error: OperationalError) -> bool:
    """Whether a statement failed because its time was over."""
    return getattr(error.__cause__, "sqlstate", "") == QUERY_CANCELED


@contextmanager
def time_limit(milliseconds: int) -> Iterator[None]:
    """One savepoint in which statements are cut off; the limit that was in force comes back with its end."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        before = cursor.fetchone()[0]
    with transaction.atomic():
        _limit(f"{milliseconds}ms")
        yield
        _limit(before)  # after an error the savepoint's rollback restores it


def _limit(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [value])

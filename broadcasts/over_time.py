"""When what happened to a broadcast: steps reached and answers given per stretch of time, from the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from .models import Broadcast
from .tallying import ROWS

STEPS = ("accepted", "delivered", "read")
ANSWERS = ("replied", "tapped", "opted_out")
# Span -> (how long from the start, how long a stretch is); '' is everything so far.
SPANS = {
    "hour": (timedelta(hours=1), timedelta(minutes=1)),
    "day": (timedelta(days=1), timedelta(minutes=30)),
    "three-days": (timedelta(days=3), timedelta(hours=2)),
    "month": (timedelta(days=30), timedelta(hours=12)),
}
LABELS = {"hour": "First hour", "day": "First day", "three-days": "First three days", "month": "First 30 days"}
MOST = 0.9  # the shortest span that holds so much of what was delivered and read is shown first
COUNT_AGAIN = 15  # seconds, while it is being sent

TIMES = ("accepted_at", "delivered_at", "read_at", "replied_at", "tapped_at", "opted_out_at")  # of STEPS and ANSWERS
_BINS = ", ".join(f"date_bin('1 minute', {time}, %(start)s) AS {time}" for time in TIMES)
# Which of the times a row of the answer is about: the one that is grouped by.
_STEP = ", ".join(f"grouping({time})" for time in TIMES)
EVENTS = f"""
WITH rows AS ({ROWS}), bins AS (SELECT {_BINS} FROM rows)
SELECT {_STEP}, coalesce({", ".join(TIMES)}) AS at, count(*)
  FROM bins GROUP BY GROUPING SETS ({", ".join(f"({time})" for time in TIMES)})
HAVING coalesce({", ".join(TIMES)}) IS NOT NULL ORDER BY at
"""


@dataclass(frozen=True, slots=True)
class Series:
    """For each step, how many reached it in each stretch of `step_length` from `start` on."""

    start: datetime
    length: timedelta  # of the whole span
    stretch: timedelta
    counts: Mapping[str, Sequence[int]]
    span: str

    def cumulated(self, step: str) -> list[int]:
        """How many had reached a step at the end of each stretch."""
        total, made = 0, []
        for count in self.counts[step]:
            total += count
            made.append(total)
        return made


def minutes(broadcast: Broadcast) -> dict[str, list[list[int]]]:
    """Step -> [minute since the start, how many] of everything that happened, in one query."""
    key = f"broadcast-minutes-{broadcast.pk}"
    if broadcast.is_live and (kept := cache.get(key)) is not None:
        return kept
    found: dict[str, list[list[int]]] = {step: [] for step in (*STEPS, *ANSWERS)}
    names = list(found)
    given = {"workspace": broadcast.workspace_id, "broadcast": broadcast.pk, "start": broadcast.started_at}
    with connection.cursor() as cursor:
        # For this transaction: with less, the six groupings are sorted one after the other, which takes twice as long.
        cursor.execute("SELECT set_config('work_mem', '32MB', true)")
        cursor.execute(EVENTS, given)
        for *others, at, count in cursor.fetchall():
            found[names[others.index(0)]].append([_minute(broadcast, at), count])
    if broadcast.is_live:
        cache.set(key, found, COUNT_AGAIN)
    return found


def _minute(broadcast: Broadcast, at: datetime) -> int:
    """Minutes since the start; what is reported to have been before it counts as its first minute."""
    assert broadcast.started_at
    return max(int((at - broadcast.started_at) // timedelta(minutes=1)), 0)


def series(broadcast: Broadcast, span: str = "", *, now: datetime | None = None) -> Series | None:
    """The span asked for, else the shortest that holds most of what happened; None before the start."""
    if broadcast.started_at is None:
        return None
    happened = minutes(broadcast)
    span = span if span in SPANS else _fitting(happened)
    length, stretch = SPANS[span]
    age = max((now or timezone.now()) - broadcast.started_at, stretch)
    # No empty stretches for what has not come yet.
    number = -(-min(length, age) // stretch)
    size = int(stretch.total_seconds() // 60)
    counts = {step: [0] * number for step in happened}
    for step, found in happened.items():
        for minute, count in found:
            if minute // size < number:
                counts[step][minute // size] += count
    return Series(broadcast.started_at, stretch * number, stretch, counts, span)


def _fitting(happened: Mapping[str, Sequence[Sequence[int]]]) -> str:
    seen = [*happened["delivered"], *happened["read"]] or happened["accepted"]
    everything = sum(count for _, count in seen)
    for span, (length, _) in SPANS.items():
        if sum(count for minute, count in seen if minute * 60 < length.total_seconds()) >= MOST * everything:
            return span
    return "month"

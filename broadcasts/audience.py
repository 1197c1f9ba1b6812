"""Whom a broadcast is for: {"include": [...], "exclude": [...]} as people put it together in the first step.

Items: {"everybody": true}, {"segment": 3}, {"tag": 12}, {"list": "<uuid>"}, {"broadcast": "<uuid>", "who": "read"}.
Somebody is in the audience when any included item has them. Who of them then receives the broadcast, and why others
do not, is said in judging: once for the live breakdown, the people shown behind a figure and the rows written down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection
from django.utils import timezone

from contacts.models import Contact
from contacts.segments.counting import PATIENT_MS, time_limit, was_cut_off

from . import audience_sampling
from .audience_items import Audience, BadAudience, Item, describe, read
from .judging import Sql, Terms, judged, terms_of
from .models import Broadcast, Recipient
from .reasons import LEFT_OUT

__all__ = ["Audience", "BadAudience", "Breakdown", "Item", "breakdown", "describe", "read", "sample", "write_down"]

SAMPLE_MS = 1_000  # what judging a draw takes at most, where the planner knows the tables
EXACT_MS = 130  # what is tried before an estimate; together they stay below 300 ms
WRITING_SECONDS = 600
LARGE = 30_000  # people from which the planner's guess alone says that counting takes too long
MEMORY = "SET LOCAL work_mem = '64MB'"
# Among rows that nobody has counted yet (a first import, a demo) the planner takes every table for nearly empty and
# reads one whole for each row of another. Hashing costs a second of a very large workspace, and never minutes.
HASHED, AS_BEFORE = "SET LOCAL enable_nestloop = off", "SET LOCAL enable_nestloop = on"
STATES = Recipient.State


@dataclass(frozen=True, slots=True)
class Breakdown:
    """How an audience comes down to those who receive it: matched = will_receive + the sum of left_out, always.

    `left_out` has a word of broadcasts.reasons → people, only those that somebody has. `by_country` are those who will
    receive it; '' are those whose country nobody knows. An estimate (`exact` False) is drawn from a sample.
    """

    matched: int
    will_receive: int
    left_out: dict[str, int] = field(default_factory=dict)
    by_country: dict[str, int] = field(default_factory=dict)
    exact: bool = True
    counted_at: datetime = field(default_factory=timezone.now)


def breakdown(broadcast: Broadcast, *, patient: bool = False, now: datetime | None = None) -> Breakdown:
    """Who would receive the broadcast at `now`, and why the others would not. Raises BadAudience.

    Within about 0.3 s exactly or as an estimate; `patient` counts for up to 4.5 s before it settles for one.
    """
    terms = terms_of(broadcast, now or timezone.now())
    if (everybody := judged(terms)) is None:
        return Breakdown(0, 0)
    if patient or audience_sampling.expected(terms) <= LARGE:
        try:
            with time_limit(PATIENT_MS if patient else EXACT_MS):
                return broken_down(_counted(everybody))
        except OperationalError as error:
            if not was_cut_off(error):
                raise
    return estimate(terms)


def estimate(terms: Terms) -> Breakdown:
    """What a draw of some people says about all of them; without a draw, how large the audience may be."""
    drawn = audience_sampling.draw(terms)
    if not drawn.people:
        return broken_down([("", "", audience_sampling.expected(terms))], exact=False)
    some = judged(terms, drawn.people)
    counted = _counted_somehow(some) if some else []
    return broken_down([(reason, country, drawn.scale * people) for reason, country, people in counted], exact=False)


def sample(broadcast: Broadcast, reason: str, size: int = 20, *, now: datetime | None = None) -> list[Contact]:
    """Some of the people who are left out for `reason`, or with '' who receive the broadcast; by their age here.

    Of a large audience perhaps fewer than there are, when finding more would take too long. Raises BadAudience.
    """
    terms = terms_of(broadcast, now or timezone.now())
    if (everybody := judged(terms)) is None:
        return []
    found: list[int] = []
    if audience_sampling.expected(terms) > LARGE:
        drawn = judged(terms, audience_sampling.draw(terms).people)
        found = _keys(drawn, reason, size) if drawn else []
    if len(found) < size:
        try:
            with time_limit(PATIENT_MS):
                found = _keys(everybody, reason, size)
        except OperationalError as error:
            if not was_cut_off(error):
                raise
    return list(Contact.objects.filter(workspace_id=terms.workspace_id, pk__in=found).order_by("pk"))


def write_down(broadcast: Broadcast, now: datetime) -> None:
    """Add a recipient for everybody in the audience, the left out ones with their reason. Raises BadAudience.

    One statement in the caller's transaction; run again it adds nobody twice and changes nothing that is there.
    """
    terms = terms_of(broadcast, now)
    if (everybody := judged(terms)) is None:
        return
    insert = f"""
        INSERT INTO broadcasts_recipient (workspace_id, broadcast_id, contact_id, identity_id, state, reason,
                                          country, tapped)
        SELECT %s, %s, id, identity_id, CASE WHEN reason = '' THEN %s ELSE %s END, reason, country, ''
          FROM ({everybody.text}) everybody ORDER BY id
        ON CONFLICT DO NOTHING
    """
    keys: list[Any] = [terms.workspace_id, terms.broadcast_id, STATES.WAITING.value, STATES.LEFT_OUT.value]
    with time_limit(1000 * WRITING_SECONDS), connection.cursor() as cursor:
        cursor.execute(f"{MEMORY}; {HASHED}")
        cursor.execute(insert, [*keys, *everybody.parameters])
        cursor.execute(AS_BEFORE)


Row = tuple[str, str, float]  # reason, country, people


def _counted(everybody: Sql) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(MEMORY)
        cursor.execute(
            f"SELECT reason, country, count(*) FROM ({everybody.text}) everybody GROUP BY 1, 2", everybody.parameters
        )
        return cursor.fetchall()


def _counted_somehow(some: Sql) -> list[Row]:
    """Quickly, or among rows that nobody has counted yet by hashing whole tables."""
    try:
        with time_limit(SAMPLE_MS):
            return _counted(some)
    except OperationalError as error:
        if not was_cut_off(error):
            raise
    with connection.cursor() as cursor:
        cursor.execute(HASHED)
    counted = _counted(some)
    with connection.cursor() as cursor:
        cursor.execute(AS_BEFORE)
    return counted


def _keys(everybody: Sql, reason: str, size: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM ({everybody.text}) everybody WHERE reason = %s ORDER BY id LIMIT %s",
            [*everybody.parameters, reason, size],
        )
        return [row[0] for row in cursor.fetchall()]


def broken_down(rows: Sequence[Row], *, exact: bool = True) -> Breakdown:
    """Counted rows as figures. Pure."""
    left_out: defaultdict[str, float] = defaultdict(float)
    by_country: defaultdict[str, float] = defaultdict(float)
    for reason, country, people in rows:
        if reason:
            left_out[reason] += people
        else:
            by_country[country] += people
    # Each part is rounded by itself and the sums follow, so that they hold for an estimate too.
    reasons = {reason: shown for reason in LEFT_OUT if (shown := _shown(left_out[reason], exact))}
    largest = sorted(by_country, key=lambda country: (-by_country[country], country))
    countries = {country: shown for country in largest if (shown := _shown(by_country[country], exact))}
    receive = sum(countries.values())
    return Breakdown(receive + sum(reasons.values()), receive, reasons, countries, exact)


def _shown(people: float, exact: bool) -> int:
    """An estimate to two figures: more would pretend to know."""
    whole = round(people)
    return whole if exact else round(whole, 2 - len(str(whole)) if whole > 99 else 0)

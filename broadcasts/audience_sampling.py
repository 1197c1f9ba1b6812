"""A fair draw from the people of a workspace, for answers about a large audience that may not take long."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.db import OperationalError, connection
from django.db.models import QuerySet

from contacts.models import SearchableContact
from contacts.segments.counting import time_limit, was_cut_off

from .audience_items import included
from .judging import Terms

PAGES = 200  # of the table, looked at first
PEOPLE = 3_000  # judged; a third of the audience comes out right to a thirtieth
ENOUGH = 1_500
DRAW_MS = 80
TRIES = 4
SEED = 20  # the same draw from the same table, so that a figure does not jump while somebody reads it

# All people on some of the table's pages: right on the average wherever a workspace's people lie. Those judged are
# chosen among them by a scattering of their keys.
DRAW = """
WITH found AS MATERIALIZED (
    SELECT id FROM contacts_contact TABLESAMPLE SYSTEM (%(share)s) REPEATABLE (%(seed)s)
     WHERE workspace_id = %(ws)s AND deleted_at IS NULL
)
SELECT count(*), (SELECT array_agg(id) FROM (SELECT id FROM found ORDER BY hashint8(id) LIMIT %(people)s) chosen)
  FROM found
"""
SIZE = "SELECT greatest(pg_relation_size('contacts_contact') / current_setting('block_size')::integer, 1)"


@dataclass(frozen=True, slots=True)
class Draw:
    """Some people, and for how many of the workspace each of them stands. Nobody when drawing took too long."""

    people: list[int]
    scale: float = 0


def expected(terms: Terms) -> int:
    """About how many people are in the audience, exclusions not looked at: what the planner thinks."""
    condition = included(terms.audience, terms.now)
    people = _everybody(terms)
    return _planned(people if condition is None else people.filter(condition))


def draw(terms: Terms) -> Draw:
    """People of the workspace: from more of the table when there are too few, from less when that takes too long."""
    with connection.cursor() as cursor:
        cursor.execute(SIZE)
        share = min(100.0, 100 * PAGES / cursor.fetchone()[0])
    best = Draw([])
    for _ in range(TRIES):
        try:
            found = _drawn(terms, share)
        except OperationalError as error:
            if not was_cut_off(error):
                raise
            if best.people:
                break
            share /= 6
        else:
            best = max(best, found, key=lambda each: len(each.people))
            if len(best.people) >= ENOUGH or share == 100:
                break
            share = min(100.0, 6 * share)
    return best


def _drawn(terms: Terms, share: float) -> Draw:
    values = {"share": share, "seed": SEED, "ws": terms.workspace_id, "people": PEOPLE}
    with time_limit(DRAW_MS), connection.cursor() as cursor:
        cursor.execute(DRAW, values)
        found, people = cursor.fetchone()
    if not people:
        return Draw([])
    # How many pages a share makes is left to chance; the planner knows the size of a large workspace better, unless
    # its statistics are old.
    total, known = 100 * found / share, _planned(_everybody(terms))
    return Draw(people, (known if abs(known - total) < total / 4 and share < 100 else total) / len(people))


def _everybody(terms: Terms) -> QuerySet[SearchableContact]:
    return SearchableContact.objects.filter(workspace_id=terms.workspace_id)


def _planned(people: QuerySet[SearchableContact]) -> int:
    return int(json.loads(people.order_by().explain(format="json"))[0]["Plan"]["Plan Rows"])

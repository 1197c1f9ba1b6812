"""A fair draw from the people of a workspace, for answers about a large audience that may not take long."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import OperationalError, connection

from contacts.models import SearchableContact
from contacts.segments.counting import estimate, time_limit, was_cut_off

from .audience_items import included
from .judging import Terms

PAGES = 600  # of the table, looked at first
PEOPLE = 3_000  # judged; their share of a tenth of all is right to a twentieth, nearly always
ENOUGH = 1_500
DRAW_MS = 100
SEED = 20  # the same draw for the same table, so that a figure does not jump while somebody reads it

# All people on some of the table's pages: right on the average wherever a workspace's people lie. Those judged are
# chosen among them by a scattering of their keys.
DRAW = """
WITH found AS MATERIALIZED (
    SELECT id FROM contacts_contact TABLESAMPLE SYSTEM (%(share)s) REPEATABLE (%(seed)s)
     WHERE workspace_id = %(ws)s AND deleted_at IS NULL
)
SELECT count(*), (SELECT array_agg(id) FROM (SELECT id FROM found ORDER BY hashint8(id) LIMIT %(people)s) some)
  FROM found
"""
SIZE = "SELECT greatest(pg_relation_size('contacts_contact') / current_setting('block_size')::integer, 1)"


@dataclass(frozen=True, slots=True)
class Draw:
    """Some people, and for how many of the workspace each of them stands."""

    people: list[int]
    scale: float


def expected(terms: Terms) -> int:
    """About how many people are in the audience, exclusions not looked at: what the planner thinks."""
    people = SearchableContact.objects.filter(workspace_id=terms.workspace_id)
    condition = included(terms.audience, terms.now)
    return estimate(people if condition is None else people.filter(condition))


def draw(terms: Terms) -> Draw:
    """People of the workspace, from more of the table when too few are on the pages first looked at."""
    with connection.cursor() as cursor:
        cursor.execute(SIZE)
        share = min(100.0, 100 * PAGES / cursor.fetchone()[0])
    people, scale = _drawn(terms, share)
    while len(people) < ENOUGH and share < 100:
        share = min(100.0, 8 * share)
        try:
            people, scale = _drawn(terms, share)
        except OperationalError as error:
            if not was_cut_off(error):
                raise
            break
    return Draw(people, scale)


def _drawn(terms: Terms, share: float) -> tuple[list[int], float]:
    values = {"share": share, "seed": SEED, "ws": terms.workspace_id, "people": PEOPLE}
    with time_limit(DRAW_MS), connection.cursor() as cursor:
        cursor.execute(DRAW, values)
        found, people = cursor.fetchone()
    return people or [], found / len(people) * 100 / share if people else 0

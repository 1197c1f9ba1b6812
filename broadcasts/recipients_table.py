"""The recipients of a broadcast one by one: which, page by page. Everything that chooses them stands in the URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db import connection

from contacts.searching import contact_ids
from workspaces import tenancy

from .models import Broadcast
from .tallying import CAUSED, GROUPS, ROWS

PAGE = 50
AT_ONCE = 2_000  # rows of a download read at a time
EVERYBODY = "everybody"  # the left out ones too
FIRST = "audience"  # shown when nothing else is asked for

COLUMNS = """
p.id, p.stage, p.accepted, p.cause, p.error_text, p.country, p.tapped, p.queued_at, p.accepted_at,
p.delivered_at, p.read_at, p.replied_at, p.tapped_at, p.opted_out_at, p.failed_at, p.message_id,
c.uuid AS contact, c.name, coalesce(nullif(i.phone, ''), nullif(i.username, ''), i.address, '') AS address,
v.uuid AS conversation, coalesce(paid.credits, 0)::bigint AS credits
"""
# What the ledger holds against a message: its charges less its refunds.
PAGE_SQL = """
WITH rows AS ({rows}),
page AS MATERIALIZED (SELECT * FROM rows WHERE {conditions} ORDER BY id LIMIT %(limit)s)
SELECT {columns}
  FROM page p
  JOIN contacts_contact c ON c.id = p.contact_id AND c.workspace_id = %(workspace)s
  LEFT JOIN contacts_identity i ON i.id = p.identity_id AND i.workspace_id = %(workspace)s
  LEFT JOIN inbox_message m ON m.id = p.message_id AND m.workspace_id = %(workspace)s
  LEFT JOIN inbox_conversation v ON v.id = m.conversation_id AND v.workspace_id = %(workspace)s AND v.status <> 'hidden'
  LEFT JOIN LATERAL (SELECT -sum(e.amount) AS credits FROM workspaces_creditentry e
                      WHERE e.message_id = p.message_id AND e.workspace_id = %(workspace)s) AS paid ON true
 ORDER BY p.id
"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which recipients are shown, in plain words."""

    who: str = FIRST  # a word of GROUPS, or EVERYBODY
    cause: str = ""  # of those who failed, were skipped or left out
    country: str = ""
    q: str = ""

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Filter:
        """From a query string; what it does not know is left out, never trusted."""
        plain = {field.name: str(params.get(field.name) or "").replace("\x00", "") for field in fields(cls)}
        given = {name: value.strip()[:100] for name, value in plain.items()}
        who = given["who"] if given["who"] in GROUPS or given["who"] == EVERYBODY else FIRST
        country = given["country"].upper()
        country = country if country == "-" or (len(country) == 2 and country.isascii() and country.isalpha()) else ""
        cause = given["cause"][:40] if who in CAUSED else ""
        return cls(who=who, cause=cause, country=country, q=" ".join(given["q"].split()))

    def params(self) -> dict[str, str]:
        """The parts that say something."""
        made = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in made.items() if value and (name, value) != ("who", FIRST)}

    def query(self, **changes: str) -> str:
        """As the end of a URL, "?who=failed&cause=131026" or ''."""
        params = replace(self, **changes).params()
        return f"?{urlencode(params)}" if params else ""


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient, as COLUMNS has them."""

    id: int
    stage: str
    accepted: bool
    cause: str
    error_text: str
    country: str
    tapped: str
    queued_at: datetime | None
    accepted_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    replied_at: datetime | None
    tapped_at: datetime | None
    opted_out_at: datetime | None
    failed_at: datetime | None
    message_id: int | None
    contact: Any
    name: str
    address: str
    conversation: Any
    credits: int


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Row]
    more: int | None = None  # behind which recipient the next page begins


def page(broadcast: Broadcast, chosen: Filter, *, after: int = 0, size: int = PAGE) -> Page:
    """The first page, or the one behind the recipient `after`, in the order in which their turn came."""
    conditions, given = _conditions(broadcast, chosen)
    sql = PAGE_SQL.format(rows=ROWS, conditions=conditions, columns=COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(sql, {**given, "after": after, "limit": size + 1})
        found = [Row(*row) for row in cursor.fetchall()]
    return Page(found[:size], found[size - 1].id if len(found) > size else None)


def count(broadcast: Broadcast, chosen: Filter) -> int:
    """How many recipients a filter leaves."""
    conditions, given = _conditions(broadcast, chosen)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH rows AS ({ROWS}) SELECT count(*) FROM rows WHERE {conditions}", {**given, "after": 0})
        return int(cursor.fetchone()[0])


def everyone(broadcast: Broadcast, chosen: Filter) -> Iterator[Row]:
    """Every recipient a filter leaves, each few thousand read in a transaction of their own."""
    after: int | None = 0
    while after is not None:
        with tenancy.scope(broadcast.workspace_id):
            found = page(broadcast, chosen, after=after, size=AT_ONCE)
        yield from found.rows
        after = found.more


def _conditions(broadcast: Broadcast, chosen: Filter) -> tuple[str, dict[str, Any]]:
    conditions = ["id > %(after)s"]
    given: dict[str, Any] = {"workspace": broadcast.workspace_id, "broadcast": broadcast.pk}
    if chosen.who != EVERYBODY:
        conditions.append(f"({GROUPS[chosen.who]})")
    if chosen.cause:
        conditions.append("cause = %(cause)s")
        given["cause"] = "" if chosen.cause == "-" else chosen.cause
    if chosen.country:
        conditions.append("country = %(country)s")
        given["country"] = "" if chosen.country == "-" else chosen.country
    if chosen.q:
        conditions.append("contact_id = ANY(%(people)s)")
        given["people"] = contact_ids(broadcast.workspace_id, chosen.q)
    return " AND ".join(conditions), given

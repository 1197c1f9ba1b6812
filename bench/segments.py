"""How fast a segment of three conditions over a million people is counted and read, beside the same SQL by hand.

The product's own path as its own role: rules from JSON, row security in force. The hand-written statement runs as a
superuser straight on the table, which is the fastest this database can answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg

from . import rows as bulk
from .stage import Stage
from .tables import Figure, figure, percentile

PEOPLE = {"small": 20_000, "full": 1_000_000}
OTHERS = 10  # workspaces beside the big one, a hundredth of its size each
REPEATS = 20
HAND = """
SELECT {what} FROM contacts_contact WHERE workspace_id = %s AND deleted_at IS NULL AND tag_ids @> ARRAY[%s]::integer[]
   AND fields @> '{{"level": "Gold"}}'::jsonb AND last_seen_at >= now() - interval '180 days'
"""


def run(stage: Stage, size: str, runs: int) -> list[Figure]:
    from contacts import segments
    from contacts.models import SearchableContact
    from contacts.segments.books import book_of
    from workspaces import tenancy

    tenant, tags = people_of_a_workspace(stage, PEOPLE[size])
    tag = tags[0]
    rules = _rules(tag)
    with stage.admin() as admin, tenancy.scope(tenant.workspace.pk):
        book = book_of(tenant.workspace.pk)

        def asked() -> Any:
            return segments.compiled(tenant.workspace, segments.parse(rules, book), book=book).people

        arguments = [tenant.workspace.pk, tag]
        expected = admin.execute(HAND.format(what="count(*)"), arguments).fetchone()[0]
        if asked().count() != expected or not expected:
            raise SystemExit(f"The segment has {asked().count()} people, by hand there are {expected}.")
        figures = _compared(
            runs,
            "count",
            ours=lambda: asked().count(),
            hand=lambda: admin.execute(HAND.format(what="count(*)"), arguments).fetchone(),
        )
        figures += _compared(
            runs,
            "read the keys",
            ours=lambda: list(asked().values_list("pk", flat=True)),
            hand=lambda: admin.execute(HAND.format(what="id"), arguments).fetchall(),
        )
        read = [_milliseconds(lambda: list(asked().values_list("pk", flat=True))) for _ in range(runs)]
        rates = [expected / (each / 1000) for each in read]
        figures.append(figure(f"people read, of {expected:,}", rates, "/s", least=100_000))
        everybody = SearchableContact.objects.filter(workspace_id=tenant.workspace.pk)
        slow = [_milliseconds(lambda: segments.count(everybody.filter(name__icontains="ari"))) for _ in range(runs)]
        figures.append(figure("answer to a question without an index", slow, "ms", most=450))
        figures += _others(runs, tenant.workspace, book)
        figures += _pages(runs, tenant.workspace, tag)
    return figures


def _others(runs: int, workspace: Any, book: Any) -> list[Figure]:
    """The live count of the builder for single conditions, as somebody meets them: exact or an estimate."""
    from contacts import segments

    figures = []
    for field, op, value in (
        ("consent.marketing", "is", "opted_in"),
        ("consent.marketing", "is", "unknown"),
        ("last_inbound", "within_days", 30),
        ("country", "is", "EG"),
        ("field.spent", "more", 4000),
    ):
        raw = {"match": "all", "groups": [{"match": "all", "conditions": [{"field": field, "op": op, "value": value}]}]}
        people = segments.compiled(workspace, segments.parse(raw, book), book=book).people
        took = [_milliseconds(lambda: segments.count(people)) for _ in range(runs)]  # noqa: B023
        exact = "exactly" if segments.count(people).exact else "as an estimate"
        figures.append(figure(f"{field} {op} {value}, {exact}", took, "ms", most=450))
    return figures


def _pages(runs: int, workspace: Any, tag: int) -> list[Figure]:
    """Pages of the list of people, by the database alone: first and deep, in each order, under each filter."""
    from contacts import listing

    figures = []
    for name, chosen, depth in (
        ("newest first", {}, 0),
        ("newest first, 20 pages on", {}, 20),
        ("by name, 20 pages on", {"sort": "name"}, 20),
        ("longest ago first", {"sort": "seen-oldest"}, 1),
        ("by name backwards", {"sort": "name-backwards"}, 1),
        ("added last", {"sort": "added"}, 1),
        ("added first", {"sort": "added-oldest"}, 1),
        ("with a tag", {"tag": str(tag)}, 1),
        ("with a tag, by name", {"tag": str(tag), "sort": "name"}, 1),
        ("opted out", {"consent": "opted_out"}, 1),
        ("never asked, by name", {"consent": "unknown", "sort": "name"}, 1),
        ("blocked", {"blocked": "yes"}, 0),
        ("search for a part of a name", {"q": "kari"}, 0),
        ("search for digits", {"q": "447000012"}, 0),
        ("search for a part of an address", {"q": "son4711@"}, 0),
    ):
        filtered, after = listing.Filter.read(chosen), ""
        for _ in range(depth):
            after = listing.page(workspace, filtered, after=after).more
        took = [_milliseconds(lambda: listing.page(workspace, filtered, after=after)) for _ in range(runs)]  # noqa: B023
        figures.append(figure(f"list, {name}", took, "ms", most=50))
    return figures


def _compared(runs: int, name: str, *, ours: Callable[[], object], hand: Callable[[], object]) -> list[Figure]:
    """Both ways in turn, so that neither has the warmer cache."""
    mine, theirs, ratio = [], [], []
    for _ in range(runs):
        pairs = [(_milliseconds(ours), _milliseconds(hand)) for _ in range(REPEATS)]
        mine.append(percentile([one for one, _ in pairs], 50))
        theirs.append(percentile([other for _, other in pairs], 50))
        ratio.append(mine[-1] / theirs[-1])
    return [
        figure(f"{name}, compiled", mine, "ms", most=100 if name == "count" else None),
        figure(f"{name}, by hand", theirs, "ms"),
        figure(f"{name}, ratio", ratio, "times", most=1.3),
    ]


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def _rules(tag: int) -> dict[str, Any]:
    conditions = [
        {"field": "tag", "op": "has", "value": tag},
        {"field": "field.level", "op": "is", "value": "Gold"},
        {"field": "last_inbound", "op": "within_days", "value": 180},
    ]
    return {"match": "all", "groups": [{"match": "all", "conditions": conditions}]}


def people_of_a_workspace(stage: Stage, people: int) -> tuple[Any, list[int]]:
    """A workspace with so many people and ten tags, ten smaller ones beside it, statistics up to date."""
    from contacts import fields, labels
    from workspaces import tenancy

    from . import people as tenants

    made = [tenants.tenant() for _ in range(OTHERS + 1)]
    numbers = []
    for tenant in made:
        owner = tenants.member(tenant.workspace, role="owner")
        with tenancy.scope(tenant.workspace.pk):
            numbers.append([labels.make_tag(tenant.workspace.pk, f"Tag {n}", by=owner).pk for n in range(10)])
            fields.make_field(
                tenant.workspace.pk, label="Level", kind="choice", choices=["Bronze", "Silver", "Gold"], by=owner
            )
            fields.make_field(tenant.workspace.pk, label="Spent", kind="number", by=owner)
    with stage.admin() as admin:
        with bulk.without_indexes(admin, "contacts_contact"), bulk.without_indexes(admin, "contacts_identity"):
            for number, tenant in enumerate(made):
                _fill(admin, tenant.workspace.pk, numbers[number], people if not number else people // 100)
        admin.execute("VACUUM (ANALYZE) contacts_contact, contacts_identity, contacts_consent")
        admin.execute("CHECKPOINT")
    return made[0], numbers[0]


def _fill(admin: psycopg.Connection, workspace_id: int, tags: list[int], count: int) -> None:
    """People with one to three of ten tags, a level, a sum and a last word within the past year; half were asked."""
    start = bulk.highest(admin, "contacts_contact")
    values = {"ws": workspace_id, "from": start + 1, "to": start + count, "tags": tags}
    for statement in (CONTACTS, IDENTITIES, CONSENTS):
        admin.execute(statement, values)


CONTACTS = """
INSERT INTO contacts_contact (id, workspace_id, uuid, name, email, country, language, fields, tag_ids, created_at,
                              last_seen_at)
SELECT i, %(ws)s, gen_random_uuid(), initcap(substr(translate(md5(i::text), '0123456789', 'ghijklmnop'), 1, 9)),
       'person' || i || '@example.test', CASE WHEN i %% 3 = 0 THEN 'EG' ELSE 'GB' END, 'en',
       jsonb_build_object('level', (ARRAY['Bronze','Silver','Gold'])[1 + (h >> 4) %% 3], 'spent', (h >> 8) %% 5000),
       (%(tags)s::integer[])[1 + h %% 8 : 1 + h %% 8 + (h >> 6) %% 3], now() - (h %% 700) * interval '1 day',
       CASE WHEN h %% 10 > 0 THEN now() - (h %% 365) * interval '1 day' END
  FROM generate_series(%(from)s::bigint, %(to)s::bigint) i, LATERAL (SELECT abs(hashint8(i))) AS t (h)
"""
IDENTITIES = """
INSERT INTO contacts_identity
       (id, workspace_id, contact_id, channel_kind, address, user_id, phone, username, profile_name, created_at)
SELECT i, %(ws)s, i, 'whatsapp_cloud', (447000000000 + i)::text, '', '+' || (447000000000 + i)::text, '', '', now()
  FROM generate_series(%(from)s::bigint, %(to)s::bigint) i
"""
CONSENTS = """
INSERT INTO contacts_consent (workspace_id, identity_id, purpose, state, source, wording, changed_at)
SELECT %(ws)s, i, 'marketing', CASE WHEN i %% 20 = 1 THEN 'opted_out' ELSE 'opted_in' END, 'import', '', now()
  FROM generate_series(%(from)s::bigint, %(to)s::bigint, 2) i
"""

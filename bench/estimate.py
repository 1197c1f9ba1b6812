"""How fast an audience over a million people is broken down: the first answer, how true it is, and the exact one.

The product's own path as its own role: stored JSON of an audience in, figures out, row security in force. Half of the
people have a conversation, a tenth got marketing since yesterday and two fifths some weeks ago.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg

from . import rows as bulk
from .segments import PEOPLE, people_of_a_workspace
from .stage import Stage
from .tables import Figure, figure, percentile

FIRST_ANSWERS = 20  # per run, from which the 95th percentile is taken
PROMISED_MS = 300


def run(stage: Stage, size: str, runs: int) -> list[Figure]:
    from broadcasts import audience
    from broadcasts.models import Broadcast, Recipient
    from workspaces import tenancy

    tenant, tags = people_of_a_workspace(stage, PEOPLE[size])
    with stage.admin() as admin:
        _correspondence(admin, tenant.workspace.pk, tenant.channel.pk)
    figures = []
    with tenancy.scope(tenant.workspace.pk):
        draft = Broadcast(workspace=tenant.workspace, channel=tenant.channel, name="Bench")
        draft.save()
        for name, chosen in _audiences(tenant.workspace, tags):
            draft.audience = chosen
            figures += _measured(name, runs, lambda patient=False: audience.breakdown(draft, patient=patient))
        draft.save()
        told = audience.breakdown(draft, patient=True)
        began = time.perf_counter()
        audience.write_down(draft, draft.created_at)
        took = time.perf_counter() - began
        written = Recipient.objects.filter(broadcast=draft)
        if told.exact and (written.count(), written.filter(reason="").count()) != (told.matched, told.will_receive):
            raise SystemExit(f"The breakdown says {told}, written down were {written.count()}.")
        figures.append(figure(f"written down, of {told.matched:,} people", [told.matched / took], "/s"))
    return figures


def _audiences(workspace: Any, tags: list[int]) -> list[tuple[str, dict[str, Any]]]:
    """From the largest to a small one, which is written down at the end."""
    level = {"field": "field.level", "op": "is", "value": "Gold"}
    lately = {"field": "last_inbound", "op": "within_days", "value": 60}
    gold = _segment(workspace, "Gold", level)
    active = _segment(workspace, "Gold, active, tagged", level, lately, {"field": "tag", "op": "has", "value": tags[0]})
    everybody: list[Any] = [{"everybody": True}]
    return [
        ("everybody", {"include": everybody}),
        ("everybody but a tag", {"include": everybody, "exclude": [{"tag": tags[3]}]}),
        ("two tags or a segment", {"include": [{"tag": tags[2]}, {"tag": tags[3]}, {"segment": gold}]}),
        ("a segment of a third", {"include": [{"segment": gold}]}),
        ("a narrow segment", {"include": [{"segment": active}]}),
    ]


def _segment(workspace: Any, name: str, *conditions: dict[str, Any]) -> int:
    from contacts.models import Segment

    rules = {"match": "all", "groups": [{"match": "all", "conditions": list(conditions)}]}
    return Segment.objects.create(workspace=workspace, name=name, rules=rules).pk


def _measured(name: str, runs: int, ask: Callable[..., Any]) -> list[Figure]:
    first, patient, off = [], [], []
    for _ in range(runs):
        took = []
        for _ in range(FIRST_ANSWERS):
            milliseconds, told = _timed(ask)
            took.append(milliseconds)
        first.append(percentile(took, 95))
        milliseconds, exact = _timed(lambda: ask(patient=True))
        patient.append(milliseconds)
        for each in (told, exact):
            if each.matched != each.will_receive + sum(each.left_out.values()) or not each.will_receive:
                raise SystemExit(f"{name}: the parts of {each} do not add up.")
        if exact.exact and not told.exact:
            off.append(100 * abs(told.will_receive - exact.will_receive) / exact.will_receive)
    how = "an estimate" if off else "exact"
    figures = [figure(f"{name}, first answer p95, {how}", first, "ms", most=PROMISED_MS)]
    if off:
        figures.append(figure(f"{name}, the exact one", patient, "ms"))
        figures.append(figure(f"{name}, estimate off by", [max(each, 0.01) for each in off], "%"))
    return figures


def _timed(ask: Callable[..., Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = ask()
    return 1000 * (time.perf_counter() - began), answer


def _correspondence(admin: psycopg.Connection, workspace_id: int, channel_id: int) -> None:
    values = {"ws": workspace_id, "channel": channel_id}
    for table, statement in (("inbox_conversation", CONVERSATIONS), ("inbox_message", MESSAGES)):
        with bulk.without_indexes(admin, table):
            admin.execute(statement, values)


CONVERSATIONS = """
INSERT INTO inbox_conversation (workspace_id, uuid, channel_id, identity_id, contact_id, status, unread_count,
       window_expires_at, preview, preview_kind, preview_direction, last_message_at, updated_at, created_at)
SELECT %(ws)s, gen_random_uuid(), %(channel)s, i.id, i.contact_id, 'resolved', 0,
       now() + (i.id %% 1000 - 900) * interval '1 hour', 'May offers', 'template', 'out', now(), now(), now()
  FROM contacts_identity i WHERE i.workspace_id = %(ws)s AND i.id %% 4 IN (0, 1)
"""
MESSAGES = """
INSERT INTO inbox_message (workspace_id, uuid, conversation_id, channel_id, direction, kind, content, text, status,
       source, purpose, reply_to, reactions, error_code, error_text, send_state, lane, attempt, resends, occurred_at,
       created_at, updated_at, started_at)
SELECT c.workspace_id, gen_random_uuid(), c.id, c.channel_id, 'out', 'template', '{}', 'May offers', 'read',
       'broadcast', 'marketing', '', '{}', '', '', 'done', 2, 1, 0, at, at, at, at
  FROM inbox_conversation c,
       LATERAL (SELECT now() - CASE WHEN hashint8(c.contact_id) %% 5 = 0 THEN interval '20 hours'
                                    ELSE interval '30 days' END AS at) made
 WHERE c.workspace_id = %(ws)s
"""

"""Apply delivery statuses by the thousand: one UPDATE per batch, forward only, in any order, any number of times."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from workspaces import tenancy

from . import consenting, tokens
from .models import ParkedStatus
from .statuses import RANKS, STAMPS, rank_sql

STAMP_COLUMNS = tuple(STAMPS.values())

PARKED = """
SELECT DISTINCT provider_id FROM inbox_parkedstatus
 WHERE workspace_id = %(ws)s AND channel_id = %(channel)s AND provider_id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class Report:
    """One status as a provider reported it; `tracker` is our correlation token, if it was echoed."""

    channel_id: int
    provider_id: str
    status: str
    occurred_at: datetime
    tracker: str = ""
    error_code: str = ""
    error_text: str = ""


@dataclass(slots=True)
class _Merged:
    """Everything a batch says about one message."""

    best: Report
    tracker: str = ""
    stamps: dict[str, datetime] = field(default_factory=dict)


_STAMPS_SQL = ", ".join(f"{column} = coalesce(m.{column}, r.{column})" for column in STAMP_COLUMNS)
_NEWER = f"{rank_sql('r.status')} > {rank_sql('m.status')}"
_SET = f"""
   SET status = CASE WHEN {_NEWER} THEN r.status ELSE m.status END,
       error_code = CASE WHEN {_NEWER} THEN r.error_code ELSE m.error_code END,
       error_text = CASE WHEN {_NEWER} THEN r.error_text ELSE m.error_text END,
       {_STAMPS_SQL},
       echoed_at = coalesce(m.echoed_at, clock_timestamp()),
       provider_id = coalesce(m.provider_id, r.provider_id),
       send_state = CASE WHEN m.send_state = 'none' THEN m.send_state ELSE 'done' END,
       lease_until = NULL, updated_at = clock_timestamp()
"""
# The batch travels as one JSON text: psycopg dumps a dozen arrays three times as slowly as json dumps the objects, and
# what a report does not say is simply absent (5 against 10 microseconds a status, both sides together).
_REPORTS = """
  FROM json_to_recordset(%(reports)s::json)
       AS r (channel_id bigint, provider_id text, token uuid, attempt smallint, status text,
             error_code text, error_text text, {columns})
""".format(columns=", ".join(f"{column} timestamptz" for column in STAMP_COLUMNS))
# Each report looks its message up, whatever the planner believes of a table or workspace that has grown since it last
# looked: it would rather read all messages of a workspace it takes for empty, for each batch. A condition that always
# holds lets it expect one report (of an equation of expressions it knows nothing, so it guesses 1 in 200), and the sum
# keeps it from the index that begins with the workspace.
_LOOKED_UP = "r.provider_id = r.provider_id || '' AND m.workspace_id + 0 = %(ws)s AND m.direction = 'out'"
BY_ID = f"""
UPDATE inbox_message m {_SET} {_REPORTS}
 WHERE m.channel_id = r.channel_id AND m.provider_id = r.provider_id AND {_LOOKED_UP}
RETURNING r.channel_id, r.provider_id, m.conversation_id
"""
# A token settles a message whose answer was lost. It must name a message of the channel that signed the webhook.
# An earlier attempt that was accepted after all settles it too; its failure says nothing about the present attempt, and
# neither does "sent" for one that had failed before a person tried again.
BY_TOKEN = f"""
UPDATE inbox_message m {_SET} {_REPORTS}
 WHERE m.uuid = r.token AND m.channel_id = r.channel_id AND {_LOOKED_UP}
   AND (m.provider_id IS NULL OR m.provider_id = r.provider_id)
   AND (CASE r.status WHEN 'failed' THEN r.attempt = m.attempt AND m.send_state <> 'queued'
                      WHEN 'sent' THEN r.attempt > m.spent_attempts ELSE true END)
RETURNING r.channel_id, r.provider_id, m.conversation_id
"""
# Rows are taken in one order, so that this and the dispatcher's own bookkeeping never wait for each other in a ring.
LOCK_BY_TOKEN = """
SELECT m.id FROM inbox_message m WHERE m.workspace_id = %(ws)s AND m.uuid = ANY(%(tokens)s) ORDER BY m.id FOR UPDATE
"""
# Asked only when something failed, and last, because the pocket is locked after everything else.
REFUND = """
SELECT carillon_refund(%(ws)s, ARRAY(
    SELECT m.id FROM inbox_message m
      JOIN unnest(%(channels)s::bigint[], %(ids)s::text[]) AS r (channel_id, provider_id)
        ON m.channel_id = r.channel_id AND m.provider_id = r.provider_id
     WHERE m.workspace_id = %(ws)s AND m.direction = 'out' AND m.status = 'failed' ORDER BY m.id))
"""


def apply(workspace_id: int, reports: Sequence[Report]) -> set[int]:
    """Apply reports inside the workspace's scope; returns the ids of conversations that changed.

    Reports about messages not known yet are parked until the id arrives. A message that failed gets its credits back.
    """
    merged = _merge(reports)
    if not merged:
        return set()
    changed = set()
    missing = dict(merged)
    for found, conversation_id in _update(BY_ID, workspace_id, list(merged.values())):
        missing.pop(found, None)
        changed.add(conversation_id)
    named = {key: token for key, entry in missing.items() if (token := tokens.read(entry.tracker))}
    if named:
        with connection.cursor() as cursor:
            cursor.execute(LOCK_BY_TOKEN, {"ws": workspace_id, "tokens": [token.message for token in named.values()]})
        for found, conversation_id in _update(BY_TOKEN, workspace_id, [missing[key] for key in named], named):
            missing.pop(found, None)
            changed.add(conversation_id)
    _park(workspace_id, [report for report in reports if (report.channel_id, report.provider_id) in missing])
    refusals = [
        (report.channel_id, report.provider_id, report.error_code, report.occurred_at)
        for report in reports
        if report.error_code and (report.channel_id, report.provider_id) not in missing
    ]
    if refusals:
        changed |= consenting.refused(workspace_id, refusals)
    if failed := [key for key, entry in merged.items() if entry.best.status == "failed" and key not in missing]:
        _refund(workspace_id, failed)
    return changed


def _refund(workspace_id: int, failed: Sequence[tuple[int, str]]) -> None:
    wanted: dict[str, Any] = {
        "ws": workspace_id,
        "channels": [key[0] for key in failed],
        "ids": [key[1] for key in failed],
    }
    with connection.cursor() as cursor:
        cursor.execute(REFUND, wanted)


def parked(workspace_id: int, channel_id: int, provider_ids: Sequence[str]) -> list[str]:
    """Which of these ids have statuses waiting for them: most often none, which one round trip finds out."""
    if not provider_ids:
        return []
    wanted = {"ws": workspace_id, "channel": channel_id, "ids": list(provider_ids)}
    rows, _ = tenancy.in_one_trip(workspace_id, PARKED, wanted)
    return [row[0] for row in rows]


def unpark(workspace_id: int, channel_id: int, provider_ids: Iterable[str]) -> set[int]:
    """Apply what was parked for ids that have just become known; returns the conversations that changed."""
    waiting = ParkedStatus.objects.filter(
        workspace_id=workspace_id, channel_id=channel_id, provider_id__in=list(provider_ids)
    )
    rows = list(waiting.select_for_update(skip_locked=True))
    if not rows:
        return set()
    reports = [
        Report(row.channel_id, row.provider_id, row.status, row.occurred_at, "", row.error_code, row.error_text)
        for row in rows
    ]
    ParkedStatus.objects.filter(workspace_id=workspace_id, pk__in=[row.pk for row in rows]).delete()
    return apply(workspace_id, reports)


def _merge(reports: Iterable[Report]) -> dict[tuple[int, str], _Merged]:
    """One entry per message, because an UPDATE that joins two rows to one target applies only one of them."""
    merged: dict[tuple[int, str], _Merged] = {}
    for report in reports:
        if report.status not in STAMPS:
            continue
        key = (report.channel_id, report.provider_id)
        entry = merged.setdefault(key, _Merged(report))
        entry.tracker = entry.tracker or report.tracker
        if RANKS[report.status] > RANKS[entry.best.status]:
            entry.best = report
        column = STAMPS[report.status]
        seen = entry.stamps.get(column)
        entry.stamps[column] = min(seen, report.occurred_at) if seen else report.occurred_at
    return merged


def _update(
    sql: str, workspace_id: int, entries: list[_Merged], named: dict[tuple[int, str], tokens.Token] | None = None
) -> list[tuple[tuple[int, str], int]]:
    """Run one of the UPDATEs; gives the keys of the reports that found their message, with its conversation."""
    # In one order, so that two batches about the same messages hardly ever wait for each other in a ring.
    ordered = sorted(entries, key=lambda entry: (entry.best.channel_id, entry.best.provider_id))
    reports = [_as_json(entry, named) for entry in ordered]
    with connection.cursor() as cursor:
        cursor.execute(sql, {"ws": workspace_id, "reports": json.dumps(reports)})
        return [((row[0], row[1]), row[2]) for row in cursor.fetchall()]


def _as_json(entry: _Merged, named: dict[tuple[int, str], tokens.Token] | None) -> dict[str, Any]:
    best = entry.best
    report: dict[str, Any] = {
        "channel_id": best.channel_id,
        "provider_id": best.provider_id,
        "status": best.status,
        "error_code": best.error_code[:40],
        "error_text": best.error_text,
    }
    if named is not None:
        token = named[best.channel_id, best.provider_id]
        report |= {"token": token.message.hex, "attempt": token.attempt}
    for column, moment in entry.stamps.items():
        report[column] = moment.isoformat()
    return report


def _park(workspace_id: int, reports: Sequence[Report]) -> None:
    ParkedStatus.objects.bulk_create(
        [
            ParkedStatus(
                workspace_id=workspace_id,
                channel_id=report.channel_id,
                provider_id=report.provider_id[:255],
                status=report.status,
                occurred_at=report.occurred_at or timezone.now(),
                error_code=report.error_code[:40],
                error_text=report.error_text,
            )
            for report in reports
            if report.status in STAMPS
        ],
        ignore_conflicts=True,
    )

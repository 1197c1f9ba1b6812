"""Apply delivery statuses by the thousand: one UPDATE per batch, forward only, in any order, any number of times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from . import consenting
from .models import ParkedStatus
from .statuses import RANKS, STAMPS, rank_sql

STAMP_COLUMNS = tuple(STAMPS.values())


@dataclass(frozen=True, slots=True)
class Report:
    """One status as a provider reported it; `token` and `attempt` are what our correlation token names."""

    channel_id: int
    provider_id: str
    status: str
    occurred_at: datetime
    token: UUID | None = None
    attempt: int = 0
    error_code: str = ""
    error_text: str = ""


@dataclass(slots=True)
class _Merged:
    """Everything a batch says about one message."""

    best: Report
    token: UUID | None = None
    attempt: int = 0
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
_REPORTS = """
  FROM unnest(%(channels)s::bigint[], %(provider_ids)s::text[], %(tokens)s::uuid[], %(attempts)s::smallint[],
              %(statuses)s::text[], %(codes)s::text[], %(texts)s::text[], {stamps})
       AS r (channel_id, provider_id, token, attempt, status, error_code, error_text, {columns})
""".format(
    stamps=", ".join(f"%({column})s::timestamptz[]" for column in STAMP_COLUMNS), columns=", ".join(STAMP_COLUMNS)
)
BY_ID = f"""
UPDATE inbox_message m {_SET} {_REPORTS}
 WHERE m.channel_id = r.channel_id AND m.provider_id = r.provider_id AND m.workspace_id = %(ws)s AND m.direction = 'out'
RETURNING r.channel_id, r.provider_id, m.conversation_id
"""
# A token settles a message whose answer was lost. It must name a message of the channel that signed the webhook.
# An earlier attempt that was accepted after all settles it too; its failure says nothing about the present attempt, and
# neither does "sent" for one that had failed before a person tried again.
BY_TOKEN = f"""
UPDATE inbox_message m {_SET} {_REPORTS}
 WHERE m.uuid = r.token AND m.channel_id = r.channel_id AND m.workspace_id = %(ws)s AND m.direction = 'out'
   AND (m.provider_id IS NULL OR m.provider_id = r.provider_id)
   AND (CASE r.status WHEN 'failed' THEN r.attempt = m.attempt AND m.send_state <> 'queued'
                      WHEN 'sent' THEN r.attempt > m.spent_attempts ELSE true END)
RETURNING r.channel_id, r.provider_id, m.conversation_id
"""
# Rows are taken in one order, so that this and the dispatcher's own bookkeeping never wait for each other in a ring.
LOCK_BY_TOKEN = """
SELECT m.id FROM inbox_message m WHERE m.workspace_id = %(ws)s AND m.uuid = ANY(%(tokens)s) ORDER BY m.id FOR UPDATE
"""


def apply(workspace_id: int, reports: Sequence[Report]) -> set[int]:
    """Apply reports inside the workspace's scope; returns the ids of conversations that changed.

    Reports about messages not known yet are parked until the id arrives.
    """
    merged = _merge(reports)
    if not merged:
        return set()
    changed = set()
    missing = dict(merged)
    for found, conversation_id in _update(BY_ID, workspace_id, list(merged.values())):
        missing.pop(found, None)
        changed.add(conversation_id)
    tokens = [entry for entry in missing.values() if entry.token]
    if tokens:
        with connection.cursor() as cursor:
            cursor.execute(LOCK_BY_TOKEN, {"ws": workspace_id, "tokens": [entry.token for entry in tokens]})
        for found, conversation_id in _update(BY_TOKEN, workspace_id, tokens):
            missing.pop(found, None)
            changed.add(conversation_id)
    _park(workspace_id, [report for report in reports if (report.channel_id, report.provider_id) in missing])
    refusals = [
        (report.channel_id, report.provider_id, report.error_code, report.occurred_at)
        for report in reports
        if report.error_code and (report.channel_id, report.provider_id) not in missing
    ]
    return changed | consenting.refused(workspace_id, refusals) if refusals else changed


def unpark(workspace_id: int, channel_id: int, provider_ids: Iterable[str]) -> set[int]:
    """Apply what was parked for ids that have just become known; returns the conversations that changed."""
    waiting = ParkedStatus.objects.filter(
        workspace_id=workspace_id, channel_id=channel_id, provider_id__in=list(provider_ids)
    )
    rows = list(waiting.select_for_update(skip_locked=True))
    if not rows:
        return set()
    reports = [
        Report(row.channel_id, row.provider_id, row.status, row.occurred_at, None, 0, row.error_code, row.error_text)
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
        if report.token and not entry.token:
            entry.token, entry.attempt = report.token, report.attempt
        if RANKS[report.status] > RANKS[entry.best.status]:
            entry.best = report
        column = STAMPS[report.status]
        seen = entry.stamps.get(column)
        entry.stamps[column] = min(seen, report.occurred_at) if seen else report.occurred_at
    return merged


def _update(sql: str, workspace_id: int, entries: list[_Merged]) -> list[tuple[tuple[int, str], int]]:
    parameters: dict[str, Any] = {
        "ws": workspace_id,
        "channels": [entry.best.channel_id for entry in entries],
        "provider_ids": [entry.best.provider_id for entry in entries],
        "tokens": [entry.token for entry in entries],
        "attempts": [entry.attempt for entry in entries],
        "statuses": [entry.best.status for entry in entries],
        "codes": [entry.best.error_code[:40] for entry in entries],
        "texts": [entry.best.error_text for entry in entries],
    }
    for column in STAMP_COLUMNS:
        parameters[column] = [entry.stamps.get(column) for entry in entries]
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [((row[0], row[1]), row[2]) for row in cursor.fetchall()]


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

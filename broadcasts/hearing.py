"""What people did with a broadcast: wrote back, tapped a button, opted out. Written on their recipient's row.

One walk over what everybody said since the last one, whatever the number of broadcasts. Whom it concerns:

- what quotes a message of a broadcast, a tapped button does, is an answer to that one, however late;
- anything else somebody writes is an answer to the last broadcast they were sent within WITHIN before it;
- an opt-out is put down to the last broadcast they were sent within WITHIN before it.

The first time counts, so walking over the same stretch again changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from live.publishing import publish
from workspaces import tenancy

WITHIN = timedelta(hours=72)
LISTEN = timedelta(days=30)  # after its end; buttons are tapped late
# A message has its uuid some time before it can be seen: that is as long as a batch of webhooks takes to be applied.
SLACK = timedelta(minutes=1)
STRETCH = timedelta(hours=6)  # most that is walked over at once, after an outage
LOCK = 5_204_811  # only one at a time; a second would find the same

POSITION = """
SELECT max(b.heard_until), min(b.started_at) FILTER (WHERE b.finished_at IS NULL OR b.finished_at > %(listen)s)
  FROM broadcasts_broadcast b WHERE b.started_at IS NOT NULL
"""
# On one row that nobody is using: the position is that of all of them.
ADVANCE = """
UPDATE broadcasts_broadcast SET heard_until = %(until)s WHERE id = (
    SELECT id FROM broadcasts_broadcast
     WHERE started_at IS NOT NULL AND (finished_at IS NULL OR finished_at > %(listen)s)
     ORDER BY finished_at IS NULL, id DESC LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
"""
# Provider's times are whole seconds, ours are not: an answer may seem two seconds older than what it answers.
_SENT = "coalesce(b.sent_at, b.answered_at, b.delivered_at, b.read_at)"
_LAST = f"""
 b.status IN ('sent', 'delivered', 'read', 'played')
   AND {_SENT} <= s.at + interval '2 seconds' AND {_SENT} > s.at - %(within)s
"""
ANSWERS = f"""
WITH said AS MATERIALIZED (
    SELECT i.workspace_id, i.channel_id, i.conversation_id, i.reply_to, i.text, i.occurred_at AS at,
           i.kind IN ('button_reply', 'list_reply') AS is_tap
      FROM inbox_message i
     WHERE i.uuid >= %(since_uuid)s AND i.uuid < %(until_uuid)s AND i.direction = 'in'),
about AS (
    SELECT s.workspace_id, q.id AS message_id, s.at, s.is_tap, s.text
      FROM said s JOIN inbox_message q
        ON q.channel_id = s.channel_id AND q.provider_id = s.reply_to AND q.workspace_id = s.workspace_id
     WHERE s.reply_to <> '' AND q.source = 'broadcast'
    UNION ALL
    SELECT s.workspace_id, l.id, s.at, false, ''
      FROM said s CROSS JOIN LATERAL (
           SELECT b.id FROM inbox_message b
            WHERE b.conversation_id = s.conversation_id AND b.workspace_id = s.workspace_id
              AND b.occurred_at <= s.at + interval '2 seconds' AND b.occurred_at > s.at - interval '30 days'
              AND b.source = 'broadcast' AND {_LAST}
            ORDER BY b.occurred_at DESC, b.id DESC LIMIT 1) AS l
     WHERE s.reply_to = ''),
first AS (
    SELECT workspace_id, message_id, min(at) AS replied_at, min(at) FILTER (WHERE is_tap) AS tapped_at,
           coalesce((array_agg(text ORDER BY at) FILTER (WHERE is_tap))[1], '') AS tapped
      FROM about GROUP BY 1, 2)
UPDATE broadcasts_recipient r
   SET replied_at = least(r.replied_at, f.replied_at),
       tapped = CASE WHEN f.tapped_at < coalesce(r.tapped_at, 'infinity') THEN left(f.tapped, 60) ELSE r.tapped END,
       tapped_at = least(r.tapped_at, f.tapped_at)
  FROM first f
 WHERE r.message_id = f.message_id AND r.workspace_id = f.workspace_id
   AND (f.replied_at < coalesce(r.replied_at, 'infinity') OR f.tapped_at < coalesce(r.tapped_at, 'infinity'))
RETURNING r.workspace_id, r.broadcast_id
"""
OPT_OUTS = f"""
WITH said AS MATERIALIZED (
    SELECT c.workspace_id, c.identity_id, c.created_at AS at FROM contacts_consententry c
     WHERE c.state = 'opted_out' AND c.created_at >= %(since)s AND c.created_at < %(until)s),
first AS (
    SELECT s.workspace_id, l.id, min(s.at) AS at
      FROM said s CROSS JOIN LATERAL (
           SELECT r.id FROM broadcasts_recipient r
             JOIN inbox_message b ON b.id = r.message_id AND b.workspace_id = r.workspace_id
            WHERE r.workspace_id = s.workspace_id AND r.identity_id = s.identity_id AND {_LAST}
            ORDER BY {_SENT} DESC, r.id DESC LIMIT 1) AS l
     GROUP BY 1, 2)
UPDATE broadcasts_recipient r SET opted_out_at = f.at
  FROM first f
 WHERE r.id = f.id AND r.workspace_id = f.workspace_id AND f.at < coalesce(r.opted_out_at, 'infinity')
RETURNING r.workspace_id, r.broadcast_id
"""
NAMES = "SELECT workspace_id, uuid FROM broadcasts_broadcast WHERE id = ANY(%s)"


def hear(*, now: datetime | None = None) -> int:
    """Take note of what people said since the last time; returns how many recipients' rows changed.

    After an outage only the first STRETCH of it is walked over, the rest the next times.
    """
    now = now or timezone.now()
    listen = {"listen": now - LISTEN}
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(POSITION, listen)
        position, first = cursor.fetchone()
        if first is None:
            return 0
        heard = max(position, first) if position else first
        until = min(now, heard + STRETCH)
        if until <= heard:
            return 0
        changed = _note(cursor, heard - SLACK, until)
        cursor.execute(ADVANCE, {**listen, "until": until})
    return changed


def _note(cursor: Any, since: datetime, until: datetime) -> int:
    times = {"since": since, "until": until, "within": WITHIN}
    uuids = {"since_uuid": _first_uuid(since), "until_uuid": _first_uuid(until)}
    changed = []
    for sql in (ANSWERS, OPT_OUTS):
        cursor.execute(sql, {**times, **uuids})
        changed += cursor.fetchall()
    cursor.execute(NAMES, [list({broadcast_id for _, broadcast_id in changed})])
    for workspace_id, uuid in cursor.fetchall():
        publish(workspace_id, f"bc-{uuid}", "broadcasts")
    return len(changed)


def _first_uuid(at: datetime) -> UUID:
    """The smallest uuid7 of a moment: the uuids of messages are in the order in which they were made (RFC 9562)."""
    return UUID(int=int(at.timestamp() * 1000) << 80)

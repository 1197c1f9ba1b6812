"""The message table as an outbox: claim, begin (inbox.starting), settle. Three short transactions around a call.

claimed  a sender holds the row, no byte has left: when its lease runs out it is queued again.
started  committed before the first byte: from here a crash means "unknown", never "send again".
settled  the answer, for a whole batch in one UPDATE.

SQL by hand, because each step is one statement over a batch and the ORM would make it many.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from workspaces import tenancy
from workspaces.models import Channel

from .models import Message
from .statuses import rank_sql

# One claimer per channel at a time: two could otherwise take the first and the second message of one conversation
# in the same instant and send them out of order. The lock is held for the claim only, never while sending.
CLAIM_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('carillon-claim', %(channel)s));"

# A message waits for an earlier one of its conversation that is on its way or is being tried again. It does not wait
# for one that was never tried (scheduled for later), nor for a broadcast when it is a person's reply. A broadcast also
# waits until the person's last message is as old as the provider's pace for one person asks; the newest few of a thread
# tell, whatever is older began long before.
CLAIM = f"""
{CLAIM_LOCK}
WITH due AS (
    SELECT m.id FROM inbox_message m
     WHERE m.workspace_id = %(ws)s AND m.channel_id = %(channel)s AND m.send_state = 'queued'
       AND m.lane <= %(lane)s AND m.due_at <= clock_timestamp()
       AND EXISTS (SELECT 1 FROM workspaces_channel h
                    WHERE h.id = %(channel)s AND h.status = 'open' AND h.disconnected_at IS NULL
                      AND NOT h.sending_paused
                      AND (h.sending_held_until IS NULL OR h.sending_held_until <= clock_timestamp()))
       AND NOT EXISTS (
           SELECT 1 FROM inbox_message e
            WHERE e.conversation_id = m.conversation_id AND e.id < m.id
              AND e.send_state IN ('queued', 'claimed', 'started')
              AND (e.send_state IN ('claimed', 'started')
                   OR (m.lane = {Message.Lane.BROADCAST} AND %(apart)s > 0 AND e.due_at <= clock_timestamp())
                   OR (e.send_state = 'queued' AND (e.attempt > 0 OR e.started_at IS NOT NULL)
                       AND e.due_at > m.due_at AND e.lane <= m.lane)))
       AND (m.lane < {Message.Lane.BROADCAST} OR %(apart)s = 0 OR NOT EXISTS (
           SELECT 1 FROM (SELECT n.started_at FROM inbox_message n WHERE n.conversation_id = m.conversation_id
                           ORDER BY n.occurred_at DESC, n.id DESC LIMIT 5) newest
            WHERE newest.started_at > clock_timestamp() - %(apart)s * interval '1 second'))
     ORDER BY m.lane, m.due_at, m.id LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED)
UPDATE inbox_message m
   SET send_state = 'claimed', attempt = m.attempt + 1, updated_at = clock_timestamp(),
       lease_until = clock_timestamp() + %(lease)s * interval '1 second'
  FROM due JOIN inbox_message d ON d.id = due.id
       JOIN inbox_conversation c ON c.id = d.conversation_id
       JOIN contacts_identity i ON i.id = c.identity_id
       JOIN contacts_contact p ON p.id = c.contact_id
 WHERE m.id = due.id
RETURNING m.id, m.uuid, m.conversation_id, m.attempt, m.kind, m.content, m.text, m.reply_to, i.address, i.user_id,
          m.lane, c.uuid, m.spent_attempts, m.purpose, c.identity_id,
          CASE WHEN p.blocked_at IS NOT NULL THEN 'blocked'
               WHEN p.deleted_at IS NOT NULL AND m.lane = {Message.Lane.BROADCAST} THEN 'gone' ELSE '' END
"""

# When the next message is due, of those that are not yet; a moment late still counts, so that none falls between two
# looks. What is overdue waits for something else than time.
NEXT_DUE = """
SELECT extract(epoch FROM min(n.due_at) - clock_timestamp())::float8
  FROM generate_series(0, %(lane)s) AS l (lane) CROSS JOIN LATERAL (
       SELECT m.due_at FROM inbox_message m
        WHERE m.workspace_id = %(ws)s AND m.channel_id = %(channel)s AND m.send_state = 'queued' AND m.lane = l.lane
          AND m.due_at > clock_timestamp() - interval '250 milliseconds'
          AND m.due_at <= clock_timestamp() + %(within)s * interval '1 second'
        ORDER BY m.due_at LIMIT 1) n
"""

# What was held back while it was being sent (a paused broadcast, say) stays so when it has to be tried again.
# A status webhook may have settled the row while the answer was on its way: `done` rows keep what they have, but
# still learn the provider's id. `failed` keeps the rank rule: proof of delivery beats it. An acceptance that comes so
# late that the message was queued again still counts, as long as no byte of the next attempt has left.
SETTLE = f"""
UPDATE inbox_message m
   SET send_state = r.state, attempt = m.attempt - r.untried,
       provider_id = coalesce(m.provider_id, r.provider_id),
       status = CASE WHEN {rank_sql("r.status")} > {rank_sql("m.status")} THEN r.status ELSE m.status END,
       answered_at = CASE WHEN r.status = 'sent' THEN clock_timestamp() ELSE m.answered_at END,
       sent_at = CASE WHEN r.status = 'sent' THEN coalesce(m.sent_at, clock_timestamp()) ELSE m.sent_at END,
       failed_at = CASE WHEN r.status = 'failed' THEN coalesce(m.failed_at, clock_timestamp()) ELSE m.failed_at END,
       error_code = CASE WHEN r.state = 'done' AND r.status <> 'failed' THEN '' ELSE r.error_code END,
       error_text = CASE WHEN r.state = 'done' AND r.status <> 'failed' THEN '' ELSE r.error_text END,
       due_at = CASE WHEN r.state = 'queued'
                     THEN greatest(m.due_at, clock_timestamp() + r.wait * interval '1 second') ELSE m.due_at END,
       lease_until = NULL, updated_at = clock_timestamp()
  FROM unnest(%(ids)s::bigint[], %(attempts)s::smallint[], %(states)s::text[], %(statuses)s::text[],
              %(provider_ids)s::text[], %(codes)s::text[], %(texts)s::text[], %(waits)s::float8[],
              %(untried)s::smallint[])
       AS r (id, attempt, state, status, provider_id, error_code, error_text, wait, untried)
 WHERE m.id = r.id AND m.workspace_id = %(ws)s
   AND ((m.attempt = r.attempt AND m.send_state IN ('claimed', 'started', 'unknown'))
        OR (r.status = 'sent' AND r.attempt > m.spent_attempts AND m.send_state IN ('queued', 'claimed')))
RETURNING m.id, m.status
"""
# The same when some were refused for good: they get their credits back in the same statement, rows first, pocket last.
SETTLE_AND_REFUND = f"""
WITH settled AS ({SETTLE}),
     refunded AS (SELECT carillon_refund(%(ws)s, array_agg(id ORDER BY id) FILTER (WHERE status = 'failed'))
                    FROM settled)
SELECT id FROM settled, refunded
"""

# The webhook was faster than our own bookkeeping: only the id is still missing.
LEARN_ID = """
UPDATE inbox_message m SET provider_id = coalesce(m.provider_id, r.provider_id), answered_at = clock_timestamp()
  FROM unnest(%(ids)s::bigint[], %(provider_ids)s::text[]) AS r (id, provider_id)
 WHERE m.id = r.id AND m.workspace_id = %(ws)s AND m.answered_at IS NULL AND r.provider_id IS NOT NULL
"""


@dataclass(slots=True)  # not frozen, like Result: one is made for each message, and that takes three times as long
class Claimed:
    """One message a sender holds, with what the adapter needs."""

    id: int
    uuid: UUID
    conversation_id: int
    attempt: int
    kind: str
    content: dict[str, Any]
    text: str
    reply_to: str
    address: str
    user_id: str
    lane: int
    conversation_uuid: UUID
    spent_attempts: int = 0
    purpose: str = ""  # marketing, or nothing in particular
    identity_id: int = 0
    stop: str = ""  # why this person must not be written to any more

    @property
    def tries(self) -> int:
        """Attempts since it was queued, or since a person had it tried again."""
        return self.attempt - self.spent_attempts


@dataclass(slots=True)
class Result:
    """What became of one attempt. `state` is done, queued (definite no, try again after `wait` seconds) or unknown."""

    message: Claimed
    state: str
    status: str
    provider_id: str | None = None
    error_code: str = ""
    error_text: str = ""
    wait: float = 0.0
    tried: bool = True
    address: str = ""  # what the provider itself calls the recipient
    user_id: str = ""


def claim(channel: Channel, *, lane: int, limit: int, apart: float = 0.0) -> list[Claimed]:
    """Take up to `limit` due messages of lanes up to `lane`, people's before programs' before broadcasts'.

    `apart` is how many seconds a broadcast leaves between the last message to a person and its own.
    """
    wanted = {"channel": channel.pk, "lane": lane, "limit": limit, "lease": settings.SEND_LEASE_SECONDS, "apart": apart}
    rows, _ = tenancy.in_one_trip(channel.workspace_id, CLAIM, {"ws": channel.workspace_id, **wanted})
    claimed = [_claimed(row) for row in rows]
    return sorted(claimed, key=lambda message: (message.lane, message.id))


def next_due(channel: Channel, *, lane: int, within: float) -> float | None:
    """In how many seconds the next message of these lanes is due; None when none is `within` so many."""
    wanted = {"ws": channel.workspace_id, "channel": channel.pk, "lane": lane, "within": within}
    [(seconds,)], _ = tenancy.in_one_trip(channel.workspace_id, NEXT_DUE, wanted)
    return None if seconds is None else max(0.0, float(seconds))


def settle(channel: Channel, results: Sequence[Result]) -> None:
    """Write the answers of a batch."""
    if not results:
        return
    # In one order, so that this and the statuses of the same messages hardly ever wait for each other in a ring.
    results = sorted(results, key=lambda result: result.message.id)
    columns = {
        "ws": channel.workspace_id,
        "ids": [r.message.id for r in results],
        "attempts": [r.message.attempt for r in results],
        "states": [r.state for r in results],
        "statuses": [r.status for r in results],
        "provider_ids": [r.provider_id for r in results],
        "codes": [r.error_code[:40] for r in results],
        "texts": [r.error_text for r in results],
        "waits": [r.wait for r in results],
        "untried": [0 if r.tried else 1 for r in results],
    }
    refused = any(r.status == "failed" for r in results)
    _, settled = tenancy.in_one_trip(channel.workspace_id, SETTLE_AND_REFUND if refused else SETTLE, columns)
    if settled < len(results):
        tenancy.in_one_trip(channel.workspace_id, LEARN_ID, columns)


def _claimed(row: tuple[Any, ...]) -> Claimed:
    """The columns of CLAIM come in the order of the fields."""
    claimed = Claimed(*row)
    claimed.content = _object(claimed.content)
    return claimed


def _object(value: Any) -> dict[str, Any]:
    loaded = json.loads(value) if isinstance(value, str | bytes) else value
    return loaded if isinstance(loaded, dict) else {}

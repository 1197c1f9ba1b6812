"""Take a broadcast as far as it goes now: write the audience down, expand, watch, finish.

The rows are the truth. One worker at a time has a broadcast in hand, by a lease that runs out when it dies; should two
have it nevertheless, each takes other recipients.
"""

from __future__ import annotations

import time
from datetime import datetime

from django.db import connection
from django.utils import timezone

from config.queues import UNREACHABLE, ring, valkey
from templates_mgmt import using
from workspaces import credits, tenancy

from . import expanding, freezing, monitoring, pacing, steering
from .models import Broadcast

JOB, QUEUE = "broadcasts.jobs.conduct", "bulk"
Status = Broadcast.Status

CHUNK = 500  # recipients in one transaction
BUDGET = 20.0  # seconds a job works on one broadcast before others of its queue get a turn
ROUND = 1.0  # seconds after which it looks around: template, number, failures
LEASE_SECONDS = 10.0
INLINE_SECONDS = 2.0  # how long the sweeper works on one broadcast itself while there are no workers to ask
MOST_UNSENT = 10_000  # messages of one number waiting to be sent; a pause takes them all back
LEAST_UNSENT = 1_000
AHEAD_SECONDS = 10  # what the number sends in so long may wait, between the two bounds above
DRAIN_SECONDS = 0.25  # how long to wait for the senders to make room; when they are slower, the sweep comes back

CLAIM = """
UPDATE broadcasts_broadcast SET lease_until = clock_timestamp() + %s * interval '1 second'
 WHERE id = %s AND (lease_until IS NULL OR lease_until <= clock_timestamp())
   AND status IN ('preparing', 'running') RETURNING workspace_id
"""
DUE = """
SELECT id, workspace_id, status FROM broadcasts_broadcast
 WHERE (status IN ('preparing', 'running') AND (lease_until IS NULL OR lease_until <= clock_timestamp()))
    OR (status = 'cancelled' AND finished_at IS NULL)
 ORDER BY id
"""
# Held ones are due in another millennium.
UNSENT = """
SELECT count(*) FROM (
    SELECT 1 FROM inbox_message WHERE workspace_id = %s AND channel_id = %s AND lane = 2 AND send_state = 'queued'
       AND due_at < clock_timestamp() + interval '1 day' LIMIT %s) waiting
"""


def begin(broadcast: Broadcast, now: datetime) -> bool:
    """Start a scheduled broadcast, in the caller's transaction; False when it is not scheduled (any more)."""
    changed = Broadcast.objects.filter(
        workspace_id=broadcast.workspace_id, pk=broadcast.pk, status=Status.SCHEDULED
    ).update(status=Status.PREPARING, next_fire_at=None, updated_at=now)
    if changed:
        broadcast.status, broadcast.next_fire_at = Status.PREPARING, None
        steering.tell(broadcast)
        poke(broadcast.pk)
    return bool(changed)


def poke(broadcast_id: int) -> None:
    """Have a worker look at it, after the commit."""
    ring(JOB, broadcast_id, queue=QUEUE)


def work_on(broadcast_id: int, budget: float = BUDGET) -> int:
    """Take one broadcast on for up to `budget` seconds; returns how many messages were queued.

    Returns early when it is paused or over, in somebody else's hands, or far enough ahead of the senders.
    """
    workspace_id = _claimed(broadcast_id)
    if workspace_id is None:
        return 0
    until, queued = time.monotonic() + budget, 0
    try:
        while time.monotonic() < until:
            done = _round(_current(workspace_id, broadcast_id), min(until, time.monotonic() + ROUND))
            if done is None:
                return queued
            queued += done
        poke(broadcast_id)
        return queued
    finally:
        _released(workspace_id, broadcast_id)


def carry_on() -> int:
    """Have workers look at what is live, and do it here while there are none to ask; returns how many broadcasts."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(DUE)
        found = cursor.fetchall()
    workers = bool(found) and _workers_can_be_asked()
    for broadcast_id, workspace_id, status in found:
        if status == Status.CANCELLED:
            monitoring.finish(_current(workspace_id, broadcast_id))
        elif not workers:
            work_on(broadcast_id, INLINE_SECONDS)
        else:
            poke(broadcast_id)
    return len(found)


def _round(broadcast: Broadcast, until: float) -> int | None:
    """About a second of work; how many messages it queued, None when there is nothing more to do for now."""
    if broadcast.status == Status.PREPARING:
        return 0 if freezing.freeze(broadcast) else None
    if broadcast.status != Status.RUNNING or monitoring.stop_if_harmful(broadcast):
        return None
    with tenancy.scope(broadcast.workspace_id):
        work = expanding.press(broadcast)
        room = _room(broadcast)
    if not room:
        time.sleep(DRAIN_SECONDS)
        with tenancy.scope(broadcast.workspace_id):
            room = _room(broadcast)
        if not room:
            return None
    return _expand(work, room, until)


def _expand(work: expanding.Press, room: int, until: float) -> int | None:
    broadcast, queued, taken = work.broadcast, 0, 0
    limit = _chunk(broadcast)
    while queued < room and time.monotonic() < until:
        wanted = min(limit, room - queued)
        with tenancy.scope(broadcast.workspace_id):
            first = pacing.take(broadcast, wanted, lease=LEASE_SECONDS)
        if first is None:
            break
        try:
            chunk = expanding.expand(work, first, wanted)
        except credits.NotEnough as error:
            limit = _payable(error, wanted)
            _give_back(broadcast, first, wanted, 0)
            if limit:
                continue
            monitoring.stop_unpaid(broadcast, error)
            return None
        queued, taken = queued + chunk.queued, taken + chunk.taken
        _give_back(broadcast, first, wanted, chunk.queued)
        if chunk.taken < wanted:
            monitoring.finish(broadcast)
            break
    if queued and broadcast.translation:
        with tenancy.scope(broadcast.workspace_id):
            using.note_used(broadcast.translation, at=timezone.now())
    return queued if taken else None


def _give_back(broadcast: Broadcast, first: datetime, taken: int, used: int) -> None:
    if used < taken:
        with tenancy.scope(broadcast.workspace_id):
            pacing.give_back(broadcast, first, taken, taken - used)


def _chunk(broadcast: Broadcast) -> int:
    """How many recipients at a time: a slow pace is looked after in small steps."""
    if not broadcast.pace:
        return CHUNK
    return max(1, min(CHUNK, int(broadcast.pace * pacing.AHEAD.total_seconds() / 2)))


def _payable(error: credits.NotEnough, wanted: int) -> int:
    """How many of `wanted` the credits that are left may pay; always fewer."""
    return error.available * wanted // error.needed


def _room(broadcast: Broadcast) -> int:
    """How many more messages may wait for its number."""
    rate = broadcast.channel.messages_per_second if broadcast.channel else 0
    most = min(MOST_UNSENT, max(LEAST_UNSENT, rate * AHEAD_SECONDS))
    with connection.cursor() as cursor:
        cursor.execute(UNSENT, [broadcast.workspace_id, broadcast.channel_id, most])
        return max(0, most - int(cursor.fetchone()[0]))


def _workers_can_be_asked() -> bool:
    try:
        return bool(valkey().ping())
    except UNREACHABLE:
        return False


def _claimed(broadcast_id: int) -> int | None:
    """The workspace of the broadcast, when it is live and nobody else has it in hand."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(CLAIM, [LEASE_SECONDS, broadcast_id])
        row = cursor.fetchone()
    return row[0] if row else None


def _released(workspace_id: int, broadcast_id: int) -> None:
    with tenancy.scope(workspace_id):
        Broadcast.objects.filter(workspace_id=workspace_id, pk=broadcast_id).update(lease_until=None)


def _current(workspace_id: int, broadcast_id: int) -> Broadcast:
    with tenancy.scope(workspace_id):
        found = Broadcast.objects.select_related("workspace", "channel", "translation__template", "launched_by")
        return found.get(workspace_id=workspace_id, pk=broadcast_id)

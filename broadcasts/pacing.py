"""When each message of a broadcast may leave: slots, given away in order, a chunk at a time.

Without a pace of its own a broadcast goes as fast as its number may, which the dispatcher watches over.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from . import scheduling, timing, zones
from .models import Broadcast

AHEAD = timedelta(seconds=10)  # so long before its moment somebody's message is written

# In a statement of its own, before the chunk: two workers must not wait for each other's chunk to get their slots.
# A chunk that fails leaves a gap of its length, no more.
TAKE = """
UPDATE broadcasts_broadcast
   SET paced_until = greatest(paced_until, clock_timestamp()) + %(count)s * %(step)s * interval '1 second',
       lease_until = clock_timestamp() + %(lease)s * interval '1 second'
 WHERE workspace_id = %(ws)s AND id = %(broadcast)s AND status = 'running'
   AND (%(step)s = 0 OR coalesce(paced_until, 'epoch') < clock_timestamp() + %(ahead)s)
RETURNING paced_until - %(count)s * %(step)s * interval '1 second'
"""
# Only when nobody took more meanwhile; a gap of a few slots is no harm.
GIVE_BACK = """
UPDATE broadcasts_broadcast SET paced_until = paced_until - %(unused)s * %(step)s * interval '1 second'
 WHERE workspace_id = %(ws)s AND id = %(broadcast)s
   AND paced_until = %(first)s + %(count)s * %(step)s * interval '1 second'
"""
# One moment for all of them: the clock goes on while a statement runs.
RELEASE = """
WITH waiting AS (
    SELECT m.id, r.due_at, c.time_zone, coalesce(nullif(r.country, ''), c.country) AS country,
           row_number() OVER (ORDER BY m.id) - 1 AS place
      FROM inbox_message m JOIN broadcasts_recipient r ON r.message_id = m.id
      JOIN contacts_contact c ON c.id = r.contact_id
     WHERE m.workspace_id = %(ws)s AND m.channel_id = %(channel)s AND m.due_at >= %(held)s
       AND ((m.lane = 2 AND m.send_state = 'queued') OR m.send_state IN ('claimed', 'started', 'unknown'))
       AND r.broadcast_id = %(broadcast)s),
moved AS (
    UPDATE inbox_message m
       SET due_at = greatest(w.due_at, p.allowed, statement_timestamp() + w.place * %(step)s * interval '1 second'),
           updated_at = clock_timestamp()
      FROM waiting w LEFT JOIN unnest(%(zones)s::text[], %(countries)s::text[], %(allowed)s::timestamptz[])
           AS p (time_zone, country, allowed) ON p.time_zone = w.time_zone AND p.country = w.country
     WHERE m.id = w.id RETURNING m.id)
UPDATE broadcasts_broadcast
   SET paced_until = statement_timestamp() + (SELECT count(*) FROM moved) * %(step)s * interval '1 second'
 WHERE workspace_id = %(ws)s AND id = %(broadcast)s
"""
HELD_ZONES = """
SELECT DISTINCT c.time_zone, coalesce(nullif(r.country, ''), c.country) FROM inbox_message m
  JOIN broadcasts_recipient r ON r.message_id = m.id JOIN contacts_contact c ON c.id = r.contact_id
 WHERE m.workspace_id = %(ws)s AND m.channel_id = %(channel)s AND m.lane = 2 AND m.send_state = 'queued'
   AND m.due_at >= %(held)s AND r.broadcast_id = %(broadcast)s
"""


def step(broadcast: Broadcast) -> float:
    """Seconds between two messages; 0 for as fast as the number may."""
    return 1 / broadcast.pace if broadcast.pace else 0.0


def take(broadcast: Broadcast, count: int, *, lease: float) -> datetime | None:
    """Reserve `count` slots; the first of them, or None when it does not run any more or is AHEAD of its pace.

    Also says that a worker has it in hand for the next `lease` seconds.
    """
    values: dict[str, Any] = {
        "ws": broadcast.workspace_id,
        "broadcast": broadcast.pk,
        "count": count,
        "step": step(broadcast),
        "lease": lease,
        "ahead": AHEAD,
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, values)
        row = cursor.fetchone()
    return row[0] if row else None


def give_back(broadcast: Broadcast, first: datetime, count: int, unused: int) -> None:
    """Return the last `unused` of `count` slots, so that people who are left out leave no hole in the pace."""
    if not broadcast.pace or unused <= 0:
        return
    values: dict[str, Any] = {"ws": broadcast.workspace_id, "broadcast": broadcast.pk, "step": step(broadcast)}
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, values | {"first": first, "count": count, "unused": unused})


def release(broadcast: Broadcast, held: datetime) -> None:
    """Give the messages that were held back new slots from now on, none in somebody's quiet hours."""
    values: dict[str, Any] = {
        "ws": broadcast.workspace_id,
        "channel": broadcast.channel_id,
        "broadcast": broadcast.pk,
        "held": held,
        "step": step(broadcast),
    }
    with connection.cursor() as cursor:
        pairs: list[tuple[str, str]] = []
        hours = QuietHours(broadcast)
        if hours:
            cursor.execute(HELD_ZONES, values)
            pairs = cursor.fetchall()
        cursor.execute("SELECT clock_timestamp()")
        now = cursor.fetchone()[0]
        values |= {
            "zones": [pair[0] for pair in pairs],
            "countries": [pair[1] for pair in pairs],
            "allowed": [hours.after(now, *pair) for pair in pairs],
        }
        cursor.execute(RELEASE, values)


class QuietHours:
    """The hours in which nothing is sent to anybody, each by the clocks where they live. False when there are none."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._from, self._until = broadcast.quiet_from, broadcast.quiet_until
        self._otherwise = scheduling.zone_name(broadcast) if self else ""
        self._zones: dict[tuple[str, str], str] = {}

    def __bool__(self) -> bool:
        return self._from is not None and self._until is not None and self._from != self._until

    def after(self, at: datetime, time_zone: str, country: str) -> datetime:
        """The first moment from `at` on that is not quiet for a person with this zone and country."""
        pair = (time_zone, country)
        if pair not in self._zones:
            self._zones[pair] = zones.zone_of(time_zone, country, self._otherwise)
        return timing.next_allowed(at, self._from, self._until, self._zones[pair])

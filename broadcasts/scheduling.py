"""When a broadcast starts, and when each person's turn comes.

The wall clock and its zone are what was asked for and stay as they are; the moments in UTC are worked out from them
and may be worked out again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection

from contacts.models import Contact
from workspaces.models import Workspace

from . import timing, zones
from .models import Broadcast

UNDO = timedelta(seconds=10)  # between "Send" and the first message
TOO_LATE = timedelta(minutes=60)  # after that nobody expects it any more, and it may be the middle of the night

PAIRS = """
SELECT DISTINCT c.time_zone, coalesce(nullif(r.country, ''), c.country) FROM broadcasts_recipient r
  JOIN contacts_contact c ON c.workspace_id = r.workspace_id AND c.id = r.contact_id
 WHERE r.broadcast_id = %s AND r.state = 'waiting'
"""
SPREAD = """
UPDATE broadcasts_recipient r
   SET due_at = p.due, state = CASE WHEN p.missed THEN 'skipped' ELSE r.state END,
       reason = CASE WHEN p.missed THEN 'missed' ELSE r.reason END
  FROM contacts_contact c,
       unnest(%(zones)s::text[], %(countries)s::text[], %(due)s::timestamptz[], %(missed)s::boolean[])
           AS p (time_zone, country, due, missed)
 WHERE r.broadcast_id = %(broadcast)s AND r.state = 'waiting'
   AND c.workspace_id = r.workspace_id AND c.id = r.contact_id
   AND p.time_zone = c.time_zone AND p.country = coalesce(nullif(r.country, ''), c.country)
"""


def zone_name(broadcast: Broadcast) -> str:
    """The zone its wall clock hangs in: its own, or else the workspace's."""
    for name in (broadcast.time_zone, _workspace_zone(broadcast)):
        if name in zones.known():
            return name
    return "UTC"


def _workspace_zone(broadcast: Broadcast) -> str:
    return Workspace.objects.values_list("time_zone", flat=True).get(pk=broadcast.workspace_id)


def first_fire(broadcast: Broadcast, now: datetime) -> datetime | None:
    """When it starts if launched `now`; of a series the next time it comes round, None when there is none left.

    A single wall-clock time that has passed comes back as it is: whether that may be launched is not decided here.
    """
    wall = _wall(broadcast)
    if wall is None:
        return now + UNDO
    if broadcast.repeat == Broadcast.Repeat.NEVER:
        fire = min(_moments(*wall, _names(broadcast)))
        return max(fire, now + UNDO) if broadcast.timing == Broadcast.Timing.LOCAL else fire
    coming = next_occurrence(broadcast, after=now)
    return coming[1] if coming else None


def has_passed(broadcast: Broadcast, now: datetime) -> bool:
    """Whether its time is over for everybody, so that launching it would send nothing, or send it at a wrong time."""
    wall = _wall(broadcast)
    if wall is None:
        return False
    if broadcast.repeat != Broadcast.Repeat.NEVER:
        return next_occurrence(broadcast, after=now) is None
    return max(_moments(*wall, _names(broadcast))) <= now


def next_occurrence(broadcast: Broadcast, *, after: datetime) -> tuple[date, datetime] | None:
    """Of a series the first day whose start lies after `after`, with that start; None when the series is over."""
    # No zone is more than a day away from UTC: what lies two days back has been everywhere.
    since = after.astimezone(UTC).date() - timedelta(days=2)
    over = Broadcast.objects.filter(series_id=broadcast.pk, occurrence__gte=since).values_list("occurrence", flat=True)
    taken = set(over) if broadcast.pk else set()
    coming = _starts(broadcast, since, broadcast.repeat_until)
    return next(((day, start) for day, start in coming if start > after and day not in taken), None)


def starts(broadcast: Broadcast, since: date, until: date) -> list[tuple[date, datetime]]:
    """The days of a schedule from `since` to `until`, each with its start."""
    return list(_starts(broadcast, since, min(until, broadcast.repeat_until or until)))


def last_turn(broadcast: Broadcast, day: date) -> datetime:
    """When the last person's turn comes on that day, quiet hours aside; for everybody at once that is the start."""
    _, clock = _wall(broadcast) or (day, time())
    return max(_moments(day, clock, _names(broadcast)))


def _starts(broadcast: Broadcast, since: date, until: date | None) -> Iterator[tuple[date, datetime]]:
    wall = _wall(broadcast)
    if wall is None:
        return
    names = _names(broadcast)
    for day in timing.days_from(since, wall[0], broadcast.repeat, until):
        yield day, min(_moments(day, wall[1], names))


def _wall(broadcast: Broadcast) -> tuple[date, time] | None:
    if broadcast.timing == Broadcast.Timing.NOW or broadcast.local_date is None or broadcast.local_time is None:
        return None
    return broadcast.local_date, broadcast.local_time


def _moments(day: date, clock: time, names: set[str]) -> list[datetime]:
    return list(timing.local_due(day, clock, names).values())


def _names(broadcast: Broadcast) -> set[str]:
    """The zones whose clocks it goes by: its own, or those the workspace's people live in."""
    own = zone_name(broadcast)
    if broadcast.timing != Broadcast.Timing.LOCAL:
        return {own}
    people = Contact.objects.filter(workspace_id=broadcast.workspace_id, deleted_at=None)
    pairs = people.order_by().values_list("time_zone", "country").distinct()
    return {own, *(zones.zone_of(time_zone, country, own) for time_zone, country in pairs)}


def spread(broadcast: Broadcast, now: datetime) -> int:
    """Give each waiting recipient the moment before which nothing is sent to them; returns how many got one.

    Their own time if that was asked for, and never within the quiet hours where they live. Those whose time was
    over by more than an hour are skipped: a good morning does not belong into somebody's night.
    """
    quiet = (broadcast.quiet_from, broadcast.quiet_until)
    local = broadcast.timing == Broadcast.Timing.LOCAL
    if not local and (None in quiet or quiet[0] == quiet[1]):
        return 0
    otherwise = zone_name(broadcast)
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, [broadcast.pk])
        pairs = cursor.fetchall()
    rows = [_turn(broadcast, zones.zone_of(time_zone, country, otherwise), now) for time_zone, country in pairs]
    parameters: dict[str, Any] = {
        "broadcast": broadcast.pk,
        "zones": [pair[0] for pair in pairs],
        "countries": [pair[1] for pair in pairs],
        "due": [due for due, _ in rows],
        "missed": [missed for _, missed in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(SPREAD, parameters)
        return cursor.rowcount


def _turn(broadcast: Broadcast, zone: str, now: datetime) -> tuple[datetime, bool]:
    """Not before when, and whether that is too long ago."""
    wanted, missed, wall = now, False, _wall(broadcast)
    if wall and broadcast.timing == Broadcast.Timing.LOCAL:
        asked = timing.instant(*wall, zone)
        wanted, missed = max(asked, now), now - asked > TOO_LATE
    return timing.next_allowed(wanted, broadcast.quiet_from, broadcast.quiet_until, zone), missed

"""Start what is due, once. The rows decide: any number of schedulers may run, and any of them may die at any moment.

A start is one transaction: of a single broadcast the step out of "scheduled", of a series the broadcast that stands
for this occurrence (its day can be taken only once) together with the next time the series comes round.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from unicodedata import bidirectional

import structlog
from django.db import InterfaceError, OperationalError, connection

from live.publishing import publish
from workspaces import tenancy

from . import conducting, missing, scheduling
from .models import Broadcast

log = structlog.get_logger(__name__)

AT_ONCE = 200  # started in one round at most
SETTLED = timedelta(minutes=1)  # starts nearer than this are left as they are when schedules are worked out anew

DUE = """
SELECT workspace_id, id FROM broadcasts_broadcast
 WHERE status = 'scheduled' AND deleted_at IS NULL AND next_fire_at <= %s ORDER BY next_fire_at, id LIMIT %s
"""
AHEAD = """
SELECT workspace_id, id FROM broadcasts_broadcast
 WHERE status = 'scheduled' AND deleted_at IS NULL AND next_fire_at > %s AND timing <> 'now' ORDER BY id
"""
# What a series hands down to each broadcast that comes of it.
COPIED = (
    *("workspace_id", "channel_id", "translation_id", "text", "variables", "purpose", "audience", "recent_hours"),
    *("timing", "local_time", "time_zone", "quiet_from", "quiet_until", "pace", "failure_limit"),
    *("launched_by_id", "expected_credits", "created_by_id"),
)
Status = Broadcast.Status


def fire_due(now: datetime | None = None) -> int:
    """Start what is due and find what was missed; returns how many schedules were dealt with."""
    now = now or _now()
    count = 0
    for workspace_id, pk in _found(DUE, now, AT_ONCE):
        try:
            with tenancy.scope(workspace_id):
                broadcast = _claimed(pk, next_fire_at__lte=now)
                missed = _fire(broadcast, now) if broadcast else []
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("broadcast could not be started", broadcast=pk)  # it must not keep the others from starting
            continue
        count += broadcast is not None
        if missed:
            missing.tell(workspace_id, missed)
    return count


def recompute(now: datetime | None = None) -> int:
    """Work out anew when what is scheduled starts: a zone, or what the world knows of it, may have changed."""
    now = now or _now()
    changed = 0
    for workspace_id, pk in _found(AHEAD, now + SETTLED):
        with tenancy.scope(workspace_id):
            broadcast = _claimed(pk, next_fire_at__gt=now + SETTLED)
            if broadcast is None or broadcast.next_fire_at is None:
                continue
            days = _around(broadcast, broadcast.next_fire_at, broadcast.next_fire_at)
            if days and (start := max(days[0][1], now)) != broadcast.next_fire_at:
                _move(broadcast, next_fire_at=start)
                changed += 1
    return changed


def _found(sql: str, *parameters: Any) -> list[tuple[int, int]]:
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def _claimed(pk: int, **still: Any) -> Broadcast | None:
    """The broadcast if it is still scheduled and nobody else has it in hand."""
    free = Broadcast.objects.select_for_update(skip_locked=True)
    return free.filter(pk=pk, status=Status.SCHEDULED, deleted_at=None, **still).first()


def _fire(broadcast: Broadcast, now: datetime) -> list[Broadcast]:
    """Returns what was missed: the broadcast itself, or occurrences of a series."""
    if broadcast.repeat == Broadcast.Repeat.NEVER or broadcast.timing == Broadcast.Timing.NOW:
        return [] if _begin(broadcast, broadcast.local_date, now) else [broadcast]
    missed = []
    for day, start in _around(broadcast, broadcast.next_fire_at or now, now):
        occurrence = _occurrence(broadcast, day, start)
        if occurrence and not _begin(occurrence, day, now):
            missed.append(occurrence)
    coming = scheduling.next_occurrence(broadcast, after=now)
    if coming is None:
        _move(broadcast, status=Status.FINISHED, next_fire_at=None, finished_at=now)
    else:
        _move(broadcast, next_fire_at=coming[1])
    return missed


def _around(series: Broadcast, expected: datetime, now: datetime) -> list[tuple[date, datetime]]:
    """The day that was to start at `expected`, with its start as it is known today, and those after it up to `now`."""
    margin = timedelta(days=2)
    days = scheduling.starts(series, (expected - margin).date(), (max(expected, now) + margin).date())
    first = min(days, key=lambda each: abs(each[1] - expected), default=None)
    return [each for each in days if first and (each == first or first[1] < each[1] <= now)]


def occurrence_name(series: Broadcast, day: date) -> str:
    """The name of the series and the day; beside a name written from right to left the date keeps its own order."""
    name, date_ = series.name[:100], f"{day.day} {day:%b %Y}"
    if any(bidirectional(char) in ("R", "AL") for char in name):
        date_ = f"\u2066{date_}\u2069"  # left-to-right isolate … pop directional isolate, unicode.org/reports/tr9
    return f"{name} · {date_}"


def _occurrence(series: Broadcast, day: date, start: datetime) -> Broadcast | None:
    """The broadcast that stands for one day of a series; None when there is one already."""
    if Broadcast.objects.filter(series=series, occurrence=day).exists():
        return None
    return Broadcast.objects.create(
        name=occurrence_name(series, day),
        status=Status.SCHEDULED,
        local_date=day,
        next_fire_at=start,
        series=series,
        occurrence=day,
        launched_at=series.launched_at,
        **{field: getattr(series, field) for field in COPIED},
    )


def _begin(broadcast: Broadcast, day: date | None, now: datetime) -> bool:
    """Whether it starts; what should have started more than an hour ago is marked as missed instead."""
    due = broadcast.next_fire_at or now
    if day and broadcast.timing == Broadcast.Timing.LOCAL:
        due = max(due, scheduling.last_turn(broadcast, day))
    if now - due <= scheduling.TOO_LATE:
        conducting.begin(broadcast, now)
        return True
    text = missing.in_words(broadcast, scheduling.zone_name(broadcast), now - due)
    _move(broadcast, status=Status.MISSED, finished_at=now, pause_text=text)
    return False


def _move(broadcast: Broadcast, **changes: Any) -> None:
    for field, value in changes.items():
        setattr(broadcast, field, value)
    broadcast.save(update_fields=[*changes, "updated_at"])
    publish(broadcast.workspace_id, f"bc-{broadcast.uuid}", "broadcasts")

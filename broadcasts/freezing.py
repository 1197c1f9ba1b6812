"""Write down who a broadcast is for, at the moment it starts."""

from __future__ import annotations

from collections import Counter

from django.db import connection
from django.db.models import Count
from django.utils import timezone

from workspaces import tenancy

from . import audience, scheduling, steering
from .models import Broadcast, Recipient

# Somebody else may be at it for minutes; that is no reason to wait.
MINE = "SELECT pg_try_advisory_xact_lock(hashtextextended('carillon-freeze', %s))"
State = Recipient.State


def freeze(broadcast: Broadcast) -> bool:
    """Write the audience of a preparing broadcast down and let it run; False when that is not to be done (any more).

    One transaction: of a worker that dies in the middle nothing is left. Who pauses or cancels meanwhile does not
    wait for it; it finds that out at its end, and gives up what it wrote.
    """
    try:
        with tenancy.scope(broadcast.workspace_id):
            return _mine(broadcast) and _freeze(broadcast)
    except Overtaken:
        return False
    except audience.BadAudience as bad:
        steering.pause_itself(
            broadcast, "audience", f"{bad} Make a copy and choose its audience again."
        )
        return False


class Overtaken(Exception):
    """It is not preparing any more; the transaction must not be committed."""


def _mine(broadcast: Broadcast) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(MINE, [broadcast.pk])
        return bool(cursor.fetchone()[0])


def _freeze(broadcast: Broadcast) -> bool:
    now = timezone.now()
    audience.write_down(broadcast, now)
    scheduling.spread(broadcast, now)
    left_out, receive = _counted(broadcast)
    broadcast = steering.alone(broadcast)
    if broadcast.status != Broadcast.Status.PREPARING:
        raise Overtaken
    broadcast.status, broadcast.started_at, broadcast.paced_until = Broadcast.Status.RUNNING, now, now
    broadcast.audience_count, broadcast.left_out = receive, left_out
    broadcast.save()
    steering.tell(broadcast)
    return True


def _counted(broadcast: Broadcast) -> tuple[dict[str, int], int]:
    """Reason → people left out, and how many receive it or would, were it not too late for them."""
    rows = Recipient.objects.filter(workspace_id=broadcast.workspace_id, broadcast=broadcast)
    counts: Counter[str] = Counter()
    receive = 0
    for state, reason, people in rows.values_list("state", "reason").annotate(people=Count("pk")):
        if state == State.LEFT_OUT:
            counts[reason] += people
        else:
            receive += people
    return dict(counts), receive

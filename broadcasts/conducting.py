"""Take a broadcast as far as it goes now: write the audience down, expand, watch, finish."""

from __future__ import annotations

from datetime import datetime

from config.queues import ring

from . import steering
from .models import Broadcast

JOB, QUEUE = "broadcasts.jobs.conduct", "bulk"
Status = Broadcast.Status


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

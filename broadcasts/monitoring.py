"""Watch over what runs: stop it when it does harm, end it when nothing is left to do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from workspaces import credits, tenancy

from . import steering
from .models import Broadcast

Status = Broadcast.Status

LOOK_BACK = 200  # messages whose outcome is judged, the newest ones
ENOUGH = 50  # fewer say nothing about a share

# By when they were started, from the number's index: a look at the newest two hundred, however big the broadcast.
# What failed before it was resumed was judged already.
OUTCOMES = """
SELECT count(*), count(*) FILTER (WHERE o.status = 'failed'),
       mode() WITHIN GROUP (ORDER BY o.error_text) FILTER (WHERE o.status = 'failed')
  FROM (SELECT m.status, m.error_text FROM inbox_message m JOIN broadcasts_recipient r ON r.message_id = m.id
         WHERE m.workspace_id = %(ws)s AND m.channel_id = %(channel)s AND m.started_at > %(since)s
           AND m.send_state = 'done' AND m.status NOT IN ('skipped', 'cancelled') AND r.broadcast_id = %(broadcast)s
         ORDER BY m.started_at DESC, m.id DESC LIMIT %(limit)s) o
"""
# Unsent and unclear messages are few beside all of them, and have indexes of their own.
UNFINISHED = """
SELECT EXISTS (SELECT 1 FROM broadcasts_recipient r WHERE r.broadcast_id = %(broadcast)s AND r.state = 'waiting')
    OR EXISTS (SELECT 1 FROM inbox_message m JOIN broadcasts_recipient r ON r.message_id = m.id
                WHERE m.workspace_id = %(ws)s AND m.channel_id = %(channel)s AND m.send_state = 'queued'
                  AND m.lane = 2 AND r.broadcast_id = %(broadcast)s)
    OR EXISTS (SELECT 1 FROM inbox_message m JOIN broadcasts_recipient r ON r.message_id = m.id
                WHERE m.workspace_id = %(ws)s AND m.channel_id = %(channel)s
                  AND m.send_state IN ('claimed', 'started', 'unknown') AND r.broadcast_id = %(broadcast)s)
"""


def stop_if_harmful(broadcast: Broadcast) -> bool:
    """Pause a running broadcast whose number or template cannot send, or of which too much fails; True when it was."""
    if hindrance := steering.hindered(broadcast):
        return steering.pause_itself(broadcast, *hindrance)
    if text := _failing(broadcast):
        return steering.pause_itself(broadcast, "failures", text)
    return False


def stop_unpaid(broadcast: Broadcast, error: credits.NotEnough) -> bool:
    """Pause a running broadcast whose next message cannot be paid."""
    if isinstance(error, credits.CapReached):
        text = (
            f"Today's limit leaves {error.available:,} credits, which is not enough for the next message. "
            "It can be resumed tomorrow, or when an owner or admin has raised the limit under Credits."
        )
        return steering.pause_itself(broadcast, "cap", text)
    text = (
        f"{error.available:,} credits are left, which is not enough for the next message. "
        "Ask an owner or admin to add credits, then resume."
    )
    return steering.pause_itself(broadcast, "credits", text)


def finish(broadcast: Broadcast) -> bool:
    """End what has nobody waiting and no message on its way; True when that was the case.

    A cancelled one first calls off what came back from the senders since.
    """
    with tenancy.scope(broadcast.workspace_id):
        if broadcast.status == Status.RUNNING and _is_unfinished(broadcast):
            return False  # looked at without a lock most of the time
        broadcast = steering.alone(broadcast)
        if broadcast.status == Status.CANCELLED:
            steering.call_off(broadcast)
        if broadcast.status not in (Status.RUNNING, Status.CANCELLED) or _is_unfinished(broadcast):
            return False
        if broadcast.status == Status.RUNNING:
            broadcast.status = Status.FINISHED
        broadcast.finished_at = timezone.now()
        broadcast.save(update_fields=["status", "finished_at", "updated_at"])
        steering.tell(broadcast)
    return True


def _failing(broadcast: Broadcast) -> str:
    """Why it should stop, when the share of failures is above its limit."""
    since: datetime | None = max(filter(None, [broadcast.started_at, broadcast.paused_at]), default=None)
    if since is None:
        return ""
    with tenancy.scope(broadcast.workspace_id), connection.cursor() as cursor:
        cursor.execute(OUTCOMES, _values(broadcast) | {"since": since, "limit": LOOK_BACK})
        settled, failed, mostly = cursor.fetchone()
    if settled < ENOUGH or failed * 100 <= settled * broadcast.failure_limit:
        return ""
    said = f" Most often: {mostly}" if mostly else ""
    return (
        f"{failed} of the last {settled} messages failed, more than {broadcast.failure_limit} %.{said} "
        "Look at the failures in the report before you resume it."
    )


def _is_unfinished(broadcast: Broadcast) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(UNFINISHED, _values(broadcast))
        return bool(cursor.fetchone()[0])


def _values(broadcast: Broadcast) -> dict[str, Any]:
    return {"ws": broadcast.workspace_id, "channel": broadcast.channel_id, "broadcast": broadcast.pk}

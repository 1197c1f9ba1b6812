"""Stop a running broadcast, let it go on, call it off.

Whoever expands a chunk holds the broadcast's advisory lock shared until it commits, and then looks whether it still
runs (`expanding`). A change of status here takes it alone: once that has committed, no chunk of before can follow.
A waiting list of its own, because a row lock that others share over and over may be waited for without end.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from inbox import sending
from inbox.models import Message
from live.publishing import publish
from templates_mgmt import using
from workspaces import auditing, credits, tenancy
from workspaces.models import Member

from . import pacing
from .models import Broadcast, Recipient

Status = Broadcast.Status

ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('carillon-broadcast', %s))"

# From the number's outbox, which is short, to the recipients. What a sender has in its hands is held as well: should it
# come back to the outbox, to be tried again, it comes back as held.
HOLD = """
UPDATE inbox_message m SET due_at = %(held)s, updated_at = clock_timestamp()
  FROM broadcasts_recipient r
 WHERE m.workspace_id = %(ws)s AND m.channel_id = %(channel)s AND m.due_at < %(held)s
   AND ((m.lane = 2 AND m.send_state = 'queued') OR m.send_state IN ('claimed', 'started', 'unknown'))
   AND r.message_id = m.id AND r.broadcast_id = %(broadcast)s
"""
CALL_OFF = """
UPDATE inbox_message m
   SET status = 'cancelled', send_state = 'done', error_code = '', error_text = '', lease_until = NULL,
       updated_at = clock_timestamp()
  FROM broadcasts_recipient r
 WHERE m.workspace_id = %(ws)s AND m.channel_id = %(channel)s AND m.lane = 2 AND m.send_state = 'queued'
   AND r.message_id = m.id AND r.broadcast_id = %(broadcast)s
RETURNING m.id
"""
# So far away that nobody looks at it, and yet a date that every program can read; 'infinity' is none.
HELD = datetime(3000, 1, 1, tzinfo=UTC)


class Refused(Exception):
    """What was asked for makes no sense as things stand; `code` is a stable word, `str()` a sentence for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def pause(broadcast: Broadcast, *, by: Member) -> Broadcast:
    """Send nothing more until `resume`; what a sender has in its hands already still goes out.

    Raises Refused for one that is not on its way. A second pause finds the first.
    """
    with transaction.atomic():
        broadcast = alone(broadcast)
        if broadcast.status == Status.PAUSED:
            return broadcast
        if broadcast.status not in (Status.PREPARING, Status.RUNNING):
            raise Refused("not_running", "Only a broadcast that is being sent can be paused.")
        _stop(broadcast, "member", f"{by.name} paused it.")
        auditing.record(by, "broadcast.paused", _named(broadcast))
    return broadcast


def pause_itself(broadcast: Broadcast, reason: str, text: str) -> bool:
    """Pause without anybody having asked, for `reason`; False when it does not run any more."""
    with tenancy.scope(broadcast.workspace_id):
        broadcast = alone(broadcast)
        if broadcast.status not in (Status.PREPARING, Status.RUNNING):
            return False
        _stop(broadcast, reason, text)
    return True


def resume(broadcast: Broadcast, *, by: Member) -> Broadcast:
    """Let a paused broadcast go on. Raises Refused while what stopped it is still in the way."""
    with transaction.atomic():
        broadcast = alone(broadcast)
        if broadcast.status in (Status.PREPARING, Status.RUNNING):
            return broadcast
        if broadcast.status != Status.PAUSED:
            raise Refused("not_paused", "Only a paused broadcast can be resumed.")
        if hindrance := hindered(broadcast):
            raise Refused(*hindrance)
        broadcast.status = Status.RUNNING if broadcast.started_at else Status.PREPARING
        broadcast.pause_reason = broadcast.pause_text = ""
        # paused_at stays: failures from before it must not stop the broadcast once more.
        broadcast.save(update_fields=["status", "pause_reason", "pause_text", "updated_at"])
        pacing.release(broadcast, HELD)
        auditing.record(by, "broadcast.resumed", _named(broadcast))
        tell(broadcast)
        if broadcast.channel_id:
            sending.poke(broadcast.channel_id, Message.Lane.BROADCAST)
    return broadcast


def cancel(broadcast: Broadcast, *, by: Member) -> Broadcast:
    """Send nothing more, ever; what was not sent is refunded. Raises Refused for one that is over or a draft.

    Messages that a sender has in its hands are settled as usual; `finished_at` follows when they are.
    """
    with transaction.atomic():
        broadcast = alone(broadcast)
        if broadcast.status == Status.CANCELLED:
            return broadcast
        if broadcast.status not in (Status.SCHEDULED, *Broadcast.LIVE):
            raise Refused("over", "Only a broadcast that is planned or on its way can be cancelled.")
        broadcast.status, broadcast.next_fire_at = Status.CANCELLED, None
        broadcast.pause_reason = broadcast.pause_text = ""
        if broadcast.started_at is None:
            broadcast.finished_at = timezone.now()
        broadcast.save()
        waiting = Recipient.objects.filter(workspace_id=broadcast.workspace_id, broadcast=broadcast)
        waiting.filter(state=Recipient.State.WAITING).update(state=Recipient.State.CANCELLED)
        hold(broadcast)
        call_off(broadcast)
        auditing.record(by, "broadcast.cancelled", _named(broadcast))
        tell(broadcast)
    return broadcast


def hold(broadcast: Broadcast) -> int:
    """Keep what was not sent from being sent until `pacing.release`; returns how many messages."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD, _values(broadcast))
        return cursor.rowcount


def call_off(broadcast: Broadcast) -> int:
    """End what waits to be sent and give back what it cost; returns how many messages."""
    with connection.cursor() as cursor:
        cursor.execute(CALL_OFF, _values(broadcast))
        ended = [row[0] for row in cursor.fetchall()]
    if credits.refund(broadcast.workspace_id, ended):
        publish(broadcast.workspace_id, "credits")
    if ended:
        publish(broadcast.workspace_id, "sync" if len(ended) > 50 else "list")
    return len(ended)


def alone(broadcast: Broadcast) -> Broadcast:
    """The broadcast as it is stored now, locked, with nobody expanding it, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(ALONE, [broadcast.pk])
    return (
        Broadcast.objects.select_for_update(of=("self",), no_key=True)
        .select_related("workspace", "channel", "translation__template")
        .get(workspace_id=broadcast.workspace_id, pk=broadcast.pk)
    )


def hindered(broadcast: Broadcast) -> tuple[str, str] | None:
    """Why nothing can be sent over its number or with its template now: a word and a sentence."""
    channel, translation = broadcast.channel, broadcast.translation
    if channel is None:
        return "channel", "No number was chosen to send from."
    if not channel.is_open:
        return "channel", (
            f"{channel.name} cannot send at the moment. An admin sees why, and can change it, in Settings → Channels."
        )
    if translation is not None and (reason := using.why_not(translation, channel)):
        return "template", f"{reason} Choose another template in a copy of this broadcast, or wait and resume."
    return None


def tell(broadcast: Broadcast) -> None:
    """Let the pages that show this broadcast look again."""
    publish(broadcast.workspace_id, f"bc-{broadcast.uuid}", "broadcasts")


def _stop(broadcast: Broadcast, reason: str, text: str) -> None:
    broadcast.status, broadcast.pause_reason, broadcast.pause_text = Status.PAUSED, reason, text
    broadcast.paused_at = timezone.now()
    broadcast.save(update_fields=["status", "pause_reason", "pause_text", "paused_at", "updated_at"])
    hold(broadcast)
    tell(broadcast)


def _values(broadcast: Broadcast) -> dict[str, Any]:
    return {
        "ws": broadcast.workspace_id,
        "channel": broadcast.channel_id,
        "broadcast": broadcast.pk,
        "held": HELD,
    }


def _named(broadcast: Broadcast) -> str:
    return f"broadcast {broadcast.uuid}"

"""From acknowledged webhook bodies to messages and statuses.

`inbox.recording` is all that happens before the provider gets its 200. This does the rest later, in batches:
claim (committed first, so a body that kills its worker is pushed into the future), then one transaction per workspace
that holds the effects and the mark "processed" together. Running it twice, in parallel or in another order changes
nothing: messages are unique by the provider's id and statuses only move forward.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected

from config.queues import ring, ring_now
from live.publishing import publish
from providers.registry import adapter
from providers.types import Event, MalformedPayload
from workspaces import tenancy
from workspaces.models import Channel

from . import applying, routing, status_updates
from .models import Conversation, DeadLetter, InboundWebhook

log = structlog.get_logger(__name__)

# Seconds until the next try after the n-th; the first is also the time one worker has for a batch. Then it is dead.
BACKOFF = (10, 30, 60, 300, 900, 3600, 7200, 21_600)
SOON = (1, 2, 5, 30)  # seconds, while an element waits for the message it changes
BATCH = 100  # bodies per claim; a body may hold up to 1,000 elements
SETTLED_SECONDS = 0.02  # how long after an empty look the job looks again before it ends
MANY = 50  # changed conversations beyond which panes are told to look, not which ones

# MATERIALIZED: as a plain subquery the planner may run it once for each row, and LIMIT then limits nothing.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM inbox_inboundwebhook
     WHERE processed_at IS NULL AND dead_at IS NULL AND next_try_at <= clock_timestamp()
       AND (attempts > 0) = %(again)s
     ORDER BY next_try_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
UPDATE inbox_inboundwebhook w
   SET attempts = w.attempts + 1,
       next_try_at = clock_timestamp() + (%(backoff)s::int[])[least(w.attempts, %(last)s) + 1] * interval '1 second'
  FROM due
 WHERE w.id = due.id
RETURNING w.id, w.workspace_id, w.channel_id, w.body, w.headers, w.attempts
"""


@dataclass(frozen=True, slots=True)
class Raw:
    """One stored webhook, claimed for applying."""

    id: int
    workspace_id: int
    channel_id: int
    body: bytes
    headers: dict[str, str]
    attempts: int


@dataclass(slots=True)
class _Body:
    """A stored webhook, read: what it says, and what of it could not be applied."""

    raw: Raw
    home: Channel
    events: Sequence[Event]
    letters: dict[str, str]
    waiting: bool = False  # for a message that has not arrived yet


@dataclass(slots=True)
class _Batch:
    """What one transaction collects over all its bodies."""

    route: routing.Router
    changes: applying.Changes = field(default_factory=applying.Changes)
    reports: list[status_updates.Report] = field(default_factory=list)


def apply_pending(limit: int = BATCH) -> int:
    """Apply up to `limit` stored webhooks that are due; returns how many were taken.

    New ones together, those that were tried before one at a time: a body that kills its worker takes nobody along
    a second time.
    """
    fresh = _claim(limit, again=False)
    by_workspace: defaultdict[int, list[Raw]] = defaultdict(list)
    for raw in sorted(fresh, key=lambda raw: raw.id):
        by_workspace[raw.workspace_id].append(raw)
    for workspace_id, raws in by_workspace.items():
        _apply_together(workspace_id, raws)
    again = _claim(1, again=True)
    for raw in again:
        if raw.attempts > len(BACKOFF):
            _postpone(raw, RuntimeError("Its worker ended each time it was applied."))
        else:
            _apply_together(raw.workspace_id, [raw])
    return len(fresh) + len(again)


def _claim(limit: int, *, again: bool) -> list[Raw]:
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"backoff": list(BACKOFF), "last": len(BACKOFF) - 1, "limit": limit, "again": again})
        return [Raw(row[0], row[1], row[2], bytes(row[3]), _dict(row[4]), row[5]) for row in cursor.fetchall()]


def _apply_together(workspace_id: int, raws: Sequence[Raw]) -> None:
    """One transaction for all; if that fails, one each, so that a bad body never takes its siblings along."""
    try:
        _apply_despite_deadlock(workspace_id, raws)
    except Exception as error:
        if len(raws) == 1:
            _postpone(raws[0], error)
            return
        log.warning("batch of webhooks applied one by one", workspace=workspace_id, error=type(error).__name__)
        for raw in raws:
            _apply_together(workspace_id, [raw])


def _apply_despite_deadlock(workspace_id: int, raws: Sequence[Raw]) -> None:
    """Two workers can meet two new people in opposite order; PostgreSQL then ends one of them, who simply repeats."""
    for last in (False, True):
        try:
            _apply(workspace_id, raws)
            return
        except OperationalError as error:
            if last or not isinstance(error.__cause__, DeadlockDetected):
                raise


def _apply(workspace_id: int, raws: Sequence[Raw]) -> None:
    with tenancy.scope(workspace_id):
        batch = _Batch(routing.Router(workspace_id))
        opened = [body for raw in raws if (body := _open(batch.route, raw))]
        elements = [(event, body) for body in opened for event in body.events]
        # Person by person: two workers that meet the same people lock them in the same order and never in a ring.
        for event, body in sorted(elements, key=lambda element: _person(element[0])):
            _apply_element(batch, body, event)
        done = [body.raw.id for body in opened if _close(body)]
        batch.changes.conversation_ids |= status_updates.apply(workspace_id, batch.reports)
        InboundWebhook.objects.filter(workspace_id=workspace_id, pk__in=done).update(
            processed_at=timezone.now(), error=""
        )
        applying.finish(workspace_id, batch.changes)
        publish(workspace_id, *_names(workspace_id, batch.changes))


def _open(route: routing.Router, raw: Raw) -> _Body | None:
    """Read one body; None when it is unreadable, which quarantines it."""
    home = route.channel(raw.channel_id)
    try:
        parsed = adapter(home.kind).parse(raw.body, raw.headers)
    except MalformedPayload as error:
        _quarantine(raw, f"Not readable: {error}")
        return None
    return _Body(raw, home, parsed.events, dict(parsed.broken))


def _person(event: Event) -> str:
    own = event.direction == "out"
    return (event.to or event.to_user_id if own else event.from_ or event.from_user_id) or ""


def _apply_element(batch: _Batch, body: _Body, event: Event) -> None:
    """Apply one element in a savepoint of its own; what cannot be applied becomes a letter for an admin."""
    try:
        channel = batch.route.channel_for(body.home, event)
        if event.type == "status":
            batch.reports.extend(applying.reports(channel, event))
            return
        with transaction.atomic():
            applying.apply_event(channel, event, batch.changes)
    except routing.Foreign as error:
        body.letters[event.pointer] = str(error)
        log.warning("webhook names another sender", channel=body.home.pk, pointer=event.pointer)
    except applying.NotYet as error:
        if body.raw.attempts >= applying.PATIENCE:
            body.letters[event.pointer] = str(error)
        else:
            body.waiting = True
    except (OperationalError, InterfaceError):
        raise  # the database's trouble, not the element's: the whole body is tried again later
    except Exception as error:
        body.letters[event.pointer] = f"{type(error).__name__}: {error}"[:500]


def _close(body: _Body) -> bool:
    """Note what could not be applied; True when nothing of the body is left to do."""
    _bury(body.raw, body.letters)
    if body.waiting:
        _look_again_soon(body.raw)
    return not body.waiting


def _bury(raw: Raw, letters: dict[str, str]) -> None:
    """Put elements that cannot be applied where an admin sees them, each once."""
    DeadLetter.objects.bulk_create(
        [
            DeadLetter(
                workspace_id=raw.workspace_id,
                webhook_id=raw.id,
                channel_id=raw.channel_id,
                pointer=pointer[:200],
                reason=reason,
            )
            for pointer, reason in letters.items()
        ],
        update_conflicts=True,
        unique_fields=["webhook", "pointer"],
        update_fields=["reason"],
    )


def _look_again_soon(raw: Raw) -> None:
    pause = timedelta(seconds=SOON[min(raw.attempts, len(SOON)) - 1])
    InboundWebhook.objects.filter(workspace_id=raw.workspace_id, pk=raw.id).update(next_try_at=timezone.now() + pause)


def _quarantine(raw: Raw, reason: str) -> None:
    InboundWebhook.objects.filter(workspace_id=raw.workspace_id, pk=raw.id).update(
        dead_at=timezone.now(), error=reason[:500]
    )
    log.warning("webhook quarantined", webhook=raw.id, channel=raw.channel_id)


def _postpone(raw: Raw, error: Exception) -> None:
    """Leave a body for a later try; after the last one it is quarantined with the reason."""
    reason = f"{type(error).__name__}: {error}"[:500]
    log.error("webhook could not be applied", webhook=raw.id, attempts=raw.attempts, error=type(error).__name__)
    with tenancy.scope(raw.workspace_id):
        if raw.attempts >= len(BACKOFF):
            _quarantine(raw, reason)
        else:
            InboundWebhook.objects.filter(workspace_id=raw.workspace_id, pk=raw.id).update(error=reason)


def replay(webhook: InboundWebhook) -> None:
    """Make a stored webhook due again, now; what was applied before stays as it is.

    Its open dead letters are closed first: what still cannot be applied opens them again.
    """
    DeadLetter.objects.filter(workspace_id=webhook.workspace_id, webhook=webhook).delete()
    InboundWebhook.objects.filter(workspace_id=webhook.workspace_id, pk=webhook.pk).update(
        processed_at=None, dead_at=None, attempts=0, error="", next_try_at=timezone.now()
    )
    poke()


def poke() -> None:
    """Tell the inbound worker to look, after the commit."""
    ring("inbox.jobs.apply_webhooks", queue="inbound")


def poke_now() -> None:
    """The same for a row that is committed already, a few times a second at most.

    A process that rang within SETTLED_SECONDS does not ring again: the job looks once more after that time, so it
    sees every row that was committed before it gave up.
    """
    ring_now("inbox.jobs.apply_webhooks", queue="inbound", at_most_every=SETTLED_SECONDS / 2)


def _names(workspace_id: int, changes: applying.Changes) -> list[str]:
    """What the browsers' panes listen for."""
    names = ["list", "counts"] if changes.list_changed else []
    if len(changes.conversation_ids) > MANY:
        return [*names, "sync"]
    found = Conversation.objects.filter(workspace_id=workspace_id, pk__in=changes.conversation_ids)
    return names + [f"conv-{uuid}" for uuid in found.values_list("uuid", flat=True)]


def _dict(value: Any) -> dict[str, str]:
    return json.loads(value) if isinstance(value, str) else value

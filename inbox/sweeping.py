"""Find, every few seconds, the work that no job announced.

The rows decide, so several sweepers may run. With Valkey away the sweeper does the work itself: slower, but people
keep getting their messages.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.db import connection
from django.utils import timezone

from config.queues import UNREACHABLE, ring, valkey
from contacts import erasing as contact_erasing
from contacts import person_export as contact_export
from contacts import tag_merging
from contacts.exporting import running as contact_exports
from contacts.importing import running as contact_imports
from contacts.importing import steps as import_steps
from templates_mgmt import syncing
from templates_mgmt import tasks as template_tasks
from workspaces import credit_checks, credit_notices, tenancy

from . import dispatching, erasing, media, person_export, receiving, settling, status_updates, template_files
from .models import Message
from .sending import QUEUES

log = structlog.get_logger(__name__)

INLINE_SECONDS = 2.0  # how long the sweeper sends for one channel itself while there are no workers to ask
KEEP_WEBHOOKS_DAYS = 14
KEEP_PARKED_HOURS = 72
PRUNE_AT_ONCE = 5_000  # rows a sweep deletes at most

# One row per channel and lane that owe something.
DUE_CHANNELS = """
SELECT c.id, lanes.lane FROM workspaces_channel c CROSS JOIN (VALUES (0), (1), (2)) AS lanes (lane)
 WHERE EXISTS (SELECT 1 FROM inbox_message m WHERE m.channel_id = c.id AND m.send_state = 'queued'
                  AND m.lane = lanes.lane AND m.due_at <= clock_timestamp())
   AND NOT c.sending_paused AND c.status = 'open' AND c.disconnected_at IS NULL
   AND (c.sending_held_until IS NULL OR c.sending_held_until <= clock_timestamp())
"""

PRUNE = """
DELETE FROM inbox_inboundwebhook WHERE id IN (
    SELECT w.id FROM inbox_inboundwebhook w
     WHERE w.processed_at < clock_timestamp() - %s * interval '1 day'
       AND NOT EXISTS (SELECT 1 FROM inbox_deadletter d WHERE d.webhook_id = w.id) LIMIT %s)
"""


def sweep() -> dict[str, Any]:
    """One round; returns what was found, for the log."""
    found: dict[str, Any] = settling.settle_abandoned()
    workers = _workers_can_be_asked()
    found["channels"] = _dispatch_due(workers)
    found["webhooks"] = _ask_or_do(workers, _webhooks_due(), "inbox.jobs.apply_webhooks", "inbound", _apply_all)
    found["files"] = _ask_or_do(workers, _files_due(), "inbox.jobs.fetch_media", "default", media.fetch_pending)
    found["erasures"] = _ask_or_do(
        workers, contact_erasing.is_due(), "inbox.jobs.erase_people", "bulk", erasing.erase_pending
    )
    found["person_exports"] = _ask_or_do(
        workers, contact_export.is_due(), "inbox.jobs.export_people", "bulk", person_export.write_pending
    )
    found["imports"] = _ask_or_do(
        workers, contact_imports.due(), "contacts.jobs.work_on_imports", "bulk", contact_imports.work_next
    )
    found["exports"] = _ask_or_do(
        workers, contact_exports.due(), "contacts.jobs.work_on_exports", "bulk", contact_exports.work_next
    )
    found["tags"] = _ask_or_do(workers, tag_merging.due(), "contacts.jobs.move_tags", "bulk", tag_merging.work_next)
    found["listings"] = syncing.queue_due()
    found["templates"] = _ask_or_do(
        workers, template_tasks.due(), "templates_mgmt.jobs.work_on_tasks", "default", template_tasks.work_next
    )
    found["low_credits"] = _ask_or_do(
        workers, credit_notices.due(), credit_notices.JOB, "bulk", credit_notices.tell_all
    )
    found["parked"] = match_parked()
    return {name: count for name, count in found.items() if count}


def prune() -> int:
    """Delete what is past its keeping time: webhooks, deleted people, files; returns how many webhooks went.

    Now and then is also often enough to see whose credits were not checked for a day.
    """
    _ask_or_do(
        _workers_can_be_asked(), credit_checks.is_due(), "inbox.jobs.check_credits", "bulk", credit_checks.check_due
    )
    contact_erasing.queue_purges(PRUNE_AT_ONCE)
    contact_export.remove_expired()
    contact_exports.remove_expired()
    import_steps.remove_expired()
    template_tasks.remove_old()
    template_files.forget_old()
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(PRUNE, [KEEP_WEBHOOKS_DAYS, PRUNE_AT_ONCE])
        return cursor.rowcount


def match_parked() -> int:
    """Apply parked statuses whose message has become known; drop those nobody will ever claim."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM inbox_parkedstatus WHERE created_at < clock_timestamp() - %s * interval '1 hour'",
            [KEEP_PARKED_HOURS],
        )
        cursor.execute(
            "SELECT p.workspace_id, p.channel_id, array_agg(DISTINCT p.provider_id) FROM inbox_parkedstatus p "
            "JOIN inbox_message m ON m.channel_id = p.channel_id AND m.provider_id = p.provider_id "
            "GROUP BY 1, 2 LIMIT 100"
        )
        waiting = cursor.fetchall()
    for workspace_id, channel_id, provider_ids in waiting:
        with tenancy.scope(workspace_id):
            status_updates.unpark(workspace_id, channel_id, provider_ids)
    return len(waiting)


def _dispatch_due(workers: bool) -> int:
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(DUE_CHANNELS)
        due = cursor.fetchall()
    channels = {channel_id for channel_id, _ in due}
    if not workers:
        for channel_id in channels:
            dispatching.drain(channel_id, lane=Message.Lane.BROADCAST, budget=INLINE_SECONDS)
        return len(channels)
    for channel_id, lane in due:
        ring("inbox.jobs.dispatch", channel_id, lane, queue=QUEUES[Message.Lane(lane)])
    return len(channels)


def _ask_or_do(workers: bool, due: bool, job: str, queue: str, work: Callable[[], object]) -> int:
    if not due:
        return 0
    if workers:
        ring(job, queue=queue)
    else:
        work()
    return 1


def _apply_all() -> None:
    while receiving.apply_pending():
        pass


def _webhooks_due() -> bool:
    return _exists(
        "SELECT EXISTS (SELECT 1 FROM inbox_inboundwebhook WHERE processed_at IS NULL AND dead_at IS NULL "
        "AND next_try_at <= clock_timestamp())"
    )


def _files_due() -> bool:
    return _exists(
        "SELECT EXISTS (SELECT 1 FROM inbox_attachment WHERE state = 'pending' AND next_try_at <= clock_timestamp())"
    )


def _exists(sql: str) -> bool:
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(sql)
        return bool(cursor.fetchone()[0])


def _workers_can_be_asked() -> bool:
    try:
        return bool(valkey().ping())
    except UNREACHABLE:
        log.warning("valkey away, the sweeper works itself", at=timezone.now().isoformat())
        return False

"""RQ entry points: primary keys in, nothing out. Each may be lost, run twice, or run beside itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from config.queues import answered, ring
from workspaces import credit_checks

from . import backlog, conversations, dispatching, erasing, media, person_export, receiving

BUDGET = 20.0  # seconds of new batches per job; the rest is left to the next one, well before RQ's time limit


def dispatch(channel_id: int, lane: int) -> None:
    """Send what one channel owes in lanes up to `lane`."""
    answered("inbox.jobs.dispatch", channel_id, lane)
    dispatching.drain(channel_id, lane=lane)


def apply_webhooks() -> None:
    """Apply stored webhooks until none is due."""
    answered("inbox.jobs.apply_webhooks")
    if not _finished(partial(backlog.work_off, BUDGET), looks=2):
        receiving.poke()


def fetch_media() -> None:
    """Fetch files of inbound messages until none is due."""
    answered("inbox.jobs.fetch_media")
    if not _finished(media.fetch_pending):
        ring("inbox.jobs.fetch_media", queue="default")


def unassign_member(workspace_id: int, member_id: int) -> None:
    """Give the open conversations of somebody who left back to the team."""
    conversations.release_from(workspace_id, member_id)


def erase_people() -> None:
    """Erase people who wait for it until none is left."""
    answered("inbox.jobs.erase_people")
    if not _finished(erasing.erase_pending):
        ring("inbox.jobs.erase_people", queue="bulk")


def export_people() -> None:
    """Write the files that people asked for about one contact."""
    answered("inbox.jobs.export_people")
    if not _finished(person_export.write_pending):
        ring("inbox.jobs.export_people", queue="bulk")


def check_credits() -> None:
    """Compare the ledgers of workspaces that were not looked at for a day with their messages."""
    answered("inbox.jobs.check_credits")
    if not _finished(credit_checks.check_due):
        ring("inbox.jobs.check_credits", queue="bulk")


def _finished(work: Callable[[], int], *, looks: int = 1) -> bool:
    """Call `work` until it finds nothing `looks` times in a row (True) or the budget is used up."""
    until, empty = time.monotonic() + BUDGET, 0
    while time.monotonic() < until:
        empty = 0 if work() else empty + 1
        if empty == looks:
            return True
        if empty:
            time.sleep(receiving.SETTLED_SECONDS)
    return False

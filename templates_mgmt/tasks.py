"""Do what waits to be done at providers. The rows are the queue: a worker that dies leaves a lease that runs out.

A worker commits its claim, makes its calls outside any transaction, and commits the outcome together with the end of
the task. Whoever finds a task whose worker vanished treats it like one without a clear answer: it looks first.
"""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType

import structlog
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from rq.timeouts import BaseTimeoutException

from workspaces import tenancy
from workspaces.secrets import SecretUnreadable

from .errands import deletion, ending, listing, submission
from .errands.account import Unsupported
from .errands.ending import GaveUp, Overtaken, PutOff, Run
from .models import TemplateTask

log = structlog.get_logger(__name__)

Kind, State = TemplateTask.Kind, TemplateTask.State
ERRANDS: dict[str, ModuleType] = {Kind.SUBMIT: submission, Kind.DELETE: deletion, Kind.SYNC: listing}
KEEP = timedelta(days=90)  # how long finished tasks are kept
OUR_FAULT = "Something went wrong here, and the operators can see what. Try again; if it happens again, tell them."
UNREADABLE = "The access token of this number cannot be read. Enter it again in the channel's settings."

DUE = """
SELECT EXISTS (SELECT 1 FROM templates_mgmt_templatetask
                WHERE state IN ('queued', 'started', 'unknown') AND next_try_at <= clock_timestamp()
                  AND (lease_until IS NULL OR lease_until <= clock_timestamp()))
"""
# What people wait for goes before listings, which nobody may have asked for.
CLAIM = """
WITH next AS (
    SELECT id, state FROM templates_mgmt_templatetask
     WHERE state IN ('queued', 'started', 'unknown') AND next_try_at <= clock_timestamp()
       AND (lease_until IS NULL OR lease_until <= clock_timestamp())
     ORDER BY kind = 'sync', next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED)
UPDATE templates_mgmt_templatetask t
   SET state = 'started', attempts = t.attempts + 1, lease_until = clock_timestamp() + %s * interval '1 second'
  FROM next WHERE t.id = next.id
RETURNING t.id, t.workspace_id, next.state
"""


def due() -> bool:
    """Whether some workspace has a task that nobody works on."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(DUE)
        return bool(cursor.fetchone()[0])


def work_next() -> bool:
    """Take one task that is due as far as it goes now; False when none is."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(CLAIM, [ending.LEASE_SECONDS])
        claimed = cursor.fetchone()
    if claimed is None:
        return False
    task_id, workspace_id, was = claimed
    with tenancy.scope(workspace_id):
        task = TemplateTask.objects.select_related(
            "channel", "template", "translation", "translation__template", "version"
        ).get(workspace_id=workspace_id, pk=task_id)
    run = Run(task, is_unclear=was in (State.STARTED, State.UNKNOWN))
    try:
        _carry_out(run)
    except Overtaken:
        log.info("template task left to others", task=task.pk)
    return True


def _carry_out(run: Run) -> None:
    errand = ERRANDS[run.task.kind]
    try:
        errand.carry_out(run)
    except PutOff as reason:
        _put_off(run, errand, reason)
    except (GaveUp, Unsupported) as reason:
        errand.give_up(run, str(reason), getattr(reason, "code", ""))
    except SecretUnreadable:
        errand.give_up(run, UNREADABLE, "")
    except (Overtaken, OperationalError, InterfaceError, BaseTimeoutException):
        raise  # somebody else has it, or will have it when the lease runs out
    except Exception:
        log.exception("template task failed", task=run.task.pk)
        errand.give_up(run, OUR_FAULT, "")


def _put_off(run: Run, errand: ModuleType, reason: PutOff) -> None:
    log.info("template task put off", task=run.task.pk, why=reason.failure.error_code)
    if ending.is_hopeless(run):
        errand.give_up(run, f"{reason} It was tried for a day.", reason.failure.error_code)
        return
    ending.put_off(run, reason.failure)


def remove_old() -> None:
    """Delete what was finished long ago."""
    with tenancy.all_workspaces():
        TemplateTask.objects.filter(
            state__in=[State.DONE, State.FAILED], finished_at__lt=timezone.now() - KEEP
        ).delete()

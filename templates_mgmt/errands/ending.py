"""How a run of a task ends: done, put off, or given up; each time only if the task is still this worker's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from live.publishing import publish
from providers.types import Failure
from workspaces import tenancy

from ..models import TemplateTask

State = TemplateTask.State

LEASE_SECONDS = 120  # longer than the slowest single call; renewed before each
# Seconds until the next try. After an unclear answer the first look-up waits too: a provider's list may lag behind.
BACKOFF = (5, 15, 60, 300, 900, 1800)
PATIENCE = timedelta(hours=24)  # how long something is tried before people are told that it failed


@dataclass(slots=True)
class Run:
    """One worker's turn at a task. `is_unclear`: an earlier turn may have done it, so look before doing it again."""

    task: TemplateTask
    is_unclear: bool = False


class Overtaken(Exception):
    """Another worker has the task, or it was taken back."""


class PutOff(Exception):
    """The provider could not do it now, or nobody knows whether it did."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


class GaveUp(Exception):
    """It will never be done as it is; the text says why and what to do, in plain words."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


def check(failure: Failure) -> None:
    """Turn a failure into the end it means. Raises PutOff or GaveUp."""
    if failure.failure_class in ("retry", "throttle", "unknown"):
        raise PutOff(failure)
    raise GaveUp(failure.text, failure.error_code)


def renew(run: Run) -> None:
    """Keep the task for the next call. Raises Overtaken."""
    _update(run, lease_until=timezone.now() + timedelta(seconds=LEASE_SECONDS))


def finish(run: Run) -> None:
    """Close a task that was done, in the transaction of what it changed. Raises Overtaken, which undoes that."""
    _update(run, state=State.DONE, lease_until=None, finished_at=timezone.now(), error="", error_code="")


def fail(run: Run, text: str, code: str = "") -> None:
    """Close a task that cannot be done. Raises Overtaken."""
    _update(run, state=State.FAILED, lease_until=None, finished_at=timezone.now(), error=text, error_code=code[:40])


def put_off(run: Run, failure: Failure) -> None:
    """Leave the task for a later try, after as long as the provider asked for at least. Raises Overtaken."""
    seconds = max(float(BACKOFF[min(run.task.attempts, len(BACKOFF)) - 1]), failure.retry_after or 0.0)
    _update(
        run,
        state=State.UNKNOWN if failure.failure_class == "unknown" or run.is_unclear else State.QUEUED,
        lease_until=None,
        next_try_at=timezone.now() + timedelta(seconds=seconds),
        error=failure.text,
        error_code=failure.error_code[:40],
    )


def is_hopeless(run: Run) -> bool:
    """Whether a task has been tried for long enough."""
    return timezone.now() - run.task.created_at > PATIENCE


def _update(run: Run, **changes: object) -> None:
    """Change the row if it is still in this turn: each claim counts up `attempts`."""
    task = run.task
    with tenancy.scope(task.workspace_id):
        mine = TemplateTask.objects.filter(
            workspace_id=task.workspace_id, pk=task.pk, state=State.STARTED, attempts=task.attempts
        )
        if not mine.update(**changes):
            raise Overtaken
        publish(task.workspace_id, "templates", *([f"tpl-{task.template.uuid}"] if task.template else []))

"""Fetch all templates of an account, page by page, and store each page in a handful of statements."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.utils import timezone

from live.publishing import publish
from providers.types import Failure
from workspaces import tenancy

from ..models import TemplateTask
from . import ending, storing
from .account import MOST_PAGES, account_of
from .ending import GaveUp, Run


def carry_out(run: Run) -> None:
    """Bring the account's templates here up to date. A run that was interrupted begins again: nothing is done twice.

    Raises PutOff, GaveUp, Overtaken.
    """
    task = run.task
    if task.channel.disconnected_at is not None:
        raise GaveUp("The number was disconnected.")
    began, after, counts = timezone.now(), "", Counter[str]()
    with account_of(task.channel) as account:
        for _ in range(MOST_PAGES):
            fetched_at = timezone.now()
            page = account.page(after)
            if isinstance(page, Failure):
                ending.check(page)
            else:
                with tenancy.scope(task.workspace_id):
                    counts += storing.store(task.channel, page.templates, fetched_at=fetched_at)
                    _note(run, counts)
                after = page.after
            if not after:
                break
        else:
            raise GaveUp("The provider's list of templates never ended. Fetch it again later.")
    _finish(run, began, counts)


def give_up(run: Run, text: str, code: str) -> None:
    """Close the task; what was fetched so far stays."""
    ending.fail(run, text, code)


def _all(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in ("seen", "new", "changed", "gone")}


def _note(run: Run, counts: Counter[str]) -> None:
    """Show how far it is, and keep the task."""
    ending.renew(run)
    TemplateTask.objects.filter(workspace_id=run.task.workspace_id, pk=run.task.pk).update(counts=_all(counts))


def _finish(run: Run, began: datetime, counts: Counter[str]) -> None:
    task = run.task
    with tenancy.scope(task.workspace_id):
        counts["gone"] = storing.lose_others(task.channel, since=began)
        _note(run, counts)
        ending.finish(run)
        publish(task.workspace_id, "templates")

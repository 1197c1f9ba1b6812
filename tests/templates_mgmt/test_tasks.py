"""Tasks survive their workers, belong to one workspace, and are found without any job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox import sweeping
from templates_mgmt import deleting, drafting, jobs, notices, submitting, syncing, tasks, using
from templates_mgmt.models import (
    MessageTemplate,
    TemplateFile,
    TemplateNotice,
    TemplateTask,
    TemplateTranslation,
    TemplateVersion,
)
from tests.servers import CHECKOUT, DATABASE, run
from tests.simulator.driver import eventually
from tests.templates_mgmt.account import FakeAccount
from tests.templates_mgmt.desk import Desk
from workspaces import tenancy
from workspaces.models import AuditEntry

WORK = "import django; django.setup(); from templates_mgmt import tasks; tasks.work_next()"


@pytest.fixture
def office(committed_db: None, account: FakeAccount) -> Desk:
    """A desk whose commits are real."""
    return Desk(account)


@pytest.fixture
def worker() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """A process of its own that works on one task."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        environment = os.environ | run.servers.environment(DATABASE) | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        started.append(subprocess.Popen([sys.executable, "-c", WORK], cwd=CHECKOUT, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_worker_killed_in_the_middle_of_a_submission_is_followed_by_one_that_looks_first(
    office: Desk, account: FakeAccount, worker: Callable[[], subprocess.Popen[bytes]]
):
    translation = office.draft()
    task = office.submit(translation)
    account.plan = ["hang"]
    process = worker()
    eventually(lambda: account.count("create") == 1, seconds=30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert office.now(task).state == "started"
    assert office.work() == 0  # its lease still runs
    office.time_passes()
    assert tasks.due()
    assert office.work() == 1
    assert (office.now(task).state, office.now(task).attempts) == ("done", 2)
    assert office.now(translation).status == "in_review"
    assert account.count("create") == 1


def test_a_worker_killed_in_the_middle_of_a_listing_is_followed_by_one_that_begins_again(
    office: Desk, account: FakeAccount
):
    for number in range(3):
        account.put(f"template_{number}")
    with office.scope():
        task = syncing.request(office.channel)
        TemplateTask.objects.update(
            state="started", attempts=1, lease_until=timezone.now() - timedelta(seconds=1), counts={"seen": 100}
        )
    office.work()
    assert office.now(task).state == "done"
    assert office.now(task).counts["seen"] == 3


def test_a_worker_that_was_overtaken_changes_nothing(office: Desk, account: FakeAccount):
    translation = office.draft()
    task = office.submit(translation)

    def overtake(kind: str) -> None:
        with tenancy.scope(office.workspace.pk):
            TemplateTask.objects.filter(kind="submit").update(attempts=7)

    account.during = lambda kind: run_in_thread(lambda: overtake(kind))
    office.work()
    assert (office.now(task).state, office.now(task).attempts) == ("started", 7)
    assert office.now(translation).status == "submitting"
    account.during = None
    office.time_passes()
    office.work()
    assert office.now(task).state == "done"
    assert account.count("create") == 1


def test_two_workers_never_take_the_same_task(office: Desk, account: FakeAccount):
    translations = [office.draft(f"template_{number}") for number in range(4)]
    for translation in translations:
        office.submit(translation)
    threads = [threading.Thread(target=close_after(office.work)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(account.names("create")) == [f"template_{number}" for number in range(4)]
    assert set(office.statuses().values()) == {"in_review"}


def test_a_submission_rings_for_the_default_worker(office: Desk, run_worker: Callable[[str], list[str]]):
    translation = office.draft()
    office.submit(translation)
    assert run_worker("default") == ["templates_mgmt.jobs.work_on_tasks"]
    assert office.now(translation).status == "in_review"
    assert office.account.count("create") == 1


def test_the_sweep_finds_what_no_job_announced(office: Desk, valkey: Any, run_worker: Callable[[str], list[str]]):
    translation = office.draft()
    office.submit(translation)
    valkey.flushdb()
    found = sweeping.sweep()
    assert (found["templates"], found["listings"]) == (1, 1)
    run_worker("default")
    assert office.now(translation).status == "in_review"
    with office.scope():
        assert TemplateTask.objects.filter(kind="sync", state="done").exists()


def test_what_was_finished_long_ago_is_removed(office: Desk):
    office.approved()
    with office.scope():
        TemplateTask.objects.update(finished_at=timezone.now() - timedelta(days=91))
    tasks.remove_old()
    with office.scope():
        assert not TemplateTask.objects.exists()


def test_a_job_without_work_does_nothing(office: Desk):
    jobs.work_on_tasks()
    assert office.account.calls == []


def test_another_workspace_sees_and_changes_nothing(office: Desk, account: FakeAccount):
    translation = office.approved()
    office.hear(translation, "PAUSED", at=timezone.now() + timedelta(seconds=5))
    zoe = Desk(account, account_id=office.channel.account_id)
    zoe.draft()  # the same name on the same account, in a workspace of her own
    tables = (MessageTemplate, TemplateTranslation, TemplateVersion, TemplateTask, TemplateNotice, TemplateFile)
    with zoe.scope():
        for table in tables:
            assert not table.objects.exclude(workspace=zoe.workspace).exists()
        assert not notices.unseen(zoe.ana).exists()
        assert not using.sendable(zoe.workspace, zoe.channel).exists()
        assert using.find(zoe.workspace, zoe.channel, name="order_shipped", language="en").workspace == zoe.workspace
        for trespass in (
            lambda: drafting.open_version(translation, by=zoe.ana),
            lambda: drafting.discard(translation, by=zoe.ana),
            lambda: submitting.submit(translation, channel=zoe.channel, by=zoe.ana),
        ):
            with pytest.raises(TemplateTranslation.DoesNotExist):
                trespass()
        with pytest.raises(Exception, match="deleted already"):
            deleting.delete(translation, by=zoe.ana)
        assert AuditEntry.objects.exclude(workspace=zoe.workspace).count() == 0
    assert office.now(translation).status == "paused"


def test_news_on_one_workspace_leaves_the_same_account_in_another_alone(office: Desk, account: FakeAccount):
    mine = office.approved()
    zoe = Desk(account, account_id=office.channel.account_id)
    with zoe.scope():
        syncing.request(zoe.channel)
    zoe.work()
    office.hear(mine, "PAUSED", at=timezone.now() + timedelta(seconds=5))
    assert office.now(mine).status == "paused"
    assert set(zoe.statuses().values()) == {"in_review"}


def run_in_thread(action: Callable[[], None]) -> None:
    thread = threading.Thread(target=close_after(action))
    thread.start()
    thread.join()


def close_after(action: Callable[[], Any]) -> Callable[[], None]:
    """For a thread: its database connection goes back when it ends."""

    def inner() -> None:
        from django.db import connections

        try:
            action()
        finally:
            connections.close_all()

    return inner

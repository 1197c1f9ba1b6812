"""An import whose worker is killed, more than once, ends as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from config.queues import ring
from contacts.importing import running, steps
from contacts.models import Contact, Identity, ImportRun
from inbox import sweeping
from tests.contacts.imports import again, checked, uploaded, worked
from tests.live.conftest import _database_url as database_url
from workspaces import tenancy

pytestmark = pytest.mark.usefixtures("committed_db")

CHECKOUT = Path(__file__).resolve().parents[2]
ROWS, KILLS, PATIENCE = 30_000, 3, 60.0


def file() -> str:
    """Every fifth row repeats a number from further up, every seventh has none."""
    lines = ["Name,Phone,Consent"]
    for number in range(ROWS):
        phone = "none" if number % 7 == 6 else f"+9665{number - number % 5 if number % 5 == 4 else number:08d}"
        lines.append(f"Person {number},{phone},{'yes' if number % 2 else ''}")
    return "\n".join(lines)


def killed_in_the_middle(run: ImportRun, superuser: psycopg.Connection) -> None:
    """Start a worker and kill it as soon as it has committed something new."""
    before = again(run).counts.get("done", {}).get("rows", 0)
    superuser.execute("UPDATE contacts_importrun SET lease_until = now() WHERE id = %s AND state = 'running'", [run.pk])
    ring("contacts.jobs.work_on_imports", queue="bulk")
    environment = {**os.environ, "DATABASE_URL": database_url()}
    worker = subprocess.Popen([sys.executable, "manage.py", "worker", "bulk"], cwd=CHECKOUT, env=environment)
    deadline = time.monotonic() + PATIENCE
    try:
        while again(run).counts.get("done", {}).get("rows", 0) <= before:
            assert time.monotonic() < deadline, "the worker did nothing"
            time.sleep(0.01)
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()


def test_a_killed_worker_is_as_if_it_had_never_died(superuser: psycopg.Connection, valkey):
    expected = checked(uploaded(file()), batch=500).counts["found"]
    run = checked(uploaded(file()), batch=500)
    with tenancy.scope(run.workspace_id):
        steps.start(run, by=run.created_by)
    deaths = 0
    for _ in range(KILLS):
        valkey.flushdb()
        killed_in_the_middle(run, superuser)
        deaths += again(run).state == "running"
    assert deaths, "the worker was always done before it was killed"
    # Whatever half-written batch there was went with its transaction.
    with tenancy.scope(run.workspace_id):
        assert Contact.objects.count() == again(run).counts["done"].get("new", 0)
    superuser.execute("UPDATE contacts_importrun SET lease_until = now() WHERE id = %s AND state = 'running'", [run.pk])
    run = worked(run)
    assert run.state == "done"
    assert {name: run.counts["done"][name] for name in expected} == expected
    with tenancy.scope(run.workspace_id):
        assert Contact.objects.count() == Identity.objects.count() == expected["new"]
        assert Contact.objects.filter(import_run=run).count() == expected["new"]
        assert Identity.objects.values("address").distinct().count() == expected["new"]


def test_the_sweep_finds_an_import_whose_worker_died(superuser: psycopg.Connection):
    run = checked(uploaded("Name,Phone\nNora,+966500000001\n"))
    with tenancy.scope(run.workspace_id):
        steps.start(run, by=run.created_by)
    assert running.due()
    superuser.execute("UPDATE contacts_importrun SET lease_until = now() + interval '30 seconds'")
    assert not running.due()
    superuser.execute("UPDATE contacts_importrun SET lease_until = now() - interval '1 second'")
    assert running.due()
    sweeping.sweep()
    assert again(run).state == "running", "it rings for a worker and does not work itself"

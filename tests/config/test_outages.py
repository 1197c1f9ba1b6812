"""What people and providers see while PostgreSQL or Valkey is away: real processes, servers really stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
import redis

from config.dev import migrate
from config.embedded import Home, wait_until
from config.processes import CHECKOUT
from config.queues import JSONQueue
from config.servers import Servers
from tests.servers import run
from tests.stack import Stack


@pytest.fixture(scope="module")
def outage() -> Iterator[Stack]:
    """Web and one worker on servers of their own, so that stopping those disturbs no other test."""
    home = Home(run.home.path / f"outage-{os.getpid()}")
    servers = Servers(home)
    servers.start()
    stack = Stack("outage", servers)
    try:
        servers.create_database(stack.database)
        migrate(stack.environment, stack.home)
        for name in ("web", "worker-default"):
            stack.start(name)
        yield stack
    finally:
        stack.processes.stop()
        servers.stop()
        for folder in {home.path, home.data, stack.home.path}:
            shutil.rmtree(folder, ignore_errors=True)


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_without_postgresql_hooks_ask_for_another_try(outage):
    outage.servers.stop_postgres(signal.SIGQUIT)
    try:
        login, _ = get(f"{outage.base_url}/accounts/login/")
        hook, body = get(f"{outage.base_url}/hooks/unknown/")
        health, _ = get(f"{outage.base_url}/healthz")
    finally:
        outage.servers.start_postgres()
    assert (hook, body) == (503, "")
    assert health == 503
    assert login == 200
    wait_until(lambda: get(f"{outage.base_url}/healthz")[0] == 200, seconds=10, what="the page after the outage")


def test_a_signed_in_visitor_gets_the_plain_page_without_postgresql(outage):
    request = urllib.request.Request(f"{outage.base_url}/w/some-workspace/", headers={"Cookie": "session=" + "a" * 32})
    outage.servers.stop_postgres()
    try:
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=10)
    finally:
        outage.servers.start_postgres()
    assert refused.value.code == 503
    assert refused.value.headers["Retry-After"]
    assert "Traceback" not in (page := refused.value.read().decode())
    assert "<h1" in page
    wait_until(lambda: get(f"{outage.base_url}/healthz")[0] == 200, seconds=10, what="the page after the outage")


def test_without_valkey_pages_stay_quick_and_the_worker_comes_back(outage):
    outage.servers.stop_valkey(signal.SIGKILL)
    try:
        began = time.monotonic()
        statuses = [get(f"{outage.base_url}/accounts/login/")[0] for _ in range(10)]
        took = time.monotonic() - began
    finally:
        outage.servers.start_valkey()
    assert statuses == [200] * 10
    assert took < 5
    with redis.Redis.from_url(outage.redis_url) as valkey:
        queue = JSONQueue("default", connection=valkey)
        queue.enqueue_call("time.monotonic", result_ttl=0)
        wait_until(lambda: not queue.job_ids, seconds=15, what="a worker after the outage of Valkey")
    assert outage.processes.parts["worker-default"].alive


def test_a_worker_told_to_stop_ends_by_itself(outage):
    process = outage.processes.parts["worker-default"].process
    process.terminate()
    assert process.wait(timeout=10) == 0
    outage.start("worker-default")


@pytest.mark.parametrize(
    "command",
    [
        ["-c", "import config.wsgi"],
        ["-c", "import live.app"],
        ["manage.py", "worker", "default", "--burst"],
        ["manage.py", "clock"],
    ],
)
def test_no_process_runs_as_a_role_that_sees_all_tenants(command):
    environment = {**os.environ, "DATABASE_URL": run.servers.admin_url()}
    done = subprocess.run(
        [sys.executable, *command], env=environment, cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "ignores the border between workspaces" in done.stderr

"""The suite runs as the runtime role, on a real PostgreSQL and Valkey, without any other network."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql
from rq.job import Job
from rq.registry import FailedJobRegistry

from config.queues import JSONQueue
from tests.chromium import LAUNCH, chromium
from tests.servers import DATABASE, run
from tests.stack import Stack

LOOPBACK = ("127.", "::1", "localhost", "testserver")
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission", "django_site"}
LAST = ("tests/drills/", "tests/browser/")  # Playwright's event loop stays once it runs, so its tests come last
SKIPPED_BROWSER = "no Chromium found: install it (Debian: apt-get install chromium) or set CHROMIUM to its path"


def _only_loopback(event: str, args: tuple[Any, ...]) -> None:
    """Refuse connections and look-ups that leave this machine, whatever library makes them."""
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = args[1][0]
    elif event == "socket.getaddrinfo":
        host = args[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and not str(host).startswith(LOOPBACK):
        raise RuntimeError(f"Tests may not reach {host}: use httpx.MockTransport or a server on 127.0.0.1.")


def pytest_configure(config: pytest.Config) -> None:
    sys.addaudithook(_only_loopback)
    cached = "django.template.loaders.cached.Loader"
    engine = settings.TEMPLATES[0]["OPTIONS"]
    partials, plain = engine["loaders"][0]
    engine["loaders"] = [(partials, [(cached, plain)])]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return next((position for position, folder in enumerate(LAST, 1) if item.nodeid.startswith(folder)), 0)

    for item in items:
        if item.get_closest_marker("django_db") and item.get_closest_marker("django_db").kwargs.get("transaction"):
            raise pytest.UsageError(f"{item.nodeid}: use the committed_db fixture, the runtime role cannot TRUNCATE.")
        if place(item):
            item.add_marker("drill" if place(item) == 1 else "browser")
        if item.get_closest_marker("browser") and not chromium():
            item.add_marker(pytest.mark.skip(reason=SKIPPED_BROWSER))
    items.sort(key=place)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = [
        report for report in terminalreporter.stats.get("skipped", []) if SKIPPED_BROWSER in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} browser tests were skipped: {SKIPPED_BROWSER}.")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """How pytest-playwright starts the Chromium that is on this machine."""
    return {"executable_path": chromium(), "args": LAUNCH}


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """A fresh database, migrated by the owner; the tests themselves connect as the runtime role."""
    run.servers.create_database(DATABASE)
    with django_db_blocker.unblock():
        call_command("migrate", database="owner", verbosity=0)
        connections["owner"].close()
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        connections["default"].close_pool()


@pytest.fixture
def committed_db(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database in which commits are real, for workers, threads and on-commit work; emptied afterwards."""
    if "db" in request.fixturenames:
        raise pytest.UsageError("A test takes db or committed_db, not both.")
    with django_db_blocker.unblock():
        yield
        connections["default"].close()
    empty_tables()


@pytest.fixture
def transactional_db(committed_db: None) -> None:
    """pytest-django's name for the same; its own would TRUNCATE as the runtime role, which may not."""


def empty_tables() -> None:
    """Delete all rows, as the superuser and past the triggers that keep history append-only."""
    with psycopg.connect(run.servers.admin_url(DATABASE), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET lock_timeout = '5s'")
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        tables = [sql.Identifier(name) for (name,) in names if name not in KEPT_TABLES]
        used = [
            table
            for table in tables
            if connection.execute(sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(table)).fetchone() == (True,)
        ]
        if used:
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(used)))


@pytest.fixture
def superuser() -> Iterator[psycopg.Connection[Any]]:
    """A connection past row security, to see what is really stored; autocommits."""
    with psycopg.connect(run.servers.admin_url(DATABASE), autocommit=True) as connection:
        yield connection


@pytest.fixture(autouse=True)
def valkey() -> Iterator[redis.Redis]:
    """This run's own Valkey, empty."""
    with redis.Redis.from_url(run.redis_url) as client:
        client.flushdb()
        yield client


@pytest.fixture
def run_worker(valkey: redis.Redis) -> Iterator[Callable[[str], list[str]]]:
    """Run a real worker on a queue until it is empty, then every job a second time: jobs must bear that."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def work(queue: str) -> list[str]:
        bells = JSONQueue(queue, connection=valkey)
        first = [(job.func_name, job.args) for job in bells.jobs]
        for again in (False, True):
            if again:
                for path, args in first:
                    bells.enqueue_call(path, args=args, result_ttl=0)
            call_command("worker", queue, burst=True)
            _raise_failures(bells, valkey)
        return [path for path, _ in first]

    yield work
    for number, handler in handlers.items():
        signal.signal(number, handler)


def _raise_failures(queue: JSONQueue, valkey: redis.Redis) -> None:
    for identity in FailedJobRegistry(queue=queue).get_job_ids():
        job = Job.fetch(identity, connection=valkey, serializer=queue.serializer)
        result = job.latest_result()
        pytest.fail(f"{job.func_name}{job.args} failed:\n{result.exc_string if result else ''}")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The whole product as real processes on a database of its own, with the demo workspaces in it."""
    with Stack("stack").running() as running:
        yield running

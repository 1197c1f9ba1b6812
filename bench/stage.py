"""Where a measurement takes place: the private servers, a database of its own, the product's processes.

The database and everything started here are gone when the measurement ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from config.embedded import free_port, wait_until
from config.processes import GRANIAN, answers
from config.run import CHECKOUT, development, home
from config.servers import Servers

VALKEY_DATABASE = 15  # away from an installation that uses the same server
# A worker's statements may take longer than a page's; loading data takes minutes.
OVERRIDES = {"DEBUG": "False", "DEMO": "False", "STATEMENT_TIMEOUT_SECONDS": "60", "LOG_LEVEL": "ERROR"}


@dataclass
class Stage:
    """What a measurement works with."""

    admin_url: str
    environment: dict[str, str]
    folder: Path
    _exits: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        """A superuser's connection, for making data: row security and foreign key checks are off."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET maintenance_work_mem = '1GB'")
            connection.execute("SET synchronous_commit = off")
            yield connection

    def valkey(self) -> redis.Redis:
        return redis.Redis.from_url(self.environment["REDIS_URL"])

    def web(self, *, workers: int = 1) -> int:
        """The product's web process with an empty view beside its own; returns the port."""
        port = free_port()
        threads = ["--workers", str(workers), "--blocking-threads", "32"]
        self.spawn(
            [*GRANIAN, "--interface", "wsgi", *threads, "--port", str(port), "bench.wsgi:application"],
            ready=f"http://127.0.0.1:{port}/healthz",
        )
        return port

    def live(self) -> tuple[int, subprocess.Popen[bytes]]:
        """The live process; returns the port and the process."""
        port = free_port()
        room = ["--backlog", "4096", "--backpressure", "20000"]
        process = self.spawn(
            [*GRANIAN, "--interface", "asgi", "--loop", "asyncio", *room, "--port", str(port), "live.app:application"],
            ready=f"http://127.0.0.1:{port}/healthz",
        )
        return port, process

    def worker(self, queue: str) -> None:
        """A worker on one queue; it is ready when it says so in Valkey."""
        process = self.spawn(["manage.py", "worker", queue])
        listed = lambda: bool(self.valkey().smembers(f"rq:workers:{queue}"))  # noqa: E731
        wait_until(listed, seconds=60, what=f"worker {queue}", alive=lambda: process.poll() is None)

    def provider(self, *, latency: float = 0.0) -> str:
        """A provider that accepts everything after `latency` seconds; returns its base URL."""
        port = free_port()
        self.spawn(["-m", "bench.fake", str(port), str(latency)], ready=f"http://127.0.0.1:{port}/healthz")
        return f"http://127.0.0.1:{port}/v23.0"

    def spawn(self, command: list[str], *, ready: str = "") -> subprocess.Popen[bytes]:
        """Start a Python process that ends with the stage; waits until `ready` answers."""
        log = self.folder / f"bench-{len(list(self.folder.glob('bench-*.log')))}.log"
        output = self._exits.enter_context(log.open("wb"))
        process = subprocess.Popen(
            [sys.executable, *command], env=self.environment, cwd=CHECKOUT, stdout=output, stderr=output
        )
        self._exits.callback(_end, process)
        if ready:
            alive = lambda: process.poll() is None  # noqa: E731
            wait_until(lambda: answers(ready), seconds=60, what=" ".join(command[:4]), alive=alive)
        return process


@contextmanager
def open_stage() -> Iterator[Stage]:
    """Servers, an empty migrated database, Django set up in this process. Everything is removed at the end."""
    place = home()
    servers = Servers(place)
    servers.start()
    name = f"bench_{os.getpid()}"
    try:
        servers.create_database(name)
        environment = {**os.environ, **development(place, 8000), **OVERRIDES, **servers.environment(name)}
        environment["REDIS_URL"] = environment["REDIS_URL"].removesuffix("/0") + f"/{VALKEY_DATABASE}"
        environment["DJANGO_SETTINGS_MODULE"] = "config.settings"
        (place.path / "logs").mkdir(exist_ok=True)
        stage = Stage(servers.admin_url(name), environment, place.path / "logs")
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=environment, cwd=CHECKOUT, check=True)
        _enter(environment)
        with stage._exits:
            stage.valkey().flushdb()
            yield stage
        stage.valkey().flushdb()
    finally:
        servers.drop_database(name)
        servers.stop()


def _enter(environment: dict[str, str]) -> None:
    os.environ.update(environment)
    import django

    django.setup()
    from config import long_lived

    long_lived.settle_in()  # as every worker does


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def timed(seconds_of: list[float]) -> _Clock:
    """A `with` block whose duration is appended to the list."""
    return _Clock(seconds_of)


class _Clock:
    def __init__(self, seconds_of: list[float]) -> None:
        self._into = seconds_of

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._into.append(time.perf_counter() - self._began)

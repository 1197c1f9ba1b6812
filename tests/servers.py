"""The servers and variables of one test run; loaded by pytest before Django reads its settings.

Every run has a database and a Valkey number of its own, so two runs on one home do not meet.
"""

from __future__ import annotations

import atexit
import fcntl
import os
from pathlib import Path
from typing import IO

import pytest

from config.embedded import Home, StartFailed
from config.servers import Servers

CHECKOUT = Path(__file__).resolve().parent.parent
DATABASE = f"test_{os.getpid()}"


class Run:
    """What this test run has started."""

    def __init__(self) -> None:
        base = Path(os.environ.get("CARILLON_HOME") or CHECKOUT / ".carillon")
        self.home = Home(base / "test")
        self.servers = Servers(self.home)
        self.servers.start()
        self._taken: list[IO[str]] = []
        self.redis_url = self.free_valkey()

    def free_valkey(self) -> str:
        """The address of a numbered Valkey database that no other run uses. Raises StartFailed without one."""
        for number in range(1, 16):
            lock = (self.home.path / f"valkey-{number}.lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.close()
                continue
            self._taken.append(lock)
            return self.servers.redis_url.removesuffix("/0") + f"/{number}"
        raise StartFailed(f"Too many test runs share {self.home.path}.")

    def environment(self) -> dict[str, str]:
        """The settings of the test process itself."""
        return {
            **self.servers.environment(DATABASE),
            "REDIS_URL": self.redis_url,
            "DEBUG": "True",  # plain static files; pytest-django turns DEBUG itself off again
            "DEMO": "True",
            "SECURE_COOKIES": "False",
            "BASE_URL": "http://testserver",
            "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
            "PROVIDER_BASE_URLS": "https://graph.facebook.com/v23.0,http://127.0.0.1:9/v23.0",
            "MEDIA_ROOT": str(self.home.path / "media" / DATABASE),
            "EMAIL_URL": "memorymail://",
            "MFA_REQUIRED_ROLES": "",
            "STATEMENT_TIMEOUT_SECONDS": "30",
            "LOG_LEVEL": "WARNING",
            # Playwright keeps an event loop in the main thread, which Django would take for async code.
            "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        }

    def stop(self) -> None:
        """Drop the database and stop the servers unless another run uses them."""
        try:
            self.servers.drop_database(DATABASE)
        finally:
            self.servers.stop()


try:
    run = Run()
except StartFailed as error:
    raise pytest.UsageError(str(error)) from error
atexit.register(run.stop)
for name in ("DATABASE_URL_FILE", "SECRET_KEY_FILE"):
    os.environ.pop(name, None)
os.environ.update(run.environment())

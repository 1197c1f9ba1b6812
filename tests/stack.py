"""The product as real processes, for tests in a browser and for drills that kill parts of it."""

from __future__ import annotations

import os
import random
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from config.dev import demo_facts, manage, migrate, simulator_settings
from config.embedded import Home, port_taken
from config.processes import Processes
from config.run import development
from config.servers import Servers
from tests.servers import run


class Stack:
    """Web, live, simulator, workers and clock on their own database, Valkey number, ports and folders."""

    def __init__(self, name: str, servers: Servers | None = None, **settings: str) -> None:
        self.servers = servers or run.servers
        self.home = Home(run.home.path / f"{name}-{os.getpid()}")
        self.database = f"{name}_{os.getpid()}"
        self.port = five_free_ports()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.live_url = f"http://127.0.0.1:{self.port + 1}"
        self.simulator_url = f"http://127.0.0.1:{self.port + 2}"
        self.redis_url = self.servers.redis_url if servers else run.free_valkey()
        self.environment = {
            **os.environ,
            **development(self.home, self.port),
            **self.servers.environment(self.database),
            "REDIS_URL": self.redis_url,
            "EMAIL_URL": f"filemail:///{self.home.path / 'mail'}",
            **settings,
        }
        self.facts: dict[str, Any] = {}
        self.processes = Processes(self.environment, self.home.path / "logs", self.port)

    @contextmanager
    def running(self) -> Iterator[Stack]:
        """Everything up and ready inside the block; stopped, dropped and deleted after it."""
        self.servers.create_database(self.database)
        try:
            migrate(self.environment, self.home)
            self.facts = demo_facts(self.environment)
            self.environment |= simulator_settings(self.home, self.port, self.facts)
            self.processes.environment = self.environment
            self.processes.start()
            manage(self.environment, self.home, "demo", "--ensure")  # now the simulator can learn the reply windows
            yield self
        finally:
            self.processes.stop()
            self.servers.drop_database(self.database)
            shutil.rmtree(self.home.path, ignore_errors=True)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End one process by name (web, live, simulator, worker-<queue>, clock) and leave it down."""
        self.processes.kill(name, how)

    def restart(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End one process by name and wait until its successor is ready."""
        self.processes.restart(name, how)

    def start(self, name: str) -> None:
        """Start a process that was killed and wait until it is ready."""
        self.processes.launch(name)
        self.processes.wait(name)

    @property
    def database_url(self) -> str:
        """Past row security, for checking what is stored."""
        return self.servers.admin_url(self.database)


def five_free_ports() -> int:
    """The first of five neighbouring ports that nobody listens on."""
    while True:
        # Below the range from which the system picks ports for outgoing connections, which would get in the way.
        first = random.randrange(20_000, 32_000, 5)
        if not any(port_taken(first + step) for step in range(5)):
            return first

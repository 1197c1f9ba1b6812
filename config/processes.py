"""The processes of one installation: how each is started, when it counts as ready, how it is stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import redis

from config.embedded import StartFailed, port_taken, tail, wait_until

CHECKOUT = Path(__file__).resolve().parent.parent
QUEUES = ("inbound", "live", "default", "broadcasts", "bulk")
READY_SECONDS = 60
STOP_SECONDS = 25  # a worker finishes the job in hand
GRANIAN = ["-m", "granian", "--host", "127.0.0.1", "--no-ws", "--log-level", "error", "--workers-kill-timeout", "5"]


@dataclass
class Part:
    """One process."""

    name: str
    command: list[str]
    port: int = 0
    path: str = ""  # answers 200 when the part is ready
    queue: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


def parts(port: int) -> list[Part]:
    """Web, live and simulator on `port` and the two after it, a worker per queue, the clock."""
    web = [*GRANIAN, "--interface", "wsgi", "--blocking-threads", "16", "--port", str(port), "config.wsgi:application"]
    # A stream is a request that stays: granian's defaults would stop at about a thousand of them.
    many = ["--backlog", "4096", "--backpressure", "20000"]
    # Live ends its streams from a signal handler that it can place on asyncio's own loop only, not on uvloop's.
    asgi = [*GRANIAN, "--interface", "asgi", "--loop", "asyncio"]
    live = [*asgi, *many, "--port", str(port + 1), "live.app:application"]
    simulator = [*asgi, "--port", str(port + 2), "simulator.app:application"]
    return [
        Part("web", web, port, "/healthz"),
        Part("live", live, port + 1, "/healthz"),
        Part("simulator", simulator, port + 2, "/_sim/health"),
        *[Part(f"worker-{queue}", ["manage.py", "worker", queue], queue=queue) for queue in QUEUES],
        Part("clock", ["manage.py", "clock"]),
    ]


@dataclass
class Processes:
    """Starts, watches and stops the parts; a test may also kill and restart single ones by name."""

    environment: dict[str, str]
    logs: Path
    port: int
    parts: dict[str, Part] = field(init=False)

    def __post_init__(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        self.parts = {part.name: part for part in parts(self.port)}

    def check_ports(self) -> None:
        """Raises StartFailed naming the first port that somebody else uses."""
        for part in self.parts.values():
            if part.port and port_taken(part.port):
                raise StartFailed(
                    f"Port {part.port}, meant for {part.name}, is in use. Stop the program that uses it, or "
                    f"move all of Carillon with: bin/dev --port {self.port + 100}"
                )

    def start(self) -> None:
        """Start all, then wait until each is ready. Raises StartFailed naming the part that is not."""
        for name in self.parts:
            self.launch(name)
        for name in self.parts:
            self.wait(name)

    def launch(self, name: str) -> None:
        """Start one part without waiting for it."""
        part = self.parts[name]
        with self.log(name).open("ab") as output:
            part.process = subprocess.Popen(
                [sys.executable, *part.command],
                env=self.environment,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal must not reach it before its turn
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    def wait(self, name: str) -> None:
        """Wait until one part is ready. Raises StartFailed with the end of its log."""
        part = self.parts[name]
        try:
            wait_until(
                lambda: self.ready(part), seconds=READY_SECONDS, what=f"The part {name}", alive=lambda: part.alive
            )
        except StartFailed as error:
            raise StartFailed(f"{error} The end of {self.log(name)}:\n{tail(self.log(name))}") from error

    def ready(self, part: Part) -> bool:
        """Whether a part answers: over HTTP, or for a worker in the list RQ keeps."""
        if part.path:
            return answers(f"http://127.0.0.1:{part.port}{part.path}")
        if part.queue:
            return self._registered(part)
        return part.alive

    def _registered(self, part: Part) -> bool:
        with suppress(redis.RedisError):
            valkey = redis.Redis.from_url(self.environment["REDIS_URL"], socket_timeout=1, decode_responses=True)
            pids = [valkey.hget(name, "pid") for name in valkey.smembers(f"rq:workers:{part.queue}")]
            return part.process is not None and str(part.process.pid) in pids
        return False

    def dead(self) -> Part | None:
        """The first part that ended without being asked to."""
        return next((part for part in self.parts.values() if part.process and not part.alive), None)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Signal one part and all it started, and wait until it is gone."""
        part = self.parts[name]
        if part.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(part.process.pid, how)
        part.process.wait(timeout=STOP_SECONDS)
        part.process = None

    def restart(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill one part, start it again and wait until it is ready."""
        self.kill(name, how)
        self.launch(name)
        self.wait(name)

    def stop(self) -> None:
        """Ask all to stop, then end those that did not within their time."""
        running = [part.process for part in self.parts.values() if part.process and part.alive]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=max(0.1, deadline - time.monotonic()))
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for part in self.parts.values():
            part.process = None

    def log(self, name: str) -> Path:
        """The log file of one part."""
        return self.logs / f"{name}.log"


def answers(url: str) -> bool:
    """Whether a GET gives 200 within two seconds."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _linux_call() -> Callable[..., int] | None:
    return ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None


_prctl = _linux_call()


def _die_with_parent() -> None:
    """Let the kernel stop a part whose supervisor was killed, so that nothing is left holding the ports."""
    pr_set_pdeathsig = 1
    if _prctl:
        _prctl(pr_set_pdeathsig, signal.SIGTERM)

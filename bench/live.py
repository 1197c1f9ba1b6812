"""Two thousand open streams in one live process, and how soon a customer's message is signalled on 500 of them.

From the first byte of the webhook to the event in the browser's socket: web process, stored row, inbound worker,
commit, Valkey, live process, stream. What a browser then fetches is measured by `pages`.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import load
from .stage import Stage
from .tables import Figure, figure, percentile

SIZES = {"small": (40, 10, 5), "full": (2_000, 500, 60)}  # streams, of them on the busy workspace, webhooks a run
PER_PERSON = 20  # as many as the live process allows
PAUSE = 0.45  # seconds between webhooks; longer than a flush, so that each is a signal of its own


def run(stage: Stage, size: str, runs: int) -> list[Figure]:
    from . import payloads, people

    streams, watching, webhooks = SIZES[size]
    busy, quiet = people.tenant(), people.tenant()
    web = stage.web()
    stage.worker("inbound")
    port, process = stage.live()
    path = f"/hooks/{busy.channel.hook_token}/"
    numbers = iter(range(10_000_000))

    def webhook() -> bytes:
        return payloads.request(path, payloads.message(busy.channel, sender=447_700_900_001, number=next(numbers)))

    load.flood(web, [webhook()], connections=1)  # the conversation exists and its route is known
    seats = [(busy, watching), (quiet, streams - watching)]
    wanted = [request for home, count in seats for request in _requests(home, count)]
    before = _resident(process.pid)
    screens = Screens(port)
    delays: list[list[float]] = []
    try:
        screens.open(wanted)
        per_stream = (_resident(process.pid) - before) / streams
        for _ in range(runs):
            delays.append(screens.measure(web, [webhook() for _ in range(webhooks)], watching))
    finally:
        screens.close()
    return [
        figure(f"open streams in one process, {watching} on the busy workspace", [screens.opened], "", least=streams),
        figure("memory per stream", [per_stream], "KB", most=60),
        figure("webhook to screen, median", [1000 * percentile(each, 50) for each in delays], "ms"),
        figure("webhook to screen, p95", [1000 * percentile(each, 95) for each in delays], "ms", most=300),
        figure("webhook to screen, slowest", [1000 * max(each) for each in delays], "ms"),
    ]


def _requests(home: Any, count: int) -> list[bytes]:
    """What `count` browsers of the workspace ask for, twenty of each person."""
    from . import people

    crew = [people.cookie(people.member(home.workspace).user) for _ in range(-(-count // PER_PERSON))]
    line = f"GET /w/{home.workspace.slug}/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    return [f"{line}Cookie: {crew[n // PER_PERSON]}\r\n\r\n".encode() for n in range(count)]


@dataclass
class Screens:
    """Every stream, read by one event loop of this process."""

    port: int
    opened: int = 0
    heard: list[float] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _transports: list[asyncio.Transport] = field(default_factory=list)

    def open(self, requests: list[bytes]) -> None:
        """Open all streams, fifty at a time, and wait until each has begun."""
        self._loop.run_until_complete(self._open(requests))

    def measure(self, web: int, webhooks: list[bytes], watching: int) -> list[float]:
        """Seconds from each webhook to each of the `watching` screens."""
        return self._loop.run_until_complete(self._measure(web, webhooks, watching))

    def close(self) -> None:
        for transport in self._transports:
            transport.abort()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _open(self, requests: list[bytes]) -> None:
        for start in range(0, len(requests), 50):
            wanted = requests[start : start + 50]
            for request in wanted:
                transport, _ = await self._loop.create_connection(lambda: _Screen(self), "127.0.0.1", self.port)
                transport.write(request)
                self._transports.append(transport)
            await self._until(lambda: self.opened == start + len(wanted), 30)  # noqa: B023

    async def _measure(self, web: int, webhooks: list[bytes], watching: int) -> list[float]:
        delays: list[float] = []
        reader, writer = await asyncio.open_connection("127.0.0.1", web)
        for webhook in webhooks:
            self.heard.clear()
            began = time.perf_counter()
            writer.write(webhook)
            await _accepted(reader)
            await self._until(lambda: len(self.heard) >= watching, 10)
            delays += [at - began for at in self.heard]
            await asyncio.sleep(PAUSE)
        writer.close()
        return delays

    async def _until(self, true: Any, seconds: float) -> None:
        deadline = time.perf_counter() + seconds
        while not true():
            if time.perf_counter() > deadline:
                raise SystemExit(f"{self.opened} streams are open, {len(self.heard)} heard the last signal.")
            await asyncio.sleep(0.005)


async def _accepted(reader: asyncio.StreamReader) -> None:
    answer = b""
    while not (status := load.answered(answer)):
        answer += await reader.read(4096)
    if status != 200:
        raise SystemExit(f"The webhook was refused with {status}.")


class _Screen(asyncio.Protocol):
    """One browser: notes when its stream begins and when it hears of a conversation."""

    def __init__(self, screens: Screens) -> None:
        self._screens = screens
        self._begun = False

    def data_received(self, data: bytes) -> None:
        if not self._begun and b"retry:" in data:
            self._begun = True
            self._screens.opened += 1
        if b'"n":"conv-' in data:
            self._screens.heard.append(time.perf_counter())


def _resident(pid: int) -> float:
    """Kilobytes of memory of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        return float("nan")  # only Linux says
    pids = [pid, *map(int, children.read_text().split())]
    pages = sum(int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in pids)
    return pages * 4096 / 1024

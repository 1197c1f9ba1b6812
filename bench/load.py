"""A light HTTP load generator: ready-made requests over kept connections, parsed just enough to count answers."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial


@dataclass
class Load:
    """What came back: seconds per answer, answers by status, seconds altogether."""

    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


def flood(port: int, requests: Sequence[bytes], *, connections: int = 64) -> Load:
    """Send as fast as the server answers, every connection with one request under way."""
    return asyncio.run(_run(port, requests, connections, rate=0))


def paced(port: int, requests: Sequence[bytes], *, rate: float, connections: int = 64) -> Load:
    """Send at a fixed rate. Times count from when a request was due, so a stalled server cannot hide its queue."""
    return asyncio.run(_run(port, requests, connections, rate))


async def _run(port: int, requests: Sequence[bytes], connections: int, rate: float) -> Load:
    load, loop = Load(), asyncio.get_running_loop()
    waiting: deque[tuple[bytes, float]] = deque()
    finished = loop.create_future()
    crew = [_Connection(load, waiting, len(requests), finished) for _ in range(connections)]
    for each in crew:
        await loop.create_connection(partial(_same, each), "127.0.0.1", port)
    began = time.perf_counter()
    if rate:
        for number, request in enumerate(requests):
            due = began + number / rate
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            waiting.append((request, due))
            next((each for each in crew if each.idle), crew[0]).work()
    else:
        waiting.extend((request, 0.0) for request in requests)
        for each in crew:
            each.work()
    await asyncio.wait_for(finished, 300)
    load.seconds = time.perf_counter() - began
    for each in crew:
        each.transport.close()
    return load


def _same(connection: _Connection) -> _Connection:
    return connection


class _Connection(asyncio.Protocol):
    def __init__(
        self, load: Load, waiting: deque[tuple[bytes, float]], total: int, finished: asyncio.Future[None]
    ) -> None:
        self._load, self._waiting, self._total, self._finished = load, waiting, total, finished
        self._began = 0.0
        self._buffer = b""
        self.idle = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def work(self) -> None:
        if not self.idle or not self._waiting:
            return
        request, due = self._waiting.popleft()
        self.idle = False
        self._began = due or time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        status = answered(self._buffer)
        if not status:
            return
        self._buffer = b""
        self._load.latencies.append(time.perf_counter() - self._began)
        self._load.statuses[status] += 1
        self.idle = True
        if len(self._load.latencies) == self._total:
            self._finished.set_result(None)
        else:
            self.work()

    def connection_lost(self, error: Exception | None) -> None:
        if not self._finished.done():
            self._finished.set_exception(ConnectionError("The server hung up."))


def answered(answer: bytes) -> int:
    """The status of a whole HTTP answer, 0 while something of it is missing."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return 0
    head = answer[:end].lower()
    if b"transfer-encoding: chunked" in head:
        return int(head[9:12]) if answer.endswith(b"0\r\n\r\n") and len(answer) > end + 4 else 0
    at = head.find(b"content-length: ")
    length = int(head[at + 16 :].split(b"\r", 1)[0]) if at >= 0 else 0
    return int(head[9:12]) if len(answer) >= end + 4 + length else 0

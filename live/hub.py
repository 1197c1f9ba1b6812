"""Who is listening in this process, and the fan-out of signals to them.

Signals of a workspace go to all its streams alike, so they are gathered, de-duplicated and encoded once per
workspace and not once per stream. Nothing here waits, except a stream's own writing.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from .gate import Viewer

FLUSH_SECONDS = 0.2  # a workspace's screens hear at most five times a second
MANY = 30  # more names than this at once say no more than "look at everything"
WAITING_BYTES = 4096  # what may wait behind a slow reader before it is replaced by one "sync"
BEAT_SECONDS = 15
HEAD = b"retry: 2000\n\n"

Send = Callable[[dict[str, Any]], Awaitable[None]]


def encode(name: str, identity: int | None = None) -> bytes:
    """One event of the stream. `d` is kept for a cursor; browsers fetch what changed by themselves."""
    data = json.dumps({"n": name, "d": ""}, separators=(",", ":"))
    return (f"id: {identity}\n" if identity else "").encode() + f"data: {data}\n\n".encode()


PING, SYNC, DOWN, UP, AUTH = encode("ping"), encode("sync"), encode("down"), encode("up"), encode("auth")


class Stream:
    """One browser's open response: at most one write under way, a few kilobytes behind it."""

    __slots__ = ("_send", "_task", "_waiting", "_writing", "beat", "closed", "ending", "stuck", "viewer")

    def __init__(self, viewer: Viewer, send: Send, beat: int) -> None:
        self.viewer = viewer
        self.beat = beat
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ending = False
        self.stuck = False  # a write that the previous heartbeat saw already
        self._send = send
        self._task: asyncio.Task[None] | None = None
        self._waiting = b""
        self._writing = True  # until the response has begun

    async def begin(self, headers: list[tuple[bytes, bytes]], first: bytes) -> None:
        """Start the response; what was pushed meanwhile follows."""
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._write(HEAD + first)

    def push(self, payload: bytes) -> None:
        """Write without waiting. A reader that falls behind gets one "sync" for all it missed."""
        if self._writing:
            fits = len(self._waiting) + len(payload) <= WAITING_BYTES
            self._waiting = self._waiting + payload if fits else SYNC
            return
        self._writing = True
        self._task = asyncio.get_running_loop().create_task(self._write(payload))

    def ping(self) -> None:
        """The heartbeat. Gives a reader up that has taken nothing since the last one."""
        if self._writing and self.stuck:
            self.close()
        elif self._writing:
            self.stuck = True
        else:
            self.push(PING)

    def end(self, payload: bytes = b"") -> None:
        """Write a last event and close."""
        self.ending = True
        self.push(payload)

    def close(self) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    async def finish(self) -> None:
        """End the response, unless its reader is stuck or gone."""
        if not self._writing:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        elif self._task:
            self._task.cancel()

    async def _write(self, payload: bytes) -> None:
        while payload:
            await self._send({"type": "http.response.body", "body": payload, "more_body": True})
            payload, self._waiting = self._waiting, b""
        self._writing = self.stuck = False
        if self.ending:
            self.close()


class Topic:
    """The streams of one workspace and what they are about to hear."""

    __slots__ = ("_flushed_at", "_ids", "_names", "_timer", "streams")

    def __init__(self, ids: Iterator[int]) -> None:
        self.streams: set[Stream] = set()
        self._ids = ids
        self._names: dict[str, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flushed_at = 0.0

    def add(self, names: Iterable[str]) -> None:
        self._names.update(dict.fromkeys(names))
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, self._flushed_at + FLUSH_SECONDS - loop.time()), self.flush)

    def flush(self) -> None:
        self._timer = None
        self._flushed_at = asyncio.get_running_loop().time()
        names = list(self._names) if len(self._names) <= MANY else ["sync"]
        self._names.clear()
        payload = b"".join([encode(name, next(self._ids)) for name in names])
        for stream in self.streams:
            stream.push(payload)


class Hub:
    """Every stream of this process."""

    def __init__(self) -> None:
        self.down = False  # no news from Valkey
        self.per_user: Counter[int] = Counter()
        self._topics: dict[int, Topic] = {}
        # Milliseconds as a start keep ids rising over a restart, for browsers that remember the last one.
        self._ids = iter(range(time.time_ns() // 1_000_000, 1 << 62))
        self._beats: list[set[Stream]] = [set() for _ in range(BEAT_SECONDS)]
        self._joined = 0
        self._closing = False

    def join(self, viewer: Viewer, send: Send) -> Stream:
        """A new stream that hears of its workspace from now on."""
        self._joined += 1
        stream = Stream(viewer, send, self._joined % BEAT_SECONDS)
        self._topic(viewer.workspace_id).streams.add(stream)
        self._beats[stream.beat].add(stream)
        self.per_user[viewer.user_id] += 1
        if self._closing:
            stream.end()
        return stream

    def leave(self, stream: Stream) -> None:
        topic = self._topic(stream.viewer.workspace_id)
        topic.streams.discard(stream)
        if not topic.streams:
            del self._topics[stream.viewer.workspace_id]
        self._beats[stream.beat].discard(stream)
        self.per_user[stream.viewer.user_id] -= 1
        if not self.per_user[stream.viewer.user_id]:
            del self.per_user[stream.viewer.user_id]

    def streams(self) -> list[Stream]:
        return [stream for topic in self._topics.values() for stream in topic.streams]

    def signal(self, workspace_id: int, names: Iterable[str]) -> None:
        """Pass names on to one workspace's streams."""
        if topic := self._topics.get(workspace_id):
            topic.add(names)

    def lost(self) -> None:
        """Valkey is away: browsers fall back to polling."""
        if not self.down:
            self.down = True
            self._everybody(DOWN)

    def regained(self) -> None:
        """Valkey is back: whatever was published meanwhile is gone, so everybody looks again."""
        if self.down:
            self.down = False
            self._everybody(UP + SYNC)

    async def beat(self) -> None:
        """Ping every stream each 15 seconds, a fifteenth of them each second."""
        turn = 0
        while True:
            await asyncio.sleep(1)
            turn = (turn + 1) % BEAT_SECONDS
            for stream in list(self._beats[turn]):
                stream.ping()

    def close(self) -> None:
        """End every stream; browsers reconnect to whoever answers next."""
        self._closing = True
        for stream in self.streams():
            stream.end()

    def _topic(self, workspace_id: int) -> Topic:
        if workspace_id not in self._topics:
            self._topics[workspace_id] = Topic(self._ids)
        return self._topics[workspace_id]

    def _everybody(self, payload: bytes) -> None:
        for stream in self.streams():
            stream.push(payload)

"""The queue of webhook elements on their way to the hooks, with everything that goes wrong on that way.

At least once and in no promised order, like the real one: held back, delayed, doubled, shuffled, batched, and tried
again with falling frequency until the hook answers 2xx or seven days have passed.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import Any

import httpx

from simulator.records import Channel, PendingEvent
from simulator.state import World

GIVE_UP_SECONDS = 7 * 86400
POST_TIMEOUT_SECONDS = 10
Wrap = Callable[[Channel, list[PendingEvent]], tuple[bytes, dict[str, str]]]


@dataclass(slots=True)
class Settings:
    """How webhooks travel. Set by `PUT /_sim/webhooks`; survives restarts."""

    delay_seconds: tuple[float, float] = (0.0, 0.05)
    duplicate: float = 0.0
    reorder: bool = False
    reorder_seconds: float = 1.5
    silence_until: float = 0.0
    paused: bool = False
    batch: int = 100
    concurrency: int = 4
    retry_seconds: float = 1.0
    retry_cap_seconds: float = 60.0
    sent_after: float = 0.05
    delivered_after: float = 0.35

    def update(self, wanted: dict[str, Any]) -> None:
        """Take over known settings. Raises ValueError naming an unknown one or a wrong value."""
        wanted = dict(wanted)
        if "silence_seconds" in wanted:
            self.silence_until = time.time() + float(wanted.pop("silence_seconds") or 0)
        known = {field.name for field in fields(self)}
        if unknown := set(wanted) - known:
            raise ValueError("unknown settings: " + ", ".join(sorted(unknown)))
        if "delay_seconds" in wanted:
            delay = wanted["delay_seconds"]
            low, high = delay if isinstance(delay, list) else (delay, delay)
            wanted["delay_seconds"] = (float(low), float(high))
        for name, value in wanted.items():
            setattr(self, name, value)


class Outbox:
    def __init__(self, world: World, wrappers: dict[str, Wrap], on_release: Callable[[PendingEvent], None]) -> None:
        self.settings = Settings()
        self.counts = {"posted": 0, "elements": 0, "failed_posts": 0, "dropped": 0}
        self._world, self._wrappers, self._on_release = world, wrappers, on_release
        self._heap: list[tuple[float, int, PendingEvent]] = []
        self._ready: dict[str, deque[PendingEvent]] = defaultdict(deque)
        self._in_flight: dict[str, int] = defaultdict(int)
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._last_id = 0

    def load(self) -> None:
        for row in self._world.storage.load("webhook_settings"):
            row["delay_seconds"] = tuple(row["delay_seconds"])
            self.settings = Settings(**row)
        for row in self._world.storage.load("event"):
            event = PendingEvent(**row)
            self._last_id = max(self._last_id, event.id)
            heapq.heappush(self._heap, (event.due, event.id, event))

    def change_settings(self, wanted: dict[str, Any]) -> None:
        self.settings.update(wanted)
        self._world.storage.put("webhook_settings", "all", asdict(self.settings))
        self._wake.set()

    @property
    def pending(self) -> int:
        return len(self._heap) + sum(len(ready) for ready in self._ready.values()) + sum(self._in_flight.values())

    def add(
        self, phone_number_id: str, kind: str, item: dict[str, Any], *, after: float = 0.0, released: bool = False,
        created: float | None = None,
    ) -> None:  # fmt: skip
        """Queue one element to leave `after` seconds from now, plus the configured delay."""
        now = time.time()
        due = now + after + random.uniform(*self.settings.delay_seconds)
        if self.settings.reorder:
            due += random.uniform(0, self.settings.reorder_seconds)
        self._last_id += 1
        event = PendingEvent(self._last_id, phone_number_id, kind, item, due, created=created or now, released=released)
        self._push(event)

    def _push(self, event: PendingEvent) -> None:
        heapq.heappush(self._heap, (event.due, event.id, event))
        self._world.storage.put("event", str(event.id), event)
        if self._heap[0][2] is event:
            self._wake.set()

    def forget_all(self) -> None:
        """Drop everything that waits. For drivers that start a fresh scenario."""
        waiting = [event for _, _, event in self._heap]
        for ready in self._ready.values():
            waiting += ready
        for event in waiting:
            self._world.storage.delete("event", str(event.id))
        self._heap.clear()
        self._ready.clear()

    async def run(self) -> None:
        # 64 sockets: hooks of several channels at full concurrency without waiting for each other.
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
        async with httpx.AsyncClient(timeout=POST_TIMEOUT_SECONDS, limits=limits, trust_env=False) as client:
            while True:
                self._wake.clear()
                self._take_due()
                for phone_number_id in list(self._ready):
                    self._pump(client, phone_number_id)
                await self._sleep()

    async def _sleep(self) -> None:
        moments = [self._heap[0][0]] if self._heap else []
        if self.settings.silence_until > time.time():
            moments.append(self.settings.silence_until)
        timeout = max(0.005, min(moments) - time.time()) if moments else None
        try:
            await asyncio.wait_for(self._wake.wait(), timeout)
        except TimeoutError:
            return

    def _take_due(self) -> None:
        now = time.time()
        while self._heap and self._heap[0][0] <= now:
            event = heapq.heappop(self._heap)[2]
            if not event.released:
                event.released = True
                self._on_release(event)
            self._ready[event.phone_number_id].append(event)

    def _pump(self, client: httpx.AsyncClient, phone_number_id: str) -> None:
        held = self.settings.paused or time.time() < self.settings.silence_until
        ready = self._ready[phone_number_id]
        while ready and not held and self._in_flight_posts(phone_number_id) < self.settings.concurrency:
            events = [ready.popleft() for _ in range(min(len(ready), max(1, self.settings.batch)))]
            if self.settings.reorder:
                random.shuffle(events)
            self._in_flight[phone_number_id] += len(events)
            task = asyncio.create_task(self._deliver(client, phone_number_id, events), name=phone_number_id)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _in_flight_posts(self, phone_number_id: str) -> int:
        return sum(1 for task in self._tasks if task.get_name() == phone_number_id)

    async def _deliver(self, client: httpx.AsyncClient, phone_number_id: str, events: list[PendingEvent]) -> None:
        channel = self._world.channels.get(phone_number_id)
        try:
            if channel is None or not channel.hook_url or not channel.subscribed:
                self.counts["dropped"] += len(events)
                self._settle(events)
            elif await self._post(client, channel, events):
                self._settle(events)
                self._double(events)
                self._world.hub.changed("list")
            else:
                self._retry(events)
        finally:
            self._in_flight[phone_number_id] -= len(events)
            self._wake.set()

    async def _post(self, client: httpx.AsyncClient, channel: Channel, events: list[PendingEvent]) -> bool:
        body, headers = self._wrappers[channel.provider](channel, events)
        try:
            response = await client.post(channel.hook_url, content=body, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL):
            self.counts["failed_posts"] += 1
            return False
        if not response.is_success:
            self.counts["failed_posts"] += 1
            return False
        self.counts["posted"] += 1
        self.counts["elements"] += len(events)
        return True

    def _settle(self, events: list[PendingEvent]) -> None:
        for event in events:
            self._world.storage.delete("event", str(event.id))
            if event.kind == "message":
                message = self._world.messages.get(event.item["message"]["id"])
                if message and message.status == "sent":
                    message.status = "delivered"
                    self._world.save_message(message)

    def _double(self, events: list[PendingEvent]) -> None:
        for event in events:
            if random.random() < self.settings.duplicate:
                self.add(
                    event.phone_number_id, event.kind, event.item, after=random.uniform(0, 1), released=True,
                    created=event.created,
                )  # fmt: skip

    def _retry(self, events: list[PendingEvent]) -> None:
        now = time.time()
        for event in events:
            if now - event.created > GIVE_UP_SECONDS:
                self.counts["dropped"] += 1
                self._world.storage.delete("event", str(event.id))
                continue
            event.attempts += 1
            pause = min(self.settings.retry_cap_seconds, self.settings.retry_seconds * 2 ** min(event.attempts - 1, 20))
            event.due = now + pause * random.uniform(0.8, 1.2)
            self._push(event)

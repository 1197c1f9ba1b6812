"""What a claimed batch needs before it can be sent: the provider's ids of the files in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from django.conf import settings
from django.db import connection

from providers.base import Adapter
from providers.types import Credentials, MediaRef
from workspaces.models import Channel

from . import template_files, uploading
from .models import Message
from .outbox import Claimed
from .outcomes import Verdict, judge

T = TypeVar("T")

PIPELINES = 3  # batches under way at once: one talks to the database while the others wait for the provider

_database = ThreadPoolExecutor(max_workers=PIPELINES, thread_name_prefix="outbox")


@dataclass(slots=True)
class Desk:
    """What a dispatch run works with."""

    channel: Channel
    adapter: Adapter
    credentials: Credentials
    transport: httpx.AsyncBaseTransport
    queue: str  # whose worker this is
    lane: int
    until: float  # time.monotonic() after which no new batch is begun
    attempted: int = 0  # messages claimed so far
    is_unfinished: bool = False  # it stopped although more is due soon
    broadcasts_left: int | None = None  # what the number's daily limit leaves to broadcasts; None: no limit

    @property
    def open_lane(self) -> int:
        """The last lane whose messages may go out: not that of broadcasts while their share of the day is used up."""
        return min(self.lane, Message.Lane.API) if self.broadcasts_left == 0 else self.lane

    @property
    def apart(self) -> float:
        """Seconds that broadcasts leave between two messages to one person."""
        return min(self.adapter.capabilities.pair_seconds, settings.SEND_APART_SECONDS)


async def uploaded(desk: Desk, batch: Sequence[Claimed]) -> tuple[dict[int, MediaRef], dict[int, Verdict]]:
    """Store files with the provider first. An upload sends nothing to anybody, so a failed one is a definite no."""
    if not any(message.kind in uploading.MEDIA_KINDS for message in batch):
        return {}, {}
    files = await in_thread(uploading.files_of, desk.channel, batch)
    found = await asyncio.gather(
        *(uploading.upload(desk.transport, desk.adapter, desk.credentials, file) for file in files.values())
    )
    media: dict[int, MediaRef] = {}
    refused: dict[int, Verdict] = {}
    for message in (m for m in batch if m.id in files):
        outcome = found[list(files).index(message.id)]
        if isinstance(outcome, MediaRef):
            media[message.id] = outcome
        else:
            refused[message.id] = judge(message, outcome)
    await in_thread(uploading.remember, desk.channel, media)
    return media, refused


async def templates_filled(desk: Desk, batch: list[Claimed]) -> tuple[list[Claimed], dict[int, Verdict]]:
    """Put the provider's ids where templates name stored files, uploading those it does not have."""
    needed = template_files.needed(batch)
    if not needed:
        return batch, {}
    files = [file for places in needed.values() for file in places.values()]
    known = await in_thread(template_files.already_there, desk.channel, files)
    ids = await uploading.put_all(desk.transport, desk.adapter, desk.credentials, files, known)
    await in_thread(template_files.remember, desk.channel, ids, known)
    filled, refused = [], {}
    for message in batch:
        places = needed.get(message.id, {})
        if failure := template_files.failure_of(places, ids):
            refused[message.id] = judge(message, failure)
        filled.append(template_files.placed(message, places, ids) if places and not failure else message)
    return filled, refused


async def in_thread(call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run database work in a thread of its own connection, while the event loop goes on sending."""

    def work() -> T:
        connection.close_if_unusable_or_obsolete()
        return call(*args, **kwargs)

    future: Awaitable[T] = asyncio.get_running_loop().run_in_executor(_database, work)
    return await future

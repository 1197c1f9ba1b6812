"""Send what one channel owes: claim, upload, begin, call the provider, settle.

The rows are the queue. Any number of dispatchers may run for one channel; each sends only what it claimed. No
transaction is open while the provider is called.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any, TypeVar

import httpx
import structlog
from django.conf import settings
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from config.queues import ring
from live.publishing import publish
from providers.base import Adapter
from providers.registry import adapter
from providers.types import Credentials, MediaRef
from workspaces import tenancy
from workspaces.channels import credentials, pause_automatically
from workspaces.models import Channel
from workspaces.secrets import SecretUnreadable

from . import answers, calling, outbox, pacing, sending, status_updates, template_files, uploading
from .models import Message
from .outbox import Claimed, Result
from .outcomes import Verdict, judge, put_back

log = structlog.get_logger(__name__)
T = TypeVar("T")

BUDGET = 5.0  # seconds one job works on one channel before others of its queue get a turn
PATIENCE = 1.0  # seconds a job waits for the number's pace; a longer wait is left to the next poke or sweep
PIPELINES = 3  # batches under way at once: one talks to the database while the others wait for the provider
SETTLE_AGAIN_SECONDS = 0.5

_database = ThreadPoolExecutor(max_workers=PIPELINES, thread_name_prefix="outbox")


@dataclass(frozen=True, slots=True)
class Desk:
    """What a dispatch run works with."""

    channel: Channel
    adapter: Adapter
    credentials: Credentials
    transport: httpx.AsyncBaseTransport
    lane: int
    until: float  # time.monotonic() after which no new batch is begun


def drain(channel_id: int, *, lane: int, budget: float = BUDGET) -> int:
    """Send what is due on one channel in lanes up to `lane`; returns how many messages were attempted.

    Stops when nothing is due, the channel may not send, or `budget` seconds are used up (then it pokes itself).
    """
    channel = _channel(channel_id)
    if channel is None or not channel.is_open:
        return 0
    if channel.sending_held_until and channel.sending_held_until > timezone.now():
        return 0  # the sweep pokes again when the hold is over
    try:
        keys = credentials(channel)
    except SecretUnreadable as error:
        _pause(channel, str(error))
        return 0
    until = time.monotonic() + budget
    attempted = asyncio.run(_drain(channel, keys, lane, until))
    if time.monotonic() >= until:
        ring("inbox.jobs.dispatch", channel.pk, lane, queue=sending.QUEUES[Message.Lane(lane)])
    return attempted


async def _drain(channel: Channel, keys: Credentials, lane: int, until: float) -> int:
    async with calling.connections() as transport:
        desk = Desk(channel, adapter(channel.kind), keys, transport, lane, until)
        counts = await asyncio.gather(*(_pipeline(desk, number) for number in range(PIPELINES)))
    return sum(counts)


async def _pipeline(desk: Desk, number: int) -> int:
    """Batch after batch. The others go on only while there is more than one batch to send."""
    limit = max(1, settings.SEND_CONCURRENCY // PIPELINES)
    attempted = 0
    while time.monotonic() < desk.until:
        grant = pacing.take(
            desk.channel.pk, rate=desk.channel.messages_per_second, wanted=limit, urgent=desk.lane == Message.Lane.AGENT
        )
        if not grant.messages:
            if grant.wait > PATIENCE:
                break
            await asyncio.sleep(grant.wait)
            continue
        batch = await _in_thread(outbox.claim, desk.channel, lane=desk.lane, limit=grant.messages)
        pacing.give_back(desk.channel.pk, grant.messages - len(batch))
        if not batch:
            break
        attempted += len(batch)
        if await _send_batch(desk, batch):
            break  # the channel is held or paused
        if number and len(batch) < grant.messages:
            break
    return attempted


async def _send_batch(desk: Desk, batch: list[Claimed]) -> bool:
    """Send one claimed batch and write its answers; True when the channel must stop sending."""
    media, refused = await _uploaded(desk, batch)
    batch, unfilled = await _templates_filled(desk, batch)
    refused |= unfilled
    ready = [m for m in batch if m.id not in refused]
    ours = await _in_thread(outbox.begin, desk.channel, ready)
    # Messages to one person go one after the other; different people at the same time.
    ours.sort(key=lambda m: (m.conversation_id, m.id))
    groups = [list(group) for _, group in groupby(ours, key=lambda m: m.conversation_id)]
    stale_at = time.monotonic() + settings.SEND_LEASE_SECONDS / 2
    done = await asyncio.gather(*(_send_in_order(desk, group, media, stale_at) for group in groups))
    verdicts = [verdict for group in done for verdict in group] + list(refused.values())
    await _in_thread(_settle, desk.channel, verdicts)
    return any(verdict.hold or verdict.pause for verdict in verdicts)


async def _uploaded(desk: Desk, batch: Sequence[Claimed]) -> tuple[dict[int, MediaRef], dict[int, Verdict]]:
    """Store files with the provider first. An upload sends nothing to anybody, so a failed one is a definite no."""
    if not any(message.kind in uploading.MEDIA_KINDS for message in batch):
        return {}, {}
    files = await _in_thread(uploading.files_of, desk.channel, batch)
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
    await _in_thread(uploading.remember, desk.channel, media)
    return media, refused


async def _templates_filled(desk: Desk, batch: list[Claimed]) -> tuple[list[Claimed], dict[int, Verdict]]:
    """Put the provider's ids where templates name stored files, uploading those it does not have."""
    needed = template_files.needed(batch)
    if not needed:
        return batch, {}
    files = [file for places in needed.values() for file in places.values()]
    known = await _in_thread(template_files.already_there, desk.channel, files)
    ids = await uploading.put_all(desk.transport, desk.adapter, desk.credentials, files, known)
    await _in_thread(template_files.remember, desk.channel, ids, known)
    filled, refused = [], {}
    for message in batch:
        places = needed.get(message.id, {})
        if failure := template_files.failure_of(places, ids):
            refused[message.id] = judge(message, failure)
        filled.append(template_files.placed(message, places, ids) if places and not failure else message)
    return filled, refused


async def _send_in_order(
    desk: Desk, group: Sequence[Claimed], media: dict[int, MediaRef], stale_at: float
) -> list[Verdict]:
    """Send one person's messages; after one that must be tried again, the later ones wait for it.

    Nothing is sent after `stale_at`: by then the sweep may soon call the rest abandoned, and a message that is sent
    after it was proved absent is sent twice.
    """
    verdicts: list[Verdict] = []
    for position, message in enumerate(group):
        if time.monotonic() >= stale_at:
            return verdicts + [put_back(later) for later in group[position:]]
        verdict = judge(
            message, await calling.send(desk.transport, desk.adapter, desk.credentials, message, media.get(message.id))
        )
        verdicts.append(verdict)
        if verdict.result.state == "queued":
            return verdicts + [put_back(later, verdict.result.wait) for later in group[position + 1 :]]
    return verdicts


def _settle(channel: Channel, verdicts: Sequence[Verdict]) -> None:
    """Write a batch's answers, apply statuses that were faster than them, tell the screens."""
    results = [verdict.result for verdict in verdicts]
    # First the stop, then the rows: whoever sees a message queued again must also see that its channel may not send.
    if reason := next((verdict.pause for verdict in verdicts if verdict.pause), ""):
        _pause(channel, reason)
    if holds := [verdict.hold for verdict in verdicts if verdict.hold]:
        _hold(channel, max(holds))
    _write(channel, results)
    accepted = [result.provider_id for result in results if result.provider_id]
    if parked := status_updates.parked(channel.workspace_id, channel.pk, accepted):
        with tenancy.scope(channel.workspace_id):
            status_updates.unpark(channel.workspace_id, channel.pk, parked)
    answers.learn(channel, results)
    names = {f"conv-{result.message.conversation_uuid}" for result in results}
    publish(channel.workspace_id, *(names if len(names) <= 50 else {"sync"}))


def _write(channel: Channel, results: Sequence[Result]) -> None:
    """Write a batch's answers, if need be again: losing them would leave every message of it in doubt."""
    for tries_left in (2, 1, 0):
        try:
            outbox.settle(channel, results)
            return
        except IntegrityError:
            _settle_one_by_one(channel, results)
            return
        except OperationalError:  # a deadlock with the statuses of the same messages, or a database that restarts
            if not tries_left:
                raise
            time.sleep(SETTLE_AGAIN_SECONDS)


def _settle_one_by_one(channel: Channel, results: Sequence[Result]) -> None:
    """A provider gave one message id twice: that one stays without an id, the others keep theirs."""
    for result in results:
        try:
            outbox.settle(channel, [result])
        except IntegrityError:
            log.error("provider message id used twice", channel=channel.pk, provider_id=result.provider_id)
            outbox.settle(channel, [Result(result.message, "done", "sent", None, "id_reused", "")])


def _pause(channel: Channel, why: str) -> None:
    with tenancy.scope(channel.workspace_id):
        pause_automatically(channel, why)
    log.warning("channel paused", channel=channel.pk)


def _hold(channel: Channel, length: timedelta) -> None:
    with tenancy.scope(channel.workspace_id):
        Channel.objects.filter(workspace_id=channel.workspace_id, pk=channel.pk).update(
            sending_held_until=timezone.now() + length
        )


def _channel(channel_id: int) -> Channel | None:
    with tenancy.all_workspaces():
        return Channel.objects.filter(pk=channel_id).first()


async def _in_thread(call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Run database work in a thread of its own connection, while the event loop goes on sending."""

    def work() -> T:
        connection.close_if_unusable_or_obsolete()
        return call(*args, **kwargs)

    future: Awaitable[T] = asyncio.get_running_loop().run_in_executor(_database, work)
    return await future

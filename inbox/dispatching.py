"""Send what one channel owes: claim, upload, begin, call the provider, settle.

The rows are the queue. Any number of dispatchers may run for one channel; each sends only what it claimed. No
transaction is open while the provider is called.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

import structlog
from django.conf import settings
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from config.queues import others_wait, ring
from live.publishing import publish
from providers.registry import adapter
from providers.types import Credentials, MediaRef
from workspaces import tenancy
from workspaces.channels import credentials, pause_automatically
from workspaces.models import Channel
from workspaces.secrets import SecretUnreadable

from . import answers, calling, daily_limit, outbox, pacing, preparing, sending, starting, status_updates
from .models import Message
from .outbox import Claimed, Result
from .outcomes import Verdict, judge, put_back
from .preparing import PIPELINES, Desk, in_thread

log = structlog.get_logger(__name__)

BUDGET = 5.0  # seconds one job works on one channel before others of its queue get a turn
PATIENCE = 1.0  # seconds a job waits for the pace or for what is due soon; longer waits are left to the sweep
SLOT = 0.05  # seconds between two looks for messages that come due one by one: what a claim costs, shared by several
SETTLE_AGAIN_SECONDS = 0.5


def drain(channel_id: int, *, lane: int, budget: float = BUDGET) -> int:
    """Send what is due on one channel in lanes up to `lane`; returns how many messages were attempted.

    Stops when nothing is due or will be within a second, the channel may not send, or `budget` seconds are used up
    (then it pokes itself).
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
    desk = asyncio.run(_drain(channel, keys, lane, time.monotonic() + budget))
    if desk.is_unfinished or time.monotonic() >= desk.until:
        ring("inbox.jobs.dispatch", channel.pk, lane, queue=desk.queue)
    return desk.attempted


async def _drain(channel: Channel, keys: Credentials, lane: int, until: float) -> Desk:
    async with calling.connections() as transport:
        desk = Desk(channel, adapter(channel.kind), keys, transport, sending.QUEUES[Message.Lane(lane)], lane, until)
        if lane == Message.Lane.BROADCAST:
            desk.broadcasts_left = await in_thread(daily_limit.for_broadcasts, channel)
        helpers = [asyncio.create_task(_pipeline(desk)) for _ in range(PIPELINES - 1)]
        await _pipeline(desk, helpers)
        await asyncio.gather(*helpers)
    return desk


async def _pipeline(desk: Desk, helpers: list[asyncio.Task[None]] | None = None) -> None:
    """Batch after batch. The one with `helpers` leads: it waits for what is due soon and calls them when it is a lot.

    They go on until one of their looks finds nothing.
    """
    while time.monotonic() < desk.until:
        room = await _room(desk)
        if room == 0:
            break
        batch = await _claim(desk, room)
        pacing.give_back(desk.channel.pk, room - len(batch))
        if not batch:
            if helpers is None or not await _more_soon(desk):
                break
            continue
        desk.attempted += len(batch)
        if helpers and 2 * len(batch) >= room:
            _call_back(desk, helpers)
        if await _send_batch(desk, batch):
            break  # the channel is held or paused


async def _room(desk: Desk) -> int:
    """How many messages may be claimed now, after waiting for the pace if need be; 0 when that would take too long."""
    wanted = max(1, settings.SEND_CONCURRENCY // PIPELINES)
    urgent = desk.lane == Message.Lane.AGENT
    while time.monotonic() < desk.until:
        grant = pacing.take(desk.channel.pk, rate=desk.channel.messages_per_second, wanted=wanted, urgent=urgent)
        if grant.messages or grant.wait > PATIENCE:
            return grant.messages
        await asyncio.sleep(grant.wait)
    return 0


async def _claim(desk: Desk, room: int) -> list[Claimed]:
    """Take what is due; broadcasts only as far as the number's daily limit goes, so that the others have the rest."""
    lane = desk.open_lane
    if desk.broadcasts_left is None:
        return await in_thread(outbox.claim, desk.channel, lane=lane, limit=room, apart=desk.apart)
    ours = min(room, desk.broadcasts_left)
    desk.broadcasts_left -= ours  # not to be given away by another pipeline meanwhile
    batch = await in_thread(outbox.claim, desk.channel, lane=lane, limit=ours or room, apart=desk.apart)
    used = sum(m.lane == Message.Lane.BROADCAST and m.kind == "template" for m in batch)
    desk.broadcasts_left += ours - used
    return batch


async def _more_soon(desk: Desk) -> bool:
    """Wait for the next message that is due soon; False when none is, or other work needs the worker first."""
    wait = await in_thread(outbox.next_due, desk.channel, lane=desk.open_lane, within=PATIENCE)
    if wait is None:
        return False
    if others_wait(desk.queue):
        desk.is_unfinished = True
        return False
    await asyncio.sleep(max(wait, SLOT))
    return True


def _call_back(desk: Desk, helpers: list[asyncio.Task[None]]) -> None:
    """Let helpers that ran out of work look again."""
    for place, helper in enumerate(helpers):
        if helper.done():
            helper.result()
            helpers[place] = asyncio.create_task(_pipeline(desk))


async def _send_batch(desk: Desk, batch: list[Claimed]) -> bool:
    """Send one claimed batch and write its answers; True when the channel must stop sending."""
    media, refused = await preparing.uploaded(desk, batch)
    batch, unfilled = await preparing.templates_filled(desk, batch)
    refused |= unfilled
    ready = [m for m in batch if m.id not in refused]
    ours, left_out = await in_thread(starting.begin, desk.channel, ready)
    if left_out:
        _tell(desk.channel, left_out)
    # Messages to one person go one after the other; different people at the same time.
    ours.sort(key=lambda m: (m.conversation_id, m.id))
    groups = [list(group) for _, group in groupby(ours, key=lambda m: m.conversation_id)]
    stale_at = time.monotonic() + settings.SEND_LEASE_SECONDS / 2
    done = await asyncio.gather(*(_send_in_order(desk, group, media, stale_at) for group in groups))
    verdicts = [verdict for group in done for verdict in group] + list(refused.values())
    await in_thread(_settle, desk.channel, verdicts)
    return any(verdict.hold or verdict.pause for verdict in verdicts)


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
        pacing.slow_down(channel.pk)
    _write(channel, results)
    accepted = [result.provider_id for result in results if result.provider_id]
    if parked := status_updates.parked(channel.workspace_id, channel.pk, accepted):
        with tenancy.scope(channel.workspace_id):
            status_updates.unpark(channel.workspace_id, channel.pk, parked)
    answers.learn(channel, results)
    _tell(channel, [result.message for result in results])


def _tell(channel: Channel, messages: Sequence[Claimed]) -> None:
    names = {f"conv-{message.conversation_uuid}" for message in messages}
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

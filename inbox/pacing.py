"""How fast one number may send: a token bucket in Valkey, shared by every dispatcher.

Agents' messages always go (they may overdraw up to one second's worth); programs and broadcasts get what is left.
Without Valkey each process paces itself: slower numbers stay within a small multiple of their rate for that time,
and the provider's own throttle answers do the rest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis

from config.queues import valkey

# KEYS[1] bucket; ARGV rate per second, capacity, wanted, floor, now. Returns granted, wait in milliseconds.
# The clock is the caller's: Valkey's own TIME would do, but then tests could not step it. A bucket from the future
# means that a clock was set back; without the correction nothing would be sent until it has caught up.
TAKE = """
local rate, capacity, wanted, floor = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local state = redis.call('HMGET', KEYS[1], 'level', 'at')
local now = tonumber(ARGV[5])
local level = tonumber(state[1]) or capacity
local at = tonumber(state[2]) or now
if at > now + 5 then at = now end
level = math.min(capacity, level + math.max(0, now - at) * rate)
local granted = math.max(0, math.min(wanted, math.floor(level - floor)))
level = level - granted
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(math.max(now, at)))
redis.call('PEXPIRE', KEYS[1], 60000)
local wait = 0
if granted == 0 then wait = math.ceil((floor + 1 - level) / rate * 1000) end
return {granted, wait}
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """How many messages may go now, and after how many seconds to ask again when none may."""

    messages: int
    wait: float


@cache
def _script() -> Any:
    return valkey().register_script(TAKE)


_local: dict[int, tuple[float, float]] = {}  # channel -> level, time; used while Valkey is away


def take(channel_id: int, *, rate: int, wanted: int, urgent: bool = False, now: float | None = None) -> Grant:
    """Ask for room to send `wanted` messages at `rate` a second; `urgent` (agents) may overdraw one second's worth.

    The bucket holds a quarter of a second, so that a rest is not followed by a burst above the number's rate.
    """
    now = time.time() if now is None else now
    capacity = max(1.0, rate / 4)
    floor = -float(rate) if urgent else 0.0
    try:
        granted, wait = _script()(keys=[f"pace:{channel_id}"], args=[rate, capacity, wanted, floor, repr(now)])
        return Grant(int(granted), int(wait) / 1000)
    except redis.RedisError:
        return _take_locally(channel_id, rate, capacity, wanted, floor, now)


def give_back(channel_id: int, messages: int) -> None:
    """Return room that was granted and not used."""
    if messages <= 0:
        return
    try:
        valkey().hincrbyfloat(f"pace:{channel_id}", "level", messages)
    except redis.RedisError:
        level, at = _local.get(channel_id, (0.0, time.time()))
        _local[channel_id] = (level + messages, at)


def _take_locally(channel_id: int, rate: int, capacity: float, wanted: int, floor: float, now: float) -> Grant:
    level, at = _local.get(channel_id, (capacity, now))
    at = now if at > now + 5 else at
    level = min(capacity, level + max(0.0, now - at) * rate)
    granted = max(0, min(wanted, int(level - floor)))
    _local[channel_id] = (level - granted, max(now, at))
    return Grant(granted, 0.0 if granted else (floor + 1 - level) / rate)

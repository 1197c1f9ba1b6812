"""How fast one number may send: a token bucket in Valkey, shared by every dispatcher.

Agents' messages always go (they may overdraw up to one second's worth); programs and broadcasts get what is left.
After a throttle answer the number goes on at half its pace and wins the rest back step by step.
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

STEP = 0.1  # share of its rate that a slowed number wins back at once,
STEP_SECONDS = 5.0  # and how often
LEAST = 0.05  # share of its rate that every number keeps
ONE_ANSWER_SECONDS = 2.0  # throttle answers closer together are about the same burst

# What both scripts begin with. The clock is the caller's: Valkey's own TIME would do, but then tests could not step it.
# A bucket, or a cut, from the future means that a clock was set back; without the correction nothing would be sent
# until it has caught up.
STATE = f"""
local now = tonumber(ARGV[1])
local state = redis.call('HMGET', KEYS[1], 'level', 'at', 'share', 'cut')
local at, cut = tonumber(state[2]) or now, tonumber(state[4])
if at > now + 5 then at = now end
local share = tonumber(state[3]) or 1
if cut and cut > now + 5 then cut = now end
if cut then share = math.min(1, share + math.max(0, math.floor((now - cut) / {STEP_SECONDS})) * {STEP}) end
"""

# KEYS[1] bucket; ARGV now, rate per second, wanted, urgent. Returns granted, wait in milliseconds.
TAKE = f"""
{STATE}
local rate = math.max(1, tonumber(ARGV[2]) * share)
local wanted = tonumber(ARGV[3])
local capacity, floor = math.max(1, rate / 4), 0
if ARGV[4] == '1' then floor = -rate end
local level = tonumber(state[1]) or capacity
level = math.min(capacity, level + math.max(0, now - at) * rate)
local granted = math.max(0, math.min(wanted, math.floor(level - floor)))
level = level - granted
redis.call('HSET', KEYS[1], 'level', tostring(level), 'at', tostring(math.max(now, at)))
redis.call('PEXPIRE', KEYS[1], 60000)
local wait = 0
if granted == 0 then wait = math.ceil((floor + 1 - level) / rate * 1000) end
return {{granted, wait}}
"""

# KEYS[1] bucket; ARGV now. Returns the new share of the rate in thousandths.
SLOW_DOWN = f"""
{STATE}
if not cut or now - cut >= {ONE_ANSWER_SECONDS} then
    share = math.max({LEAST}, share / 2)
    redis.call('HSET', KEYS[1], 'share', tostring(share), 'cut', tostring(now))
    redis.call('PEXPIRE', KEYS[1], 60000)
end
return math.floor(share * 1000 + 0.5)
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """How many messages may go now, and after how many seconds to ask again when none may."""

    messages: int
    wait: float


@cache
def _script(source: str) -> Any:
    return valkey().register_script(source)


@dataclass(slots=True)
class _Bucket:
    """One number's pace in this process, used while Valkey is away."""

    level: float
    at: float
    share: float = 1.0
    cut: float | None = None

    def share_at(self, now: float) -> float:
        if self.cut is None:
            return 1.0
        self.cut = now if self.cut > now + 5 else self.cut
        return min(1.0, self.share + max(0, (now - self.cut) // STEP_SECONDS) * STEP)


_local: dict[int, _Bucket] = {}  # by channel


def take(channel_id: int, *, rate: int, wanted: int, urgent: bool = False, now: float | None = None) -> Grant:
    """Ask for room to send `wanted` messages at `rate` a second; `urgent` (agents) may overdraw one second's worth.

    The bucket holds a quarter of a second, so that a rest is not followed by a burst above the number's rate.
    """
    now = time.time() if now is None else now
    try:
        values = [repr(now), rate, wanted, int(urgent)]
        granted, wait = _script(TAKE)(keys=[_key(channel_id)], args=values)
        return Grant(int(granted), int(wait) / 1000)
    except redis.RedisError:
        return _take_locally(channel_id, rate, wanted, urgent, now)


def give_back(channel_id: int, messages: int) -> None:
    """Return room that was granted and not used."""
    if messages <= 0:
        return
    try:
        valkey().hincrbyfloat(_key(channel_id), "level", messages)
    except redis.RedisError:
        _local.setdefault(channel_id, _Bucket(0.0, time.time())).level += messages


def slow_down(channel_id: int, *, now: float | None = None) -> float:
    """Halve a number's pace because the provider found it too fast; returns the share of its rate that is left.

    It wins a tenth of its rate back every five seconds. Several answers to one burst count once.
    """
    now = time.time() if now is None else now
    try:
        return int(_script(SLOW_DOWN)(keys=[_key(channel_id)], args=[repr(now)])) / 1000
    except redis.RedisError:
        bucket = _local.setdefault(channel_id, _Bucket(0.0, now))
        share = bucket.share_at(now)
        if bucket.cut is None or now - bucket.cut >= ONE_ANSWER_SECONDS:
            bucket.share, bucket.cut = max(LEAST, share / 2), now
            share = bucket.share
        return share


def _key(channel_id: int) -> str:
    return f"pace:{channel_id}"


def _take_locally(channel_id: int, rate: int, wanted: int, urgent: bool, now: float) -> Grant:
    bucket = _local.get(channel_id)
    pace = max(1.0, rate * (bucket.share_at(now) if bucket else 1.0))
    capacity, floor = max(1.0, pace / 4), -pace if urgent else 0.0
    bucket = bucket or _local.setdefault(channel_id, _Bucket(capacity, now))
    bucket.at = now if bucket.at > now + 5 else bucket.at
    level = min(capacity, bucket.level + max(0.0, now - bucket.at) * pace)
    granted = max(0, min(wanted, int(level - floor)))
    bucket.level, bucket.at = level - granted, max(now, bucket.at)
    return Grant(granted, 0.0 if granted else (floor + 1 - bucket.level) / pace)

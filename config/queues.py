"""Tell a worker to look: the only way work reaches a queue.

A job is a doorbell, the row in PostgreSQL is the work. So nothing here raises when Valkey is away: the sweep finds
the same rows a few seconds later.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import redis
import structlog
from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string
from rq import Queue
from rq.serializers import JSONSerializer

log = structlog.get_logger(__name__)

# Seconds a job may run before its worker stops it.
# Broadcasts are sent in "broadcasts"; "bulk" is what nobody waits for.
TIME_LIMITS = {"inbound": 120, "live": 120, "default": 300, "bulk": 600, "broadcasts": 600}
BELL_SECONDS = 5  # how long a ring keeps others silent if no worker ever answers it: one may have died with the job
SKIP_SECONDS = 1.0  # after a failure, so that a dead Valkey costs a page one time-out, not one per job
UNREACHABLE = (redis.ConnectionError, redis.TimeoutError)


class JSONQueue(Queue):
    """An RQ queue whose jobs are JSON: a pickle pushed by hand is refused, and a model as argument is a TypeError."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "serializer": JSONSerializer})


class _Breaker:
    """Remembers that Valkey just failed."""

    def __init__(self) -> None:
        self._skip_until = 0.0
        self._lock = threading.Lock()

    def closed(self) -> bool:
        return time.monotonic() >= self._skip_until

    def trip(self, error: Exception) -> None:
        with self._lock:
            if self.closed():
                log.warning("valkey away, the sweep takes over", error=type(error).__name__)
            self._skip_until = time.monotonic() + SKIP_SECONDS


_breaker = _Breaker()


@cache
def valkey() -> redis.Redis:
    """The shared connection pool for short commands; gives up after a quarter of a second."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=0.25, socket_timeout=0.5, health_check_interval=30
    )


@cache
def _queue(name: str) -> Queue:
    limit = TIME_LIMITS[name]
    return JSONQueue(name, connection=valkey(), default_timeout=limit)


@cache
def _resolved(path: str) -> Callable[..., Any]:
    return import_string(path)


def enqueue(path: str, *args: Any, queue: str = "default") -> None:
    """Run the job function at `path` with `args`, once the current transaction has committed.

    Raises ImportError at once for a path that names nothing, KeyError for an unknown queue and TypeError for
    arguments that are not JSON.
    """
    _checked(path, args, queue)
    transaction.on_commit(partial(_push, path, args, queue), robust=True)


def ring(path: str, *args: Any, queue: str = "default") -> None:
    """Like `enqueue`, but a job that is already waiting and has not begun counts for this call too."""
    _checked(path, args, queue)
    transaction.on_commit(partial(_ring, path, args, queue), robust=True)


_rang: dict[str, float] = {}


def ring_now(path: str, *args: Any, queue: str, at_most_every: float) -> None:
    """Like `ring`, at once, and silent when this process rang the same bell within `at_most_every` seconds.

    For rows that are committed already, and jobs that look again after more than that time before they end.
    """
    bell, now = _bell(path, args), time.monotonic()
    if now - _rang.get(bell, -at_most_every) < at_most_every:
        return
    _checked(path, args, queue)
    if _ring(path, args, queue):
        _rang[bell] = now


def answered(path: str, *args: Any) -> None:
    """Let the next `ring` through. A rung job calls this first, before it looks for work."""
    _try(lambda: valkey().delete(_bell(path, args)))


def others_wait(queue: str) -> bool:
    """Whether a queue holds jobs that no worker has taken; also when Valkey is away and cannot tell."""
    waiting: list[int] = []
    _try(lambda: waiting.append(valkey().llen(_queue(queue).key)))
    return waiting != [0]


def _checked(path: str, args: tuple[Any, ...], queue: str) -> None:
    _resolved(path)
    TIME_LIMITS[queue]
    json.dumps(args)


def _push(path: str, args: tuple[Any, ...], queue: str) -> bool:
    return _try(lambda: _queue(queue).enqueue_call(path, args=args, result_ttl=0, failure_ttl=86_400))


def _ring(path: str, args: tuple[Any, ...], queue: str) -> bool:
    def ring_once() -> None:
        if valkey().set(_bell(path, args), 1, nx=True, ex=BELL_SECONDS):
            _queue(queue).enqueue_call(path, args=args, result_ttl=0, failure_ttl=86_400)

    return _try(ring_once)


def _bell(path: str, args: tuple[Any, ...]) -> str:
    return ":".join(["bell", path, *map(str, args)])


def _try(command: Callable[[], object]) -> bool:
    """Whether Valkey took the command; False, without asking, for a second after a failure."""
    if not _breaker.closed():
        return False
    try:
        command()
    except UNREACHABLE as error:
        _breaker.trip(error)
        return False
    return True

"""A cache that answers from this process while Valkey is away.

Sign-in rate limits ask the cache on every attempt; with Django's own backend a dead Valkey would turn each of them
into an error page. Limits then hold per process only, until Valkey is back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import redis
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

SKIP_SECONDS = 1.0  # after a failure, so that pages do not wait for one time-out per cache call


class JSONSerializer:
    """Values as JSON: whoever could write to Valkey must not be able to hand pickles to a web process."""

    def dumps(self, value: Any) -> bytes:
        return json.dumps(value).encode()

    def loads(self, raw: bytes) -> Any:
        return json.loads(raw)


class SoftCache(BaseCache):
    """RedisCache in front, LocMemCache behind it while Valkey does not answer."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        patience = {"socket_connect_timeout": 0.25, "socket_timeout": 0.5, "serializer": JSONSerializer}
        self._remote = RedisCache(server, {**params, "OPTIONS": {**params.get("OPTIONS", {}), **patience}})
        self._local = LocMemCache("soft", params)
        self._skip_until = 0.0

    def _ask(self, call: Callable[[BaseCache], Any]) -> Any:
        if time.monotonic() >= self._skip_until:
            try:
                return call(self._remote)
            except (redis.ConnectionError, redis.TimeoutError):
                self._skip_until = time.monotonic() + SKIP_SECONDS
        return call(self._local)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return self._ask(lambda cache: cache.add(*args, **kwargs))

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask(lambda cache: cache.get(*args, **kwargs))

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._ask(lambda cache: cache.set(*args, **kwargs))

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return self._ask(lambda cache: cache.touch(*args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return self._ask(lambda cache: cache.delete(*args, **kwargs))

    def incr(self, *args: Any, **kwargs: Any) -> int:
        return self._ask(lambda cache: cache.incr(*args, **kwargs))

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return self._ask(lambda cache: cache.has_key(*args, **kwargs))

    def clear(self) -> None:
        self._ask(lambda cache: cache.clear())

"""Tell the open screens of a workspace which of their panes are out of date.

Only names travel, never content: a browser that hears one fetches the difference with its own rights. `live.app`
passes the names on.
"""

from __future__ import annotations

import json
import threading
import time
from functools import cache

import redis
import structlog
from django.conf import settings
from django.db import connection, transaction

log = structlog.get_logger(__name__)

CHANNEL = "live"
SYNC = "sync"  # stands for "look at everything again"
SKIP_SECONDS = 1.0  # after a failure, so that a dead Valkey costs a page one time-out, not one per signal


def publish(workspace_id: int, *names: str) -> None:
    """Signal `names` ("list", "counts", "conv-<uuid>", …) to the workspace's screens once this transaction commits.

    All calls in one transaction become one message per workspace. Never raises: screens that miss a signal because
    Valkey is away are told to look again when it is back.
    """
    for _, hook, *_ in connection.run_on_commit:
        # Django drops the hook with the savepoint it was made in, and every name added to it is inside that too.
        if isinstance(hook, _Signals):
            hook.add(workspace_id, names)
            return
    signals = _Signals()
    signals.add(workspace_id, names)
    transaction.on_commit(signals, robust=True)


class _Signals:
    """What one transaction has to say."""

    def __init__(self) -> None:
        self._names: dict[int, dict[str, None]] = {}

    def add(self, workspace_id: int, names: tuple[str, ...]) -> None:
        self._names.setdefault(workspace_id, {}).update(dict.fromkeys(names))

    def __call__(self) -> None:
        _line.say({workspace: list(names) for workspace, names in self._names.items() if names})


class _Line:
    """The way to Valkey: quiet for a second after a failure, and then it owes a `sync` for what was lost."""

    def __init__(self) -> None:
        self._skip_until = 0.0
        self._owed: set[int] = set()
        self._lock = threading.Lock()

    def say(self, news: dict[int, list[str]]) -> None:
        if time.monotonic() < self._skip_until:
            self._owe(set(news))
            return
        with self._lock:
            owed, self._owed = self._owed, set()
        try:
            self._send(news | {workspace: [SYNC] for workspace in owed})
        except (redis.RedisError, OSError) as error:
            self._skip_until = time.monotonic() + SKIP_SECONDS
            self._owe(owed | set(news))
            log.warning("screens not told, valkey away", error=type(error).__name__)

    def _send(self, news: dict[int, list[str]]) -> None:
        with _valkey().pipeline(transaction=False) as pipe:
            for workspace, names in news.items():
                pipe.publish(CHANNEL, json.dumps({"ws": workspace, "names": names}, separators=(",", ":")))
            pipe.execute()

    def _owe(self, workspaces: set[int]) -> None:
        with self._lock:
            self._owed |= workspaces


_line = _Line()


@cache
def _valkey() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=0.25, socket_timeout=0.5, health_check_interval=30
    )

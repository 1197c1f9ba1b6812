"""Django's PostgreSQL backend, which fails at once while the server is known to be away.

psycopg's pool lets every caller wait its full time-out. With a handful of web threads that would let one outage pile
up minutes of requests; so after a failure one caller a second tries, and the others fail without waiting.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
from django.db.backends.postgresql import base

RETRY_SECONDS = 1.0
PROBE_SECONDS = 5.0  # longer than a probe takes: the pool's time-out


class _Breaker:
    """Whether to try, after a failure."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._closed_until = 0.0

    def may_try(self) -> bool:
        """True for everybody while all is well; during an outage for one caller at a time."""
        if not self._closed_until:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._closed_until:
                return False
            self._closed_until = now + PROBE_SECONDS
            return True

    def failed(self) -> None:
        self._closed_until = time.monotonic() + RETRY_SECONDS

    def worked(self) -> None:
        self._closed_until = 0.0


breaker = _Breaker()


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A pooled connection. Raises OperationalError, at once if the server was away a moment ago."""
        if not breaker.may_try():
            raise psycopg.OperationalError("PostgreSQL did not answer a moment ago.")
        try:
            connection = super().get_new_connection(conn_params)
        except psycopg.OperationalError:
            breaker.failed()
            raise
        breaker.worked()
        return connection

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from config import queues
from config.embedded import free_port
from inbox import pacing
from live import publishing
from tests.inbox.graph import FakeGraph


@pytest.fixture
def graph() -> Iterator[FakeGraph]:
    """A provider that answers as the test says."""
    with FakeGraph().serving() as running:
        yield running


@pytest.fixture
def no_valkey(settings: Any) -> Iterator[None]:
    """The product's Valkey is a port where nothing listens."""
    before = settings.REDIS_URL
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    _forget_connections()
    yield
    settings.REDIS_URL = before
    _forget_connections()


def _forget_connections() -> None:
    """Let the next command connect anew, and at once."""
    for cached in (queues.valkey, queues._queue, pacing._script, publishing._valkey):
        cached.cache_clear()
    queues._breaker._skip_until = publishing._line._skip_until = 0.0

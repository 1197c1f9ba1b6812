"""The one subscription of this process to the signals in Valkey."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from .hub import Hub
from .publishing import CHANNEL

log = structlog.get_logger(__name__)

IDLE_SECONDS = 3  # silence after which Valkey is asked whether it is still there; twice that counts as lost
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
NAME_LENGTH = 100


async def listen(hub: Hub, url: str) -> None:
    """Pass every published signal to the hub, for ever; tells it when Valkey is lost and regained."""
    pause = FIRST_PAUSE
    while True:
        # No retries inside the client: it would resubscribe silently and nobody would know what was missed.
        client = Redis.from_url(url, socket_connect_timeout=1, retry=Retry(NoBackoff(), 0))
        try:
            async with client.pubsub() as pubsub:
                await pubsub.subscribe(CHANNEL)
                async for message in _messages(pubsub):
                    if message["type"] == "subscribe":
                        hub.regained()
                        pause = FIRST_PAUSE
                    elif message["type"] == "message":
                        _pass_on(hub, message["data"])
        except (RedisError, OSError, TimeoutError) as error:
            if not hub.down:
                log.warning("valkey away, browsers poll", error=type(error).__name__)
            hub.lost()
        finally:
            await client.aclose()  # type: ignore[attr-defined]  # the stubs are older than the method
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def _messages(pubsub: PubSub) -> Any:
    """What arrives; raises TimeoutError when a ping goes unanswered."""
    asked = False
    while True:
        message = await pubsub.get_message(timeout=IDLE_SECONDS)
        if message:
            asked = False
            yield message
        elif asked:
            raise TimeoutError
        else:
            await pubsub.ping()
            asked = True


def _pass_on(hub: Hub, raw: bytes) -> None:
    try:
        signal = json.loads(raw)
        workspace_id, names = int(signal["ws"]), [str(name)[:NAME_LENGTH] for name in signal["names"]]
    except (ValueError, TypeError, KeyError):
        log.warning("unreadable signal", size=len(raw))
        return
    hub.signal(workspace_id, names)

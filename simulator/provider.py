"""The running simulator: its world, its faults and who may call."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from starlette.requests import Request

from simulator.errors import GraphError
from simulator.faults import FaultBook
from simulator.lifecycle import Lifecycle
from simulator.records import Channel
from simulator.state import World
from simulator.template_review import Reviewer


class Provider:
    def __init__(self, world: World) -> None:
        self.world = world
        self.lifecycle = Lifecycle(world)
        self.outbox = self.lifecycle.outbox
        self.reviewer = Reviewer(world, self.outbox)
        self.faults = FaultBook()
        self.refused: Counter[str] = Counter()
        self._background: set[asyncio.Task[None]] = set()

    def channel_of(self, request: Request) -> Channel:
        """Return the business number in the path. Raises GraphError unless the token may act for it."""
        token = self.token_of(request)
        channel = self.world.channels.get(request.path_params["id"])
        if channel is None or channel.token != token:
            raise unknown_object(request)
        return channel

    def channels_of_waba(self, request: Request) -> list[Channel]:
        """Return the numbers of the account in the path. Raises GraphError unless the token may act for it."""
        token = self.token_of(request)
        waba_id = request.path_params["id"]
        channels = [c for c in self.world.channels.values() if c.waba_id == waba_id and c.token == token]
        if not channels:
            raise unknown_object(request)
        return channels

    def token_of(self, request: Request) -> str:
        """Return the bearer token. Raises GraphError 190 for none, or one that was never issued."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme not in ("Bearer", "OAuth") or not token:
            raise GraphError(190, "Invalid OAuth access token - Cannot parse access token")
        if not any(channel.token == token for channel in self.world.channels.values()):
            raise GraphError(190, "Invalid OAuth access token", subcode=467)
        return token

    def count_refusal(self, reason: str) -> None:
        self.refused[reason] += 1

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def unknown_object(request: Request, object_id: str = "") -> GraphError:
    object_id = object_id or request.path_params["id"]
    what = f"Unsupported {request.method.lower()} request. Object with ID '{object_id}'"
    why = "does not exist, cannot be loaded due to missing permissions, or does not support this operation."
    return GraphError(100, f"{what} {why}", subcode=33)

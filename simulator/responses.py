"""Answers that go wrong on the wire."""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from simulator.live import Hub


class SilentResponse(Response):
    """No answer for a while, then a connection that ends without one."""

    def __init__(self, hub: Hub, seconds: float) -> None:
        super().__init__()
        self.hub, self.seconds = hub, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.hub.pause(self.seconds)
        await BrokenResponse()(scope, receive, send)


class BrokenResponse(Response):
    """Headers promise a body, half of it comes, then the connection drops."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"400")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"messaging_product":"whatsapp",', "more_body": True})
        await asyncio.sleep(0.01)

"""The simulator as an ASGI application: run it with `granian --interface asgi simulator.app:application`."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FrameType
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from simulator import admin, graph, graph_account, graph_media, graph_templates, graph_uploads, phone
from simulator.asking import Refused
from simulator.config import from_environment
from simulator.doors import LoopbackOnly
from simulator.errors import GraphError
from simulator.live import Hub
from simulator.provider import Provider
from simulator.state import World


@asynccontextmanager
async def _running(app: Starlette) -> AsyncIterator[None]:
    world = World(from_environment(os.environ))
    recovered = world.load()
    world.marks.setdefault("media_key", secrets.token_hex(16))  # seals download addresses
    provider = app.state.provider = Provider(world)
    provider.outbox.load()
    provider.reviewer.load()
    provider.lifecycle.recover(recovered)
    _end_streams_on_signal(world.hub)
    running = (world.storage.keep_flushing(), provider.outbox.run(), provider.reviewer.run())
    tasks = [asyncio.create_task(work) for work in running]
    try:
        yield
    finally:
        world.hub.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await world.storage.flush()
        world.storage.close()
        world.journal.close()


def _end_streams_on_signal(hub: Hub) -> None:
    """End open streams when a stop is asked for.

    granian waits for open answers before it announces the shutdown, so one open phone page would keep the process
    alive. The event loop's own handler is called too; which loop that is depends on what is installed beside granian.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        earlier = signal.getsignal(number)
        if callable(earlier):
            signal.signal(number, _ending(loop, hub, earlier))


def _ending(
    loop: asyncio.AbstractEventLoop, hub: Hub, earlier: Callable[[int, FrameType | None], Any]
) -> Callable[[int, FrameType | None], None]:
    def end(number: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(hub.close)
        earlier(number, frame)

    return end


async def _graph_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, GraphError)
    request.app.state.provider.count_refusal(str(error.code))
    return error.response()


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"error": str(error)}, status_code=error.status)


def _graph_routes() -> list[Route]:
    return [
        Route("/{id}/messages", graph.post_messages, methods=["POST"]),
        Route("/{id}/media", graph_media.post_media, methods=["POST"]),
        Route("/{id}/message_templates", graph_templates.get_templates),
        Route("/{id}/message_templates", graph_templates.create_template, methods=["POST"]),
        Route("/{id}/message_templates", graph_templates.delete_templates, methods=["DELETE"]),
        Route("/{id}/uploads", graph_uploads.open_upload, methods=["POST"]),
        Route("/upload:{session}", graph_uploads.put_upload, methods=["POST"]),
        Route("/upload:{session}", graph_uploads.get_upload),
        Route("/{id}/phone_numbers", graph_account.get_phone_numbers),
        Route("/{id}/subscribed_apps", graph_account.subscribed_apps, methods=["GET", "POST", "DELETE"]),
        Route("/{id}/message_history", graph_account.get_message_history),
        Route("/{id}/register", graph_account.post_registration, methods=["POST"]),
        Route("/{id}/deregister", graph_account.post_registration, methods=["POST"]),
        Route("/{id}", graph_account.get_object),
        Route("/{id}", graph_templates.edit_template, methods=["POST"]),
        Route("/{id}", graph_media.delete_object, methods=["DELETE"]),
    ]


application = Starlette(
    routes=[
        Mount("/_sim", routes=admin.routes),
        Route("/whatsapp_business/attachments/", graph_media.get_attachment),
        Route("/samples/{id}", phone.media),
        Mount("/v{version:float}", routes=_graph_routes()),
        *phone.routes,
    ],
    middleware=[Middleware(LoopbackOnly)],
    exception_handlers={GraphError: _graph_error, Refused: _refused},
    lifespan=_running,
)

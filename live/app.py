"""The live process: `granian --interface asgi --loop asyncio live.app:application` holds the browsers' event streams.

Plain ASGI without Django's request cycle, because an open stream must cost kilobytes. PostgreSQL is asked in threads
only: once when a stream opens, and every few seconds for all streams together.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import django
import structlog

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import Error as DatabaseError  # noqa: E402
from django.http.request import split_domain_port, validate_host  # noqa: E402

from config.database_role import refuse_unbound_role  # noqa: E402

from .gate import Refused, admit, still_allowed  # noqa: E402
from .hub import AUTH, DOWN, Hub  # noqa: E402
from .subscription import listen  # noqa: E402

log = structlog.get_logger(__name__)

PATH = re.compile(r"/w/([-\w]+)/live/?", re.ASCII)
STREAMS_PER_USER = 20
RECHECK_SECONDS = 4  # a person who was removed hears nothing after five
TEXT = (b"content-type", b"text/plain; charset=utf-8")
STREAM_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back until its buffer is full
]

refuse_unbound_role()

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

hub = Hub()
gatekeepers = ThreadPoolExecutor(4, thread_name_prefix="gate")


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """ASGI entry point."""
    if scope["type"] == "lifespan":
        await _live_and_die(receive, send)
    elif scope["path"] == "/healthz":
        await _answer(send, 200, [])
    else:
        await _open(scope, receive, send)


async def _open(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    cors: list[tuple[bytes, bytes]] = []
    try:
        cors = _cross_origin(headers)
        slug = _slug(scope)
        loop = asyncio.get_running_loop()
        viewer = await loop.run_in_executor(gatekeepers, admit, slug, headers.get("cookie", ""))
        if hub.per_user[viewer.user_id] >= STREAMS_PER_USER:
            raise Refused(429)
    except Refused as refused:
        await _answer(send, refused.status, cors)
        return
    except DatabaseError:
        await _answer(send, 503, [*cors, (b"retry-after", b"5")])
        return
    stream = hub.join(viewer, send)
    watcher = asyncio.create_task(_until_gone(receive, stream.close))
    try:
        await stream.begin([*STREAM_HEADERS, *cors], DOWN if hub.down else b"")
        await stream.closed
        await stream.finish()
    finally:
        hub.leave(stream)
        watcher.cancel()


def _slug(scope: dict[str, Any]) -> str:
    match = PATH.fullmatch(scope["path"])
    if not match:
        raise Refused(404)
    if scope["method"] != "GET":
        raise Refused(405)
    return match[1]


def _cross_origin(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """The headers that let the product's own pages read the stream. Raises Refused for other sites' pages."""
    host, _ = split_domain_port(headers.get("host", "").lower())
    if not validate_host(host, settings.ALLOWED_HOSTS):
        raise Refused(400)
    origin = headers.get("origin")
    if origin is None:
        # Browsers leave Origin out of same-origin GETs only; the newer header tells those from navigations and images.
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Refused(403)
        return []
    if settings.LIVE_PORT:
        trusted = urlsplit(origin).hostname == host
    else:
        same = urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
        trusted = same or origin in (settings.BASE_URL, *settings.CSRF_TRUSTED_ORIGINS)
    if not trusted:
        raise Refused(403)
    allow = (b"access-control-allow-origin", origin.encode("latin-1"))
    return [allow, (b"access-control-allow-credentials", b"true"), (b"vary", b"Origin")]


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    head = [TEXT, (b"cache-control", b"no-store"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": b"ok\n" if status == 200 else b""})


async def _until_gone(receive: Receive, then: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    then()


async def _recheck() -> None:
    """Close the streams of people whose session, seat or role is no longer what it was."""
    while True:
        await asyncio.sleep(RECHECK_SECONDS)
        streams = hub.streams()
        if not streams:
            continue
        try:
            allowed = await asyncio.to_thread(still_allowed, {stream.viewer for stream in streams})
        except DatabaseError as error:
            # Nobody can be removed while PostgreSQL is away, so the streams stay.
            log.warning("viewers not re-checked", error=type(error).__name__)
            continue
        for stream in streams:
            if stream.viewer not in allowed:
                stream.end(AUTH)


async def _live_and_die(receive: Receive, send: Send) -> None:
    await receive()
    _many_files()
    _close_on_signal()
    tasks = [asyncio.create_task(work) for work in (listen(hub, settings.REDIS_URL), hub.beat(), _recheck())]
    for task in tasks:
        task.add_done_callback(_must_not_end)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    for task in tasks:
        task.cancel()
    gatekeepers.shutdown(wait=False)
    await send({"type": "lifespan.shutdown.complete"})


def _must_not_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("live process cannot go on", exc_info=error)
        os.kill(os.getpid(), signal.SIGTERM)


def _many_files() -> None:
    """One stream is one file descriptor; shells give 1,024 by default but allow more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _close_on_signal() -> None:
    """End the streams before granian waits for them.

    On SIGTERM granian first waits for open responses and only then sends lifespan.shutdown, so a stream would keep
    the process alive for ever. Its handler is kept and runs after ours.
    """
    loop = asyncio.get_running_loop()

    def close(earlier: asyncio.Handle) -> None:
        hub.close()
        earlier._run()  # type: ignore[attr-defined]

    for number in (signal.SIGTERM, signal.SIGINT):
        if earlier := getattr(loop, "_signal_handlers", {}).get(number):
            loop.add_signal_handler(number, close, earlier)

"""One call to the provider for one message. Whatever happens becomes an outcome; nothing raises."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, lru_cache
from typing import Any

import aiohttp
import httpx
import structlog
from django.conf import settings
from httpx_aiohttp import AiohttpTransport

from providers.base import Adapter
from providers.errors import transport_failure
from providers.types import Credentials, Failure, MediaRef, Outbound, Outcome, Request

from . import tokens
from .outbox import Claimed

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 5.0
# Nothing has left for the provider in these cases; whatever else goes wrong is an unclear answer. Judged by aiohttp's
# own exceptions where there are any: its httpx transport calls a connection that broke after the request was written
# a ConnectTimeout (httpx-aiohttp 0.2.0, transport.py).
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.InvalidURL)
AIOHTTP_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


@asynccontextmanager
async def connections() -> AsyncIterator[httpx.AsyncBaseTransport]:
    """The connections of one dispatch run. No proxy from the environment, no redirects with a token.

    A transport, not an httpx client: merging defaults, cookies, redirects and auth cost a client 150 microseconds
    a request, and nothing of that is wanted here.
    """
    limits = httpx.Limits(max_connections=settings.SEND_CONCURRENCY, max_keepalive_connections=None)
    # httpx's own pool scans every connection on each request and collapses at 64 in flight; aiohttp's does not.
    async with AiohttpTransport(limits=limits) as transport:
        yield transport


async def exchange(transport: httpx.AsyncBaseTransport, request: Request) -> tuple[int, httpx.Headers, bytes]:
    """Make one request and read the whole answer: status, headers, body. Raises httpx's transport errors."""
    return await _exchanged(transport, _as_httpx(request))


async def _exchanged(transport: httpx.AsyncBaseTransport, request: httpx.Request) -> tuple[int, httpx.Headers, bytes]:
    answer = await transport.handle_async_request(request)
    try:
        return answer.status_code, answer.headers, await answer.aread()
    finally:
        await answer.aclose()


async def send(
    transport: httpx.AsyncBaseTransport, provider: Adapter, keys: Credentials, message: Claimed, media: MediaRef | None
) -> Outcome:
    """One call to the provider. Whatever happens becomes an outcome; nothing raises."""
    outbound = Outbound(
        kind=message.kind,
        to=message.address,
        to_user_id=message.user_id,
        content=message.content or {"text": message.text},
        token=tokens.make(message.uuid, message.attempt),
        reply_to=message.reply_to,
        media=media,
    )
    try:
        request = _as_httpx(provider.send(outbound, keys))
    except (ValueError, KeyError, TypeError) as error:  # also half a surrogate pair, or a number that is none
        log.error("message could not be put into the provider's words", message=str(message.uuid))
        return refused_here(error)
    try:
        status, headers, body = await _exchanged(transport, request)
    except Exception as error:  # one message's trouble, whatever it is, must not cost the batch its answers
        if never_sent(error):
            return transport_failure("connect")
        log.warning("no clear answer", message=str(message.uuid), error=type(error.__cause__ or error).__name__)
        return transport_failure("after_write")
    return provider.sent(status, headers, body)


def never_sent(error: Exception) -> bool:
    """Whether an exchange failed before the first byte of the request can have left."""
    if isinstance(error.__cause__, aiohttp.ClientError):
        return isinstance(error.__cause__, AIOHTTP_NEVER_SENT)
    return isinstance(error, NEVER_SENT)


def refused_here(error: Exception) -> Outcome:
    """A message whose content does not fit its kind: nothing was sent, and trying again cannot help."""
    return Failure("permanent", "unusable_content", f"This message could not be sent: {error}")


def _as_httpx(request: Request) -> httpx.Request:
    if request.json is not None and request.params is None:
        return _as_json(request)
    return httpx.Request(
        request.method,
        _url(request.url),
        headers=request.headers,
        json=request.json,
        params=request.params,
        data=request.fields,
        files={"file": request.file} if request.file is not None else None,
        extensions=_extensions(settings.SEND_ANSWER_SECONDS),
    )


def _as_json(request: Request) -> httpx.Request:
    """What `httpx.Request(json=…)` makes, without the headers it adds: aiohttp sets Host and Content-Length itself.

    They are a tenth of what a message costs this process.
    """
    body = json.dumps(request.json, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    made = httpx.Request(
        request.method,
        _url(request.url),
        headers=[*request.headers.items(), ("Content-Type", "application/json")],
        stream=httpx.ByteStream(body),
        extensions=_extensions(settings.SEND_ANSWER_SECONDS),
    )
    made.read()
    return made


@cache
def _extensions(answer_seconds: float) -> dict[str, Any]:
    return {"timeout": httpx.Timeout(answer_seconds, connect=CONNECT_SECONDS).as_dict()}


@lru_cache(maxsize=1024)
def _url(text: str) -> httpx.URL:
    """One address per number; parsing it each time is a tenth of a request's cost."""
    return httpx.URL(text)

"""Media sent by link: fetched by the provider itself, as the real one does, and failed later when it cannot be."""

from __future__ import annotations

import mimetypes
from urllib.parse import urlsplit

import httpx

from simulator.provider import Provider
from simulator.records import Message

MAX_BYTES = 100 * 1024 * 1024


async def fetch_then_deliver(provider: Provider, message: Message) -> None:
    """Fetch the link of a media message, then let its statuses go out."""
    try:
        content, mime_type = await _fetch(message.body["link"])
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        details = f"Downloading the media from its link failed: {error}"
        provider.lifecycle.accepted(message, failing=131053, details=details)
        return
    name = message.body.get("filename") or urlsplit(message.body["link"]).path.rpartition("/")[2]
    media = provider.world.put_media(message.phone_number_id, content, mime_type=mime_type, filename=name, days=30)
    message.body = {**message.body, "fetched_id": media.id}
    provider.world.save_message(message)
    provider.lifecycle.accepted(message)


async def _fetch(link: str) -> tuple[bytes, str]:
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client, client.stream("GET", link) as response:
        response.raise_for_status()
        content = b""
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > MAX_BYTES:
                raise ValueError("the file is larger than 100 MB")
        mime_type = response.headers.get("content-type", "").split(";")[0]
    return content, mime_type or mimetypes.guess_type(link)[0] or "application/octet-stream"

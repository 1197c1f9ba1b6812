"""Media sent by link: fetched by the provider itself, as the real one does, and failed later when it cannot be."""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import urlsplit

import httpx

from simulator import sends, template_filling
from simulator.provider import Provider
from simulator.records import Message

MAX_BYTES = 100 * 1024 * 1024


def media_to_fetch(message: Message) -> list[dict[str, Any]]:
    """The parts of a message that name a link: the message itself, or header and cards of its template."""
    media = [message.body] if message.type in sends.MEDIA_KINDS else []
    if message.type == "template":
        media = template_filling.media_of(message.body)
    return [medium for medium in media if medium.get("link")]


async def fetch_then_deliver(provider: Provider, message: Message) -> None:
    """Fetch the links of a message, then let its statuses go out."""
    for medium in media_to_fetch(message):
        try:
            content, mime_type = await _fetch(medium["link"])
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            details = f"Downloading the media from its link failed: {error}"
            provider.lifecycle.accepted(message, failing=131053, details=details)
            return
        name = medium.get("filename") or urlsplit(medium["link"]).path.rpartition("/")[2]
        media = provider.world.put_media(message.phone_number_id, content, mime_type=mime_type, filename=name, days=30)
        medium["fetched_id"] = media.id
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

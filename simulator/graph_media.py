"""The Graph API's files: upload, look up, download, delete."""

from __future__ import annotations

import hashlib
import hmac
import time

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.errors import GraphError
from simulator.provider import Provider, unknown_object
from simulator.records import Media

MB = 1024 * 1024
URL_SECONDS = 300
UPLOAD_DAYS = 30
# Types and sizes: developers.facebook.com/docs/whatsapp/cloud-api/reference/media (read 2026-09).
LIMITS = {
    "image/jpeg": 5 * MB, "image/png": 5 * MB, "image/webp": MB // 2,
    "audio/aac": 16 * MB, "audio/amr": 16 * MB, "audio/mpeg": 16 * MB, "audio/mp4": 16 * MB, "audio/ogg": 16 * MB,
    "video/mp4": 16 * MB, "video/3gpp": 16 * MB,
}  # fmt: skip
DOCUMENT_TYPES = ("application/", "text/")
DOCUMENT_LIMIT = 100 * MB


async def post_media(request: Request) -> Response:
    """Take an upload and answer with its id."""
    provider: Provider = request.app.state.provider
    channel = provider.channel_of(request)
    async with request.form() as form:
        upload = form.get("file")
        if form.get("messaging_product") != "whatsapp":
            raise GraphError(100, "The parameter messaging_product is required.")
        if not isinstance(upload, UploadFile):
            raise GraphError(100, "The parameter file is required.")
        mime_type = str(form.get("type") or upload.content_type or "")
        content = await upload.read()
        filename = upload.filename or ""
    base_type = mime_type.split(";")[0].strip().lower()
    limit = LIMITS.get(base_type, DOCUMENT_LIMIT if base_type.startswith(DOCUMENT_TYPES) else 0)
    if not limit:
        raise GraphError(100, f"Param file must be a file of a supported type. Received file of type '{base_type}'.")
    if not content or len(content) > limit:
        raise GraphError(131053, f"A file of type {base_type} must have between 1 and {limit} bytes.")
    media = provider.world.put_media(
        channel.phone_number_id, content, mime_type=mime_type, filename=filename, days=UPLOAD_DAYS
    )
    return JSONResponse({"id": media.id})


def describe(provider: Provider, media: Media) -> Response:
    """The metadata with a download address that lives five minutes."""
    expires = int(time.time()) + URL_SECONDS
    address = f"{provider.world.config.base_url}/whatsapp_business/attachments/"
    return JSONResponse({
        "url": f"{address}?mid={media.id}&ext={expires}&hash={_seal(provider, media, expires)}",
        "mime_type": media.mime_type,
        "sha256": media.sha256,
        "file_size": str(media.size),
        "id": media.id,
        "messaging_product": "whatsapp",
    })  # fmt: skip


async def get_attachment(request: Request) -> Response:
    """The bytes, for the right token and within the life of the address; 404 otherwise, as the real host does."""
    provider: Provider = request.app.state.provider
    token = provider.token_of(request)
    media = provider.world.media.get(request.query_params.get("mid", ""))
    expires = request.query_params.get("ext", "")
    if media is None or not expires.isdigit() or int(expires) < time.time():
        return Response(status_code=404)
    if not hmac.compare_digest(_seal(provider, media, int(expires)), request.query_params.get("hash", "")):
        return Response(status_code=404)
    channel = provider.world.channels.get(media.phone_number_id)
    if channel is None or channel.token != token:
        return Response(status_code=404)
    return Response(provider.world.media_bytes(media), media_type=media.mime_type)


def _seal(provider: Provider, media: Media, expires: int) -> str:
    key = provider.world.marks["media_key"].encode()
    return hmac.new(key, f"{media.id}:{expires}".encode(), hashlib.sha256).hexdigest()[:43]


def media_of(provider: Provider, request: Request) -> Media | None:
    """Return the file named in the path when it is alive and belongs to the caller's number."""
    token = provider.token_of(request)
    media = provider.world.media.get(request.path_params["id"])
    if media is None or media.expires_at < time.time():
        return None
    channel = provider.world.channels.get(media.phone_number_id)
    guard = request.query_params.get("phone_number_id", media.phone_number_id)
    if channel is None or channel.token != token or guard != media.phone_number_id:
        return None
    return media


async def delete_object(request: Request) -> Response:
    provider: Provider = request.app.state.provider
    media = media_of(provider, request)
    if media is None:
        raise unknown_object(request)
    provider.world.delete_media(media)
    return JSONResponse({"success": True})

"""Resumable uploads, which give the handles that stand for sample files in templates.

developers.facebook.com/docs/graph-api/guides/upload (read 2026-09).
"""

from __future__ import annotations

import base64
import secrets
import time
from copy import deepcopy
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator import spoiling
from simulator.errors import GraphError
from simulator.provider import Provider, unknown_object
from simulator.records import Upload
from simulator.state import World

MIB = 1024 * 1024
FORMATS = {  # MIME type → header format, most bytes
    "image/jpeg": ("IMAGE", 5 * MIB), "image/jpg": ("IMAGE", 5 * MIB), "image/png": ("IMAGE", 5 * MIB),
    "video/mp4": ("VIDEO", 16 * MIB), "application/pdf": ("DOCUMENT", 100 * MIB),
}  # fmt: skip
KEPT_DAYS = 365 * 10


async def open_upload(request: Request) -> Response:
    """Begin an upload. The app in the path may be the word `app`, for the one the token belongs to."""
    provider: Provider = request.app.state.provider
    token, query = provider.token_of(request), request.query_params
    fault = provider.faults.pick(to="", kind="upload_open", phone_number_id="", identity=query.get("file_name", ""))
    if fault and (refused := spoiling.refusal(fault, spoiling.TEMPLATE_REFUSALS)):
        return refused
    mime_type, size = query.get("file_type", ""), query.get("file_length", "")
    if mime_type not in FORMATS:
        raise GraphError(100, f"Param file_type must be one of {', '.join(FORMATS)} - got {mime_type!r}.")
    if not size.isdecimal() or not 1 <= int(size) <= FORMATS[mime_type][1]:
        raise GraphError(100, f"Param file_length must be between 1 and {FORMATS[mime_type][1]}.")
    name = base64.urlsafe_b64encode(secrets.token_bytes(24)).decode()
    waba_ids = sorted({c.waba_id for c in provider.world.channels.values() if c.token == token})
    upload = Upload(
        session=f"upload:{name}", waba_ids=waba_ids, filename=query.get("file_name", "file"), mime_type=mime_type,
        size=int(size), created_at=time.time(),
    )  # fmt: skip
    provider.world.save_upload(upload)
    answer = {"id": f"{upload.session}?sig={secrets.token_urlsafe(12)}"}
    return JSONResponse(answer) if fault is None else await spoiling.spoil(answer, fault, provider.world.hub, {})


async def put_upload(request: Request) -> Response:
    """Take bytes from `file_offset` on. Once the file is whole, answer with its handle."""
    provider: Provider = request.app.state.provider
    world, upload = provider.world, _upload(provider, request)
    fault = provider.faults.pick(to="", kind="upload_put", phone_number_id="", identity=upload.session)
    if fault and (refused := spoiling.refusal(fault, spoiling.TEMPLATE_REFUSALS)):
        return refused
    offset = request.headers.get("file_offset", "")
    if not offset.isdecimal() or int(offset) != upload.received:
        raise GraphError(100, f"The header file_offset must be {upload.received}.")
    content = await request.body()
    if not content or upload.received + len(content) > upload.size:
        raise GraphError(100, "The file does not have the announced length.")
    path = world.config.media_folder / upload.session.partition(":")[2]
    with path.open("ab") as file:
        file.write(content)
    upload.received += len(content)
    if upload.received < upload.size:
        world.save_upload(upload)
        return JSONResponse({"id": upload.session, "file_offset": upload.received})
    _finish(world, upload, path.read_bytes())
    path.unlink()
    answer = {"h": upload.handle}
    return JSONResponse(answer) if fault is None else await spoiling.spoil(answer, fault, world.hub, {})


async def get_upload(request: Request) -> Response:
    """How far an upload got."""
    upload = _upload(request.app.state.provider, request)
    return JSONResponse({"id": upload.session, "file_offset": upload.received})


def _upload(provider: Provider, request: Request) -> Upload:
    token = provider.token_of(request)
    upload = provider.world.uploads.get("upload:" + request.path_params["session"])
    own = {channel.waba_id for channel in provider.world.channels.values() if channel.token == token}
    if upload is None or upload.handle or not own & set(upload.waba_ids):
        raise unknown_object(request, "upload:" + request.path_params["session"])
    return upload


def _finish(world: World, upload: Upload, content: bytes) -> None:
    media = world.put_media(
        "", content, mime_type=upload.mime_type, filename=upload.filename, days=KEPT_DAYS
    )  # of no number: samples cannot be sent
    parts = (upload.filename, upload.mime_type, secrets.token_urlsafe(24))
    upload.handle = "4:" + ":".join(base64.b64encode(part.encode()).decode() for part in parts)
    upload.media_id = media.id
    world.save_upload(upload)


def is_sample(world: World, waba_id: str, handle: Any, kind: str) -> bool:
    """Whether a handle stands for a file that this account uploaded, and fits the header format."""
    upload = world.upload_of_handle(str(handle))
    return upload is not None and waba_id in upload.waba_ids and FORMATS[upload.mime_type][0] == kind


def with_addresses(world: World, components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The submitted parts with addresses in place of handles, as the list shows them ever after."""
    shown = deepcopy(components)
    for part in shown:
        for card in part.get("cards") or []:
            card["components"] = with_addresses(world, card["components"])
        handles = (part.get("example") or {}).get("header_handle")
        upload = world.upload_of_handle(str(handles[0])) if handles else None
        if upload is not None:
            part["example"]["header_handle"] = [f"{world.config.base_url}/samples/{upload.media_id}"]
    return shown

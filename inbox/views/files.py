"""Files of messages, served so that a hostile one stays a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from inbox.media import fetch_again
from inbox.models import Attachment
from inbox.presenting_bodies import INLINE
from workspaces.access import workspace_view
from workspaces.models import Workspace

from .parts import changes, desk

CHUNK = 256 * 1024
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@require_safe
@workspace_view("read_inbox")
def media(request: HttpRequest, workspace: Workspace, uuid: UUID) -> HttpResponseBase:
    """One file, in place for types a browser shows safely, else as a download. Knows byte ranges, for seeking."""
    found = Attachment.objects.filter(workspace_id=workspace.pk, state=Attachment.State.READY, message__deleted_at=None)
    file = get_object_or_404(found, uuid=uuid)
    try:
        stored = default_storage.open(file.file)
    except OSError as error:
        raise Http404("The file is no longer stored.") from error
    size = stored.size
    mime = file.mime_type.split(";")[0]
    inline = mime in INLINE and "download" not in request.GET
    first, last = _range(request.headers.get("Range", ""), size)
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    partial = (first, last) != (0, size - 1)
    response = StreamingHttpResponse(_chunks(stored, first, last), status=206 if partial else 200)
    headers: dict[str, Any] = {
        "Content-Type": mime if inline else "application/octet-stream",
        "Content-Disposition": content_disposition_header(not inline, file.filename or f"{file.kind}-{file.uuid}"),
        "Content-Length": last - first + 1,
        "Accept-Ranges": "bytes",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        # Bytes never change under one address, but who may see them can.
        "Cache-Control": "private, max-age=3600",
    }
    if partial:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    for name, value in headers.items():
        response[name] = value
    return response


@require_POST
@workspace_view("reply")
def fetch(request: Any, workspace: Workspace, queue: str, uuid: UUID, message: UUID) -> HttpResponse:
    """Fetch a failed file from the provider once more."""
    at = desk(request, workspace, queue, uuid)
    found = Attachment.objects.filter(workspace_id=workspace.pk, message__conversation=at.conversation)
    fetch_again(get_object_or_404(found.select_related("message__conversation"), message__uuid=message))
    return changes(request, at) if request.htmx else redirect(at.base)


def _range(header: str, size: int) -> tuple[int, int]:
    """First and last byte asked for; the whole file for anything but one plain range."""
    found = RANGE.fullmatch(header.strip())
    if not found or not any(found.groups()):
        return 0, size - 1
    first, last = found.groups()
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last) if last else size - 1, size - 1)


def _chunks(stored: IO[bytes], first: int, last: int) -> Iterator[bytes]:
    with stored:
        stored.seek(first)
        left = last - first + 1
        while left > 0 and (chunk := stored.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk

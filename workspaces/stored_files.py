"""Files from the media storage as answers a browser may have: a hostile one stays a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

CHUNK = 256 * 1024
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def answer(request: HttpRequest, name: str, *, mime: str, filename: str, inline: bool) -> HttpResponseBase:
    """The stored file `name`, in place or as a download. Knows byte ranges, for seeking. Raises Http404."""
    try:
        stored = default_storage.open(name)
    except OSError as error:
        raise Http404("The file is no longer stored.") from error
    size = stored.size
    first, last = _range(request.headers.get("Range", ""), size)
    if first > last:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    partial = (first, last) != (0, size - 1)
    response = StreamingHttpResponse(_chunks(stored, first, last), status=206 if partial else 200)
    headers: dict[str, Any] = {
        "Content-Type": mime if inline else "application/octet-stream",
        "Content-Disposition": content_disposition_header(not inline, filename),
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
    for header, value in headers.items():
        response[header] = value
    return response


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

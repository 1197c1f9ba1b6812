"""Fetch the files of inbound messages: row-driven, limited in size and type, safe to repeat.

The rows are the queue here too: a lost job is found by the sweep, and a worker that dies while fetching leaves a row
whose next try is already in the future.
"""

from __future__ import annotations

import io
import time
import warnings
from dataclasses import dataclass
from urllib.parse import urljoin
from uuid import uuid4

import httpx
import puremagic
import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone
from PIL import Image

from config.queues import ring
from live.publishing import publish
from providers.errors import ForeignHost
from providers.registry import adapter
from providers.types import Failure, Request
from workspaces import tenancy
from workspaces.channels import credentials
from workspaces.models import Channel
from workspaces.secrets import SecretUnreadable

from .models import Attachment

log = structlog.get_logger(__name__)

BACKOFF = (30, 60, 300, 1800, 7200)  # seconds until the next try; WhatsApp keeps inbound files for seven days
BATCH = 1  # per claim: the files behind a slow one stay free for other workers
MAX_REDIRECTS = 3
MAX_SECONDS = 240.0  # for one file; the time-outs below count from byte to byte
MAX_PIXELS = 40_000_000
TIMEOUT = httpx.Timeout(connect=5.0, read=30.0, write=10.0, pool=5.0)  # seconds
FAMILIES = {"image": "image/", "sticker": "image/", "video": "video/", "audio": "audio/", "voice": "audio/"}

ACTIVE = frozenset({"image/svg+xml"})  # pictures that run scripts when opened

# Containers that hold sound as well as pictures; the magic bytes alone do not tell.
AMBIGUOUS = frozenset({"application/ogg", "video/mp4", "video/ogg", "audio/mp4", "video/3gpp", "audio/mpeg", ""})

# MATERIALIZED: as a plain subquery the planner may run it once for each row, and LIMIT then limits nothing.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM inbox_attachment WHERE state = 'pending' AND next_try_at <= clock_timestamp()
     ORDER BY next_try_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
UPDATE inbox_attachment a
   SET attempts = a.attempts + 1,
       next_try_at = clock_timestamp() + (%(backoff)s::int[])[least(a.attempts, %(last)s) + 1] * interval '1 second'
  FROM due
 WHERE a.id = due.id
RETURNING a.workspace_id, a.id
"""


class Unfetchable(Exception):
    """A file cannot be had: `state` says how the attachment ends, None means "not this time"."""

    def __init__(self, text: str, state: str | None = None) -> None:
        super().__init__(text)
        self.state = state


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file in memory, with the type its bytes show (not the one somebody claimed)."""

    content: bytes
    mime_type: str
    width: int | None = None  # pixels
    height: int | None = None  # pixels


def fetch_pending(limit: int = BATCH) -> int:
    """Fetch up to `limit` files that are due; returns how many were tried."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"backoff": list(BACKOFF), "last": len(BACKOFF) - 1, "limit": limit})
        claimed = cursor.fetchall()
    for workspace_id, attachment_id in claimed:
        _fetch_one(workspace_id, attachment_id)
    return len(claimed)


def _fetch_one(workspace_id: int, attachment_id: int) -> None:
    with tenancy.scope(workspace_id):
        attachment = Attachment.objects.select_related("message__channel", "message__conversation").get(
            workspace_id=workspace_id, pk=attachment_id
        )
    try:
        fetched = fetch(attachment.message.channel, attachment)
    except Unfetchable as error:
        _give_up(attachment, error)
        return
    except Exception as error:  # a decoder's surprise at hostile bytes must not stop the other files
        log.exception("file could not be read", attachment=attachment.pk)
        _give_up(attachment, Unfetchable(f"The file could not be read ({type(error).__name__})."))
        return
    name = default_storage.save(f"{attachment.workspace_id}/{uuid4().hex}", ContentFile(fetched.content))
    _finish(
        attachment,
        state=Attachment.State.READY,
        file=name,
        size=len(fetched.content),
        mime_type=fetched.mime_type,
        width=fetched.width,
        height=fetched.height,
        error="",
    )


def fetch(channel: Channel, attachment: Attachment) -> Fetched:
    """Ask the provider where the file is and download it. Raises Unfetchable."""
    try:
        provider, keys = adapter(channel.kind), credentials(channel)
    except SecretUnreadable as error:
        raise Unfetchable("The access token of this number cannot be read.") from error
    limit = provider.capabilities.media_limits.get(attachment.kind, 100 * 1024 * 1024)
    with httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client:
        try:
            answer = _call(client, provider.media_lookup(attachment.provider_media_id, keys))
            found = provider.media_found(answer.status_code, answer.headers, answer.content)
            if isinstance(found, Failure):
                raise Unfetchable(found.text, Attachment.State.FAILED if found.failure_class == "permanent" else None)
            if found.size is not None and found.size > limit:
                raise Unfetchable(_too_large(found.size, limit), Attachment.State.TOO_LARGE)
            request = provider.media_download(found.url, keys)
            for _ in range(MAX_REDIRECTS + 1):
                content, target = _download(client, request, limit)
                if target is None:
                    return examine(attachment.kind, content, found.mime_type or attachment.mime_type)
                request = provider.media_download(urljoin(request.url, target), keys)
        except ForeignHost as error:
            raise Unfetchable("The provider named a download address that is not its own.", "failed") from error
        except httpx.HTTPError as error:
            raise Unfetchable("The provider did not answer while the file was fetched.") from error
    raise Unfetchable("The download was redirected too often.", Attachment.State.FAILED)


def examine(kind: str, content: bytes, claimed_type: str) -> Fetched:
    """Compare a file with what it claims to be. Raises Unfetchable for one that is something else."""
    claimed = claimed_type.split(";")[0].strip().lower()
    shown = _sniffed(content)
    family = FAMILIES.get(kind)
    if family and shown and not shown.startswith(family) and shown not in AMBIGUOUS:
        raise Unfetchable(f"The file says it is {kind}, but its content is {shown}.", Attachment.State.BLOCKED)
    fitting = [name for name in (shown, claimed) if name.startswith(family)] if family else [claimed, shown]
    mime_type = next(filter(None, fitting), "")
    if family and mime_type in ACTIVE:
        raise Unfetchable("A picture of this kind can contain programs.", Attachment.State.BLOCKED)
    width, height = _dimensions(content) if family == "image/" else (None, None)
    return Fetched(content, mime_type or "application/octet-stream", width, height)


def _sniffed(content: bytes) -> str:
    try:
        return puremagic.from_string(content, mime=True) or ""
    except (puremagic.PureError, ValueError):
        return ""


def _dimensions(content: bytes) -> tuple[int | None, int | None]:
    """Width and height from the header alone; refuses picture bombs before anything decodes them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content)) as picture:
                width, height = picture.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unfetchable("The picture has too many pixels to be shown safely.", Attachment.State.BLOCKED) from None
    except (OSError, ValueError, SyntaxError):
        return None, None
    if width * height > MAX_PIXELS:
        raise Unfetchable("The picture has too many pixels to be shown safely.", Attachment.State.BLOCKED)
    return width, height


def _call(client: httpx.Client, request: Request) -> httpx.Response:
    return client.request(request.method, request.url, headers=request.headers, params=request.params)


def _download(client: httpx.Client, request: Request, limit: int) -> tuple[bytes, str | None]:
    """The bytes, or where a redirect points. Stops reading one byte past `limit`."""
    until = time.monotonic() + MAX_SECONDS
    with client.stream(request.method, request.url, headers=request.headers) as answer:
        if answer.is_redirect:
            return b"", answer.headers.get("location", "")
        if answer.status_code >= 400:
            # 404: the five-minute address has expired; the next try asks for a new one.
            raise Unfetchable(f"The provider answered {answer.status_code} for the file.")
        content = bytearray()
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > limit:
                raise Unfetchable(_too_large(len(content), limit), Attachment.State.TOO_LARGE)
            if time.monotonic() > until:
                raise Unfetchable("The file came too slowly.")
    return bytes(content), None


def _too_large(size: int, limit: int) -> str:
    return f"The file is larger than the {limit // (1024 * 1024)} MB allowed for its kind ({size // 1024:,} KB)."


def _give_up(attachment: Attachment, error: Unfetchable) -> None:
    """End the row in the state the error names, or leave it for the next try while there is one."""
    state = error.state or (Attachment.State.FAILED if attachment.attempts >= len(BACKOFF) else None)
    if state is None:
        _finish(attachment, error=str(error))
    else:
        _finish(attachment, state=state, error=str(error))


def _finish(attachment: Attachment, **news: object) -> None:
    conversation = attachment.message.conversation
    with tenancy.scope(attachment.workspace_id):
        Attachment.objects.filter(
            workspace_id=attachment.workspace_id, pk=attachment.pk, state=Attachment.State.PENDING
        ).update(**news)
        type(attachment.message).objects.filter(workspace_id=attachment.workspace_id, pk=attachment.message_id).update(
            updated_at=timezone.now()
        )
        publish(attachment.workspace_id, f"conv-{conversation.uuid}")


@transaction.atomic
def fetch_again(attachment: Attachment) -> bool:
    """Let a person try a failed file once more; False when it did not fail, and nothing changes."""
    message = attachment.message
    failed = Attachment.objects.filter(
        workspace_id=attachment.workspace_id, pk=attachment.pk, state=Attachment.State.FAILED
    )
    if not failed.update(state=Attachment.State.PENDING, attempts=0, next_try_at=timezone.now(), error=""):
        return False
    type(message).objects.filter(workspace_id=message.workspace_id, pk=message.pk).update(updated_at=timezone.now())
    ring("inbox.jobs.fetch_media", queue="default")
    publish(attachment.workspace_id, f"conv-{message.conversation.uuid}")
    return True

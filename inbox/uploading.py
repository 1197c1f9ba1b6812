"""Bring the files of outgoing messages to the provider before the messages are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

import httpx
import structlog
from django.core.files.storage import default_storage

from providers.base import Adapter
from providers.errors import transport_failure
from providers.types import Credentials, Failure, MediaRef
from workspaces import tenancy
from workspaces.models import Channel

from .calling import exchange
from .models import Attachment
from .outbox import Claimed

log = structlog.get_logger(__name__)

MEDIA_KINDS = frozenset({"image", "video", "audio", "voice", "document", "sticker"})


class Storable(Protocol):
    """What an upload needs to know of a file; `file` is its name in the media storage."""

    @property
    def kind(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def filename(self) -> str: ...
    @property
    def mime_type(self) -> str: ...


def files_of(channel: Channel, batch: Iterable[Claimed]) -> dict[int, Attachment]:
    """Message id → the file it carries."""
    ids = [message.id for message in batch if message.kind in MEDIA_KINDS]
    if not ids:
        return {}
    with tenancy.scope(channel.workspace_id):
        found = Attachment.objects.filter(workspace_id=channel.workspace_id, message_id__in=ids)
        return {attachment.message_id: attachment for attachment in found}


async def upload(
    transport: httpx.AsyncBaseTransport, provider: Adapter, credentials: Credentials, file: Attachment
) -> MediaRef | Failure:
    """The provider's reference to a file, uploading it when the provider does not have it yet."""
    if file.provider_media_id:
        return MediaRef(id=file.provider_media_id, mime_type=file.mime_type, filename=file.filename)
    return await put(transport, provider, credentials, file)


async def put(
    transport: httpx.AsyncBaseTransport, provider: Adapter, credentials: Credentials, file: Storable
) -> MediaRef | Failure:
    """Upload one file of the media storage and return the provider's reference to it."""
    try:
        with default_storage.open(file.file) as stored:
            content = stored.read()
    except OSError:
        return Failure("permanent", "file_missing", "The file of this message is no longer in the media storage.")
    request = provider.upload(file.kind, file.filename or "file", file.mime_type, content, credentials)
    try:
        status, headers, body = await exchange(transport, request)
    except Exception as error:  # an upload reaches nobody, so whatever went wrong, it may be repeated
        log.warning("upload got no answer", file=file.file, error=type(error).__name__)
        return transport_failure("connect")
    outcome = provider.uploaded(status, headers, body)
    if isinstance(outcome, Failure):
        return outcome
    return MediaRef(id=outcome.id, mime_type=file.mime_type, filename=file.filename)


async def put_all(
    transport: httpx.AsyncBaseTransport,
    provider: Adapter,
    credentials: Credentials,
    files: Iterable[Storable],
    known: Mapping[str, str],
) -> dict[str, str | Failure]:
    """Upload what the provider does not have; stored file → its id there, or why there is none."""
    missing = {file.file: file for file in files if file.file not in known}
    found = await asyncio.gather(*(put(transport, provider, credentials, file) for file in missing.values()))
    return {**known, **{name: _id(outcome) for name, outcome in zip(missing, found, strict=True)}}


def _id(outcome: MediaRef | Failure) -> str | Failure:
    return outcome if isinstance(outcome, Failure) else outcome.id


def remember(channel: Channel, media: dict[int, MediaRef]) -> None:
    """Keep the provider's ids, so that a second attempt uploads nothing again."""
    with tenancy.scope(channel.workspace_id):
        for message_id, reference in media.items():
            Attachment.objects.filter(workspace_id=channel.workspace_id, message_id=message_id).update(
                provider_media_id=reference.id
            )

"""The pictures, videos and documents of template messages: named in the message, uploaded once per channel.

A template's parameters name a file by its place (`header:media`); `content["media"]` says which stored file stands
there. The dispatcher puts the provider's id in its stead just before the message leaves, so a broadcast to many people
uploads its header once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from providers.types import Failure
from workspaces import tenancy
from workspaces.models import Channel

from .models import Message, ProviderUpload
from .outbox import Claimed

# WhatsApp forgets an upload after 30 days, developers.facebook.com/docs/whatsapp/cloud-api/reference/media.
GOOD_FOR = timedelta(days=25)


@dataclass(frozen=True, slots=True)
class TemplateMedia:
    """One stored file in its place. `own` means it belongs to the message and goes with it."""

    kind: str
    file: str  # name in the media storage
    mime_type: str
    filename: str = ""
    size: int = 0  # bytes
    own: bool = False

    def stored(self) -> dict[str, Any]:
        """As a message keeps it."""
        return asdict(self)


def files_in(content: Mapping[str, Any]) -> dict[str, TemplateMedia]:
    """Place → file, of a template message's content."""
    found = content.get("media")
    if not isinstance(found, dict):
        return {}
    names = TemplateMedia.__slots__
    return {
        str(place): TemplateMedia(**{name: entry[name] for name in names if name in entry})
        for place, entry in found.items()
        if isinstance(entry, dict) and {"kind", "file", "mime_type"} <= entry.keys()
    }


def needed(batch: Iterable[Claimed]) -> dict[int, dict[str, TemplateMedia]]:
    """Message id → its files by place, for template messages that have any."""
    return {
        message.id: files for message in batch if message.kind == "template" and (files := files_in(message.content))
    }


def already_there(channel: Channel, files: Iterable[TemplateMedia]) -> dict[str, str]:
    """Stored file → the provider's id, for those it still has."""
    with tenancy.scope(channel.workspace_id):
        found = ProviderUpload.objects.filter(
            workspace_id=channel.workspace_id,
            channel=channel,
            file__in={file.file for file in files},
            uploaded_at__gt=timezone.now() - GOOD_FOR,
        )
        return dict(found.values_list("file", "media_id"))


def remember(channel: Channel, ids: Mapping[str, str | Failure], known: Mapping[str, str]) -> None:
    """Keep the ids of new uploads for later messages."""
    now = timezone.now()
    rows = [
        ProviderUpload(
            workspace_id=channel.workspace_id, channel=channel, file=file, media_id=media_id, uploaded_at=now
        )
        for file, media_id in ids.items()
        if isinstance(media_id, str) and file not in known
    ]
    if not rows:
        return
    with tenancy.scope(channel.workspace_id):
        ProviderUpload.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["channel", "file"],
            update_fields=["media_id", "uploaded_at"],
        )


def placed(message: Claimed, files: Mapping[str, TemplateMedia], ids: Mapping[str, str | Failure]) -> Claimed:
    """The message with the provider's ids in its parameters."""
    by_place = {place: str(ids[file.file]) for place, file in files.items()}
    components = _with_ids(message.content.get("components") or [], by_place)
    return replace(message, content={**message.content, "components": components})


def _with_ids(value: Any, by_place: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_with_ids(part, by_place) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("id") in by_place:
        return {**value, "id": by_place[value["id"]]}
    return {name: _with_ids(part, by_place) for name, part in value.items()}


def failure_of(files: Mapping[str, TemplateMedia], ids: Mapping[str, str | Failure]) -> Failure | None:
    """Why one of these files could not be brought, if so."""
    return next((found for file in files.values() if isinstance(found := ids[file.file], Failure)), None)


def upload_again(message: Message) -> None:
    """Forget that the provider has the files of a failed message: it may have lost them."""
    names = {file.file for file in files_in(message.content).values()}
    ProviderUpload.objects.filter(
        workspace_id=message.workspace_id, channel_id=message.channel_id, file__in=names
    ).delete()


def forget_old() -> int:
    """Drop what a provider no longer has of its uploads; returns how many rows went."""
    with tenancy.all_workspaces():
        return ProviderUpload.objects.filter(uploaded_at__lt=timezone.now() - GOOD_FOR).delete()[0]


def delete_own(contents: Sequence[Mapping[str, Any]]) -> int:
    """Delete the files that belong to these messages alone; returns how many."""
    names = {file.file for content in contents for file in files_in(content).values() if file.own}
    for name in names:
        default_storage.delete(name)
    return len(names)

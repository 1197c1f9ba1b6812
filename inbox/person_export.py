"""Everything said with one person, and everything known about them, as one zip of JSON and files."""

from __future__ import annotations

import json
import re
import tempfile
from typing import IO, Any
from uuid import uuid4
from zipfile import ZIP_DEFLATED, ZipFile

import structlog
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder

from contacts import person_export
from contacts.models import Contact, ExportRun
from live.publishing import publish
from workspaces import tenancy

from .models import Attachment, Conversation, ConversationEvent, Message

log = structlog.get_logger(__name__)

IN_MEMORY = 8 * 1024 * 1024  # bytes; a larger file is written to disk
CHUNK = 256 * 1024
UNSAFE = re.compile(r"[^\w.-]+")  # in file names within the zip
SAID = (
    *("uuid", "direction", "kind", "text", "content", "status", "source", "reactions"),
    *("occurred_at", "sent_at", "delivered_at", "read_at", "failed_at", "edited_at", "deleted_at"),
)


def write_pending() -> int:
    """Write one file that somebody asked for; returns how many were taken."""
    claimed = person_export.claim()
    if claimed is None:
        return 0
    workspace_id, run_id = claimed
    with tenancy.scope(workspace_id):
        run = ExportRun.objects.get(workspace_id=workspace_id, pk=run_id)
        try:
            name, count = _write(run)
        except Exception as error:
            log.exception("a person's data could not be exported", run=run.pk)
            _end(run, ExportRun.State.FAILED, error=f"The file could not be written ({type(error).__name__}).")
        else:
            _end(run, ExportRun.State.DONE, file=name, count=count)
    return 1


def _end(run: ExportRun, state: str, **news: Any) -> None:
    ExportRun.objects.filter(workspace_id=run.workspace_id, pk=run.pk).update(state=state, lease_until=None, **news)
    publish(run.workspace_id, f"exp-{run.uuid}")


def _write(run: ExportRun) -> tuple[str, int]:
    """Write the zip into the media storage; its name there and how many messages are in it."""
    contact = Contact.objects.get(workspace_id=run.workspace_id, uuid=run.filters["contact"])
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as stored:
        with ZipFile(stored, "w", ZIP_DEFLATED) as archive:
            for name, content in person_export.record_of(contact).items():
                archive.writestr(name, _json(content, indent=2))
            conversations = Conversation.objects.filter(workspace_id=run.workspace_id, contact=contact)
            ids = list(conversations.order_by("pk").values_list("pk", flat=True))
            archive.writestr("conversations.json", _json(_conversations(run.workspace_id, ids), indent=2))
            count = _messages(archive, run.workspace_id, ids)
            _media(archive, run.workspace_id, ids)
        stored.seek(0)
        return default_storage.save(f"{run.workspace_id}/{uuid4().hex}", File(stored)), count


def _conversations(workspace_id: int, ids: list[int]) -> list[dict[str, Any]]:
    events = ConversationEvent.objects.filter(workspace_id=workspace_id, conversation_id__in=ids).order_by("pk")
    happened = list(events.select_related("actor"))
    found = Conversation.objects.filter(workspace_id=workspace_id, pk__in=ids).select_related("channel", "identity")
    return [
        {
            "uuid": conversation.uuid,
            "channel": conversation.channel.name,
            "address": conversation.identity.display,
            "status": conversation.status,
            "created_at": conversation.created_at,
            "events": [
                {"kind": event.kind, "details": event.details, "at": event.created_at}
                for event in happened
                if event.conversation_id == conversation.pk
            ],
        }
        for conversation in found.order_by("pk")
    ]


def _messages(archive: ZipFile, workspace_id: int, ids: list[int]) -> int:
    """One line of JSON per message, oldest first, so that a long history needs no memory."""
    found = Message.objects.filter(workspace_id=workspace_id, conversation_id__in=ids).select_related("conversation")
    count = 0
    with archive.open("messages.jsonl", "w") as lines:
        for message in found.order_by("occurred_at", "pk").iterator(chunk_size=1000):
            said = {name: getattr(message, name) for name in SAID}
            lines.write(_json({"conversation": message.conversation.uuid, **said}) + b"\n")
            count += 1
    return count


def _media(archive: ZipFile, workspace_id: int, ids: list[int]) -> None:
    files = Attachment.objects.filter(
        workspace_id=workspace_id, message__conversation_id__in=ids, state=Attachment.State.READY
    ).select_related("message")
    listed = []
    for file in files.order_by("pk"):
        name = f"media/{file.uuid}-{UNSAFE.sub('_', file.filename or file.kind)[-80:]}"
        try:
            with default_storage.open(file.file) as content:
                _copy(content, archive, name)
        except OSError:
            name = ""  # lost from the storage; the list says so
        listed.append({"file": name, "message": file.message.uuid, "kind": file.kind, "mime_type": file.mime_type})
    archive.writestr("media.json", _json(listed, indent=2))


def _copy(content: IO[bytes], archive: ZipFile, name: str) -> None:
    with archive.open(name, "w") as target:
        while chunk := content.read(CHUNK):
            target.write(chunk)


def _json(content: Any, indent: int | None = None) -> bytes:
    return json.dumps(content, cls=DjangoJSONEncoder, ensure_ascii=False, indent=indent).encode()

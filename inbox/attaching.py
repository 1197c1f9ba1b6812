"""Files people attach to a reply: judged by their bytes, kept in the media storage, ready for `sending.Draft`."""

from __future__ import annotations

from uuid import uuid4

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile

from providers.registry import adapter
from workspaces.models import Channel

from .media import Fetched, Unfetchable, examine
from .models import Attachment

MIB = 1024 * 1024
KINDS = ("image", "video", "audio")
VOICE_NOTE = "voice.ogg"  # what the recorder of the reply box calls its file


class NotAttachable(Exception):
    """The file cannot be sent; the text says why."""


def keep(channel: Channel, upload: UploadedFile) -> Attachment:
    """Store an uploaded file and return its unsaved attachment, of the best kind the channel has for it.

    Raises NotAttachable for an empty file, one larger than the channel takes, or one that is not what it says.
    """
    kind = kind_of(channel, upload)
    found = examined(channel, upload, kind)
    return Attachment(
        workspace_id=channel.workspace_id,
        kind=kind,
        state=Attachment.State.READY,
        mime_type=found.mime_type[:100],
        filename=name_of(upload),
        size=upload.size or 0,
        width=found.width,
        height=found.height,
        file=default_storage.save(f"{channel.workspace_id}/{uuid4().hex}", upload),
    )


def examined(channel: Channel, upload: UploadedFile, kind: str) -> Fetched:
    """What the first bytes of an upload show it to be, when it can be sent as `kind`. Raises NotAttachable."""
    size, name = upload.size or 0, name_of(upload)
    limit = adapter(channel.kind).capabilities.media_limits.get(kind, 0)
    if not size:
        raise NotAttachable(f"{name} is empty.")
    if size > limit:
        raise NotAttachable(f"{name} is too large: at most {limit // MIB} MB can be sent as {kind}.")
    # The type shows in the first bytes; only pictures are looked at as a whole.
    head = upload.read() if kind == "image" else upload.read(64 * 1024)
    try:
        found = examine(kind, head, upload.content_type or "")
    except Unfetchable as error:
        raise NotAttachable(str(error)) from error
    upload.seek(0)
    return found


def name_of(upload: UploadedFile) -> str:
    return (upload.name or "file")[:255]


def kind_of(channel: Channel, upload: UploadedFile) -> str:
    """The kind a file is sent as: what the channel shows in place when it can, else a document."""
    capabilities = adapter(channel.kind).capabilities
    claimed = (upload.content_type or "").split(";")[0].lower()
    if upload.name == VOICE_NOTE and claimed in capabilities.media_types.get("voice", ()):
        return "voice"
    for kind in KINDS:
        fits = (upload.size or 0) <= capabilities.media_limits.get(kind, 0)
        if fits and claimed in capabilities.media_types.get(kind, ()):
            return kind
    return "document"

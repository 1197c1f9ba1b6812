"""Pictures, videos and documents of templates: the sample for the review, and what is sent by default."""

from __future__ import annotations

from uuid import uuid4

import puremagic
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from providers.cleaning import clean_text
from workspaces.models import Member

from . import versions
from .models import MessageTemplate, TemplateFile
from .refusals import TemplateRefused

MIB = 1024 * 1024
HEAD = 64 * 1024  # bytes in which a file shows its type
# MIME type → kind and most bytes. A review takes no other types as samples, and quick templates keep to them so that
# they can be sent on every channel. WhatsApp: developers.facebook.com/docs/graph-api/guides/upload (read 2026-09)
TYPES = {
    "image/jpeg": ("image", 5 * MIB),
    "image/png": ("image", 5 * MIB),
    "video/mp4": ("video", 16 * MIB),
    "application/pdf": ("document", 100 * MIB),
}


@transaction.atomic
def attach(template: MessageTemplate, upload: UploadedFile, *, by: Member) -> TemplateFile:
    """Keep an uploaded file with a template. Raises TemplateRefused for one that cannot be used."""
    name, size = clean_text(upload.name or "file")[:255], upload.size or 0
    upload.seek(0)
    found = _type_of(upload.read(HEAD))
    upload.seek(0)
    if not size:
        raise TemplateRefused("file", f"{name} is empty.")
    if found not in TYPES:
        raise TemplateRefused("file", f"{name} is not a JPEG or PNG picture, an MP4 video or a PDF document.")
    kind, limit = TYPES[found]
    if size > limit:
        raise TemplateRefused("file", f"{name} is too large: {kind}s may have at most {limit // MIB} MB.")
    file = TemplateFile.objects.create(
        workspace_id=template.workspace_id,
        template=template,
        kind=kind,
        filename=name,
        mime_type=found,
        size=size,
        file=default_storage.save(f"{template.workspace_id}/{uuid4().hex}", upload),
        created_by=by,
    )
    versions.tell(template)
    return file


def _type_of(head: bytes) -> str:
    """What the bytes are, whatever the upload claims."""
    try:
        return puremagic.from_string(head, mime=True) or ""
    except (puremagic.PureError, ValueError):
        return ""

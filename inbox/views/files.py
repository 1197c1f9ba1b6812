"""Files of messages: serving them, and fetching a failed one again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from inbox.media import fetch_again
from inbox.models import Attachment
from inbox.presenting_bodies import INLINE
from workspaces import stored_files
from workspaces.access import workspace_view
from workspaces.models import Workspace

from .parts import changes, desk


@require_safe
@workspace_view("read_inbox")
def media(request: HttpRequest, workspace: Workspace, uuid: UUID) -> HttpResponseBase:
    """One file, in place for types a browser shows safely, else as a download."""
    found = Attachment.objects.filter(workspace_id=workspace.pk, state=Attachment.State.READY, message__deleted_at=None)
    file = get_object_or_404(found, uuid=uuid)
    mime = file.mime_type.split(";")[0]
    inline = mime in INLINE and "download" not in request.GET
    filename = file.filename or f"{file.kind}-{file.uuid}"
    return stored_files.answer(request, file.file, mime=mime, filename=filename, inline=inline)


@require_POST
@workspace_view("reply")
def fetch(request: Any, workspace: Workspace, queue: str, uuid: UUID, message: UUID) -> HttpResponse:
    """Fetch a failed file from the provider once more."""
    at = desk(request, workspace, queue, uuid)
    found = Attachment.objects.filter(workspace_id=workspace.pk, message__conversation=at.conversation)
    fetch_again(get_object_or_404(found.select_related("message__conversation"), message__uuid=message))
    return changes(request, at) if request.htmx else redirect(at.base)

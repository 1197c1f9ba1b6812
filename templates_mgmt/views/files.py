"""The pictures, videos and documents attached to templates."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from templates_mgmt.models import TemplateFile
from workspaces import stored_files
from workspaces.access import workspace_view
from workspaces.models import Workspace

# What a browser may show in place; everything else is a download.
INLINE = {"image/jpeg", "image/png", "video/mp4"}


@require_safe
@workspace_view("read_templates")
def file(request: Any, workspace: Workspace, uuid: UUID, file: UUID) -> HttpResponseBase:
    """One file of a template."""
    found = TemplateFile.objects.filter(workspace_id=workspace.pk, template__uuid=uuid)
    kept = get_object_or_404(found, uuid=file)
    inline = kept.mime_type in INLINE
    return stored_files.answer(request, kept.file, mime=kept.mime_type, filename=kept.filename, inline=inline)

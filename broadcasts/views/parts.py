"""What several views about one broadcast start from."""

from __future__ import annotations

from uuid import UUID

from django.shortcuts import get_object_or_404

from broadcasts.models import Broadcast
from workspaces.models import Workspace

PAGE = {"section": "broadcasts"}


def broadcast_of(workspace: Workspace, uuid: UUID) -> Broadcast:
    """The broadcast of this workspace. Raises Http404, for deleted ones too."""
    found = Broadcast.objects.filter(workspace_id=workspace.pk, deleted_at=None)
    found = found.select_related("channel", "translation__template", "launched_by", "series")
    return get_object_or_404(found, uuid=uuid)

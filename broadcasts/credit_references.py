"""What the credit pages say about broadcasts: their names, and what they will still cost."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection

from workspaces.models import Workspace

from .models import Broadcast

# A scheduled broadcast needs its whole estimate, a running one what of it is not charged. Estimates are per occurrence.
PLANNED = """
SELECT coalesce(sum(greatest(0, b.expected_credits - coalesce(charged.credits, 0))), 0)::bigint
  FROM broadcasts_broadcast b
  LEFT JOIN LATERAL (
        SELECT -sum(e.amount) AS credits FROM workspaces_creditentry e
         WHERE b.status <> 'scheduled' AND e.workspace_id = b.workspace_id AND e.broadcast_id = b.id) charged ON true
 WHERE b.workspace_id = %(ws)s AND b.deleted_at IS NULL AND b.expected_credits IS NOT NULL
   AND b.status IN ('scheduled', 'preparing', 'running', 'paused')
"""


def broadcasts(workspace: Workspace, broadcast_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Broadcast → its name and its page."""
    rows = Broadcast.objects.filter(workspace_id=workspace.pk, pk__in=broadcast_ids).values_list("pk", "name", "uuid")
    return {pk: (name, f"/w/{workspace.slug}/broadcasts/{uuid}/") for pk, name, uuid in rows}


def planned(workspace: Workspace) -> int:
    """Credits that scheduled and running broadcasts will still need, by the estimates that were confirmed."""
    with connection.cursor() as cursor:
        cursor.execute(PLANNED, {"ws": workspace.pk})
        return int(cursor.fetchone()[0])

"""What the credit ledger says about messages: whom they were for, where they stand, which are on their way."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.urls import reverse

from workspaces.models import Workspace

ABOVE = 25  # messages shown below the one that is looked for

# A thread opens at its end; a message further up is reached through one that is `ABOVE` messages newer.
MESSAGES = """
SELECT m.id, m.uuid, c.uuid, p.name, i.phone, i.address, newer.uuid
  FROM inbox_message m
  JOIN inbox_conversation c ON c.id = m.conversation_id AND c.workspace_id = m.workspace_id
  JOIN contacts_contact p ON p.id = c.contact_id AND p.workspace_id = m.workspace_id
  JOIN contacts_identity i ON i.id = c.identity_id AND i.workspace_id = m.workspace_id
  LEFT JOIN LATERAL (
        SELECT n.uuid FROM inbox_message n
         WHERE n.workspace_id = m.workspace_id AND n.conversation_id = m.conversation_id
           AND (n.occurred_at, n.id) > (m.occurred_at, m.id)
         ORDER BY n.occurred_at, n.id OFFSET %(above)s LIMIT 1) newer ON true
 WHERE m.workspace_id = %(ws)s AND m.id = ANY(%(ids)s) AND p.deleted_at IS NULL
"""

# From the outbox's side, which is short: the ledger's is not.
ON_THE_WAY = """
SELECT coalesce(-sum(e.amount), 0)::bigint
  FROM workspaces_channel ch
  JOIN inbox_message m ON m.channel_id = ch.id AND m.workspace_id = ch.workspace_id
       AND m.send_state IN ('queued', 'claimed', 'started', 'unknown')
  JOIN workspaces_creditentry e ON e.message_id = m.id AND e.kind = 'charge' AND e.after_attempts = m.spent_attempts
  JOIN workspaces_creditpocket p ON p.id = e.pocket_id AND p.workspace_id = ch.workspace_id
 WHERE ch.workspace_id = %(ws)s AND p.kind = %(pocket)s
"""


def messages(workspace: Workspace, message_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Message → whom it is to, and its place in the thread. Messages of deleted people have none."""
    with connection.cursor() as cursor:
        cursor.execute(MESSAGES, {"ws": workspace.pk, "ids": list(message_ids), "above": ABOVE - 1})
        rows = cursor.fetchall()
    found = {}
    for pk, uuid, conversation, name, phone, address, newer in rows:
        url = reverse("inbox:conversation", args=[workspace.slug, "all", conversation])
        found[pk] = (name or phone or address, f"{url}{f'?before={newer}' if newer else ''}#m-{uuid}")
    return found


def on_the_way(workspace: Workspace, pocket: str) -> int:
    """Credits charged for messages that are not settled."""
    with connection.cursor() as cursor:
        cursor.execute(ON_THE_WAY, {"ws": workspace.pk, "pocket": pocket})
        return int(cursor.fetchone()[0])

"""Numbers that several people of a workspace share, so that a broadcast goes to each number once."""

from __future__ import annotations

from django.db import connection

# Identities under another spelling than their own address, and those the provider called by somebody else's: all
# others have a number nobody else can have, because addresses are unique. The partial index on them is nearly empty.
TWINS = """
WITH odd AS MATERIALIZED (
    SELECT id, contact_id, phone FROM contacts_identity
     WHERE workspace_id = %(ws)s AND channel_kind = %(kind)s AND phone <> '' AND phone <> '+' || address
), named AS (
    SELECT id, contact_id, phone AS number FROM odd
    UNION ALL
    SELECT i.id, i.contact_id, i.phone FROM contacts_identity i
     WHERE i.workspace_id = %(ws)s AND i.channel_kind = %(kind)s
       AND i.address <> '' AND i.address IN (SELECT substr(phone, 2) FROM odd) AND i.phone = '+' || i.address
    UNION ALL
    SELECT i.id, i.contact_id, '+' || o.address FROM contacts_identityalias a
      JOIN contacts_identity o ON o.id = a.identity_id AND o.workspace_id = %(ws)s
      JOIN contacts_identity i ON i.workspace_id = %(ws)s AND i.channel_kind = %(kind)s
       AND i.address <> '' AND i.address = a.address
     WHERE a.workspace_id = %(ws)s AND a.channel_kind = %(kind)s
    UNION ALL
    SELECT o.id, o.contact_id, '+' || o.address FROM contacts_identityalias a
      JOIN contacts_identity o ON o.id = a.identity_id AND o.workspace_id = %(ws)s
     WHERE a.workspace_id = %(ws)s AND a.channel_kind = %(kind)s
       AND EXISTS (SELECT FROM contacts_identity i WHERE i.workspace_id = %(ws)s AND i.channel_kind = %(kind)s
                      AND i.address <> '' AND i.address = a.address)
), one AS (
    SELECT id, contact_id, min(number) AS number FROM named GROUP BY id, contact_id
)
SELECT id, contact_id, number FROM one
 WHERE number IN (SELECT number FROM one GROUP BY number HAVING count(DISTINCT contact_id) > 1)
 ORDER BY id
"""


def found(workspace_id: int, channel_kind: str) -> list[tuple[int, int, str]]:
    """(identity, contact, number) of addresses that different people share; none while the kind of channel is open."""
    if not channel_kind:
        return []
    with connection.cursor() as cursor:
        cursor.execute(TWINS, {"ws": workspace_id, "kind": channel_kind})
        return cursor.fetchall()

"""What the credit ledger and the messages must have in common; checked daily by workspaces.credit_checks."""

from __future__ import annotations

from workspaces.credit_checks import Rule

# A message that ended like this never went out, as far as anybody knew at that time.
NOT_SENT = "('failed', 'skipped', 'cancelled')"

RULES = (
    Rule(
        "charge_without_message",
        "A message was charged that does not exist.",
        """
        SELECT c.pocket_id, c.id FROM workspaces_creditentry c
         WHERE c.workspace_id = %(ws)s AND c.created_at >= %(since)s AND c.kind = 'charge'
           AND NOT EXISTS (SELECT 1 FROM inbox_message m WHERE m.id = c.message_id)
        """,
    ),
    Rule(
        "refund_without_end",
        "A message was given its credits back although it waits to be sent, or was sent.",
        """
        SELECT r.pocket_id, r.id FROM workspaces_creditentry r
          JOIN inbox_message m ON m.id = r.message_id AND m.spent_attempts = r.after_attempts
         WHERE r.workspace_id = %(ws)s AND r.created_at >= %(since)s AND r.kind = 'refund'
           AND m.status IN ('pending', 'sent')
        """,
    ),
    Rule(
        "end_without_refund",
        "A message was not sent and its credits were not given back.",
        f"""
        SELECT c.pocket_id, c.id FROM workspaces_creditentry c JOIN inbox_message m ON m.id = c.message_id
         WHERE c.workspace_id = %(ws)s AND c.created_at >= %(since)s AND c.kind = 'charge'
           AND (c.after_attempts < m.spent_attempts OR m.status IN {NOT_SENT})
           AND NOT EXISTS (SELECT 1 FROM workspaces_creditentry r
                            WHERE r.message_id = c.message_id AND r.kind = 'refund'
                              AND r.after_attempts = c.after_attempts)
        """,
    ),
    Rule(
        "delivered_after_refund",
        "Delivered after it counted as not sent and was given its credits back. It is not charged again.",
        """
        SELECT r.pocket_id, r.id FROM workspaces_creditentry r
          JOIN inbox_message m ON m.id = r.message_id AND m.spent_attempts = r.after_attempts
         WHERE r.workspace_id = %(ws)s AND r.created_at >= %(since)s AND r.kind = 'refund'
           AND m.status IN ('delivered', 'read', 'played')
        """,
        harmless=True,
    ),
)

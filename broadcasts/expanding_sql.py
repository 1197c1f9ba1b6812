"""The statements of a chunk: a handful, whatever its size. By hand, because the ORM would make them many.

Rows travel as one JSON document: an array parameter for each column costs the client four times as much.
"""

from __future__ import annotations

# Shared by those who expand it, waited for by who stops it (steering.alone). The second statement sees what was
# committed while the first waited.
STILL_RUNNING = """
SELECT pg_advisory_xact_lock_shared(hashtextextended('carillon-broadcast', %(broadcast)s));
SELECT clock_timestamp() FROM broadcasts_broadcast
 WHERE workspace_id = %(ws)s AND id = %(broadcast)s AND status = 'running'
"""
# Claimed before anything is joined: of rows that others changed meanwhile only the claim is looked at again.
# Joined by the identity: its contact may have been merged into another since. Marketing needs a yes, anything else
# the absence of a no.
CLAIM = """
WITH r AS MATERIALIZED (
    SELECT id, workspace_id, broadcast_id, contact_id, identity_id, country, due_at FROM broadcasts_recipient
     WHERE workspace_id = %(ws)s AND broadcast_id = %(broadcast)s AND state = 'waiting'
       AND (due_at IS NULL OR due_at <= %(until)s)
     ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
SELECT r.id, i.id, p.id, c.id, p.name, p.email, p.language, p.fields, i.phone, p.time_zone,
       coalesce(nullif(r.country, ''), p.country, ''), r.due_at,
       CASE WHEN i.id IS NULL OR p.deleted_at IS NOT NULL THEN 'gone'
            WHEN p.blocked_at IS NOT NULL THEN 'blocked'
            WHEN p.id <> r.contact_id AND EXISTS (
                 SELECT 1 FROM broadcasts_recipient o WHERE o.broadcast_id = r.broadcast_id AND o.contact_id = p.id)
            THEN 'merged'
            WHEN s.state = 'opted_out' THEN 'opted_out'
            WHEN %(purpose)s = 'marketing' AND s.state IS DISTINCT FROM 'opted_in' THEN 'no_consent'
            WHEN %(needs_window)s AND coalesce(c.window_expires_at <= %(first)s, true) THEN 'no_window'
            ELSE '' END
  FROM r
  LEFT JOIN contacts_identity i ON i.workspace_id = r.workspace_id AND i.id = r.identity_id
  LEFT JOIN contacts_contact p ON p.workspace_id = i.workspace_id AND p.id = i.contact_id
  LEFT JOIN contacts_consent s ON s.workspace_id = i.workspace_id AND s.identity_id = i.id
                              AND s.purpose = %(purpose)s
  LEFT JOIN inbox_conversation c ON c.workspace_id = i.workspace_id AND c.channel_id = %(channel)s
                                AND c.identity_id = i.id
 ORDER BY r.due_at, r.id
"""
# Resolved: a hundred thousand of them must not stand in the queues. An answer opens it.
OPEN_THREADS = """
INSERT INTO inbox_conversation
       (workspace_id, uuid, channel_id, identity_id, contact_id, status, status_before, unread_count, preview,
        preview_kind, preview_direction, last_message_at, updated_at, created_at)
SELECT %(ws)s, n.uuid, %(channel)s, n.identity_id, n.contact_id, 'resolved', '', 0, n.preview, n.kind, 'out', n.due,
       clock_timestamp(), clock_timestamp()
  FROM json_to_recordset(%(rows)s)
       AS n (uuid uuid, identity_id bigint, contact_id bigint, preview text, kind text, due timestamptz)
 ORDER BY n.identity_id
ON CONFLICT (workspace_id, channel_id, identity_id) DO NOTHING
"""
THREADS = """
SELECT identity_id, id FROM inbox_conversation
 WHERE workspace_id = %(ws)s AND channel_id = %(channel)s AND identity_id = ANY(%(identities)s)
"""
# `cid` comes from the recipient: the same message twice in a conversation is refused by the database.
QUEUE = """
WITH given AS MATERIALIZED (
    SELECT * FROM json_to_recordset(%(rows)s)
        AS g (place int, recipient_id bigint, conversation_id bigint, uuid uuid, cid uuid, kind text, content jsonb,
              text text, due timestamptz)),
made AS (
    INSERT INTO inbox_message
           (workspace_id, uuid, conversation_id, channel_id, direction, kind, content, text, status, source,
            translation_id, cid, purpose, reply_to, reactions, error_code, error_text, send_state, lane, due_at,
            attempt, spent_attempts, resends, occurred_at, created_at, updated_at)
    SELECT %(ws)s, g.uuid, g.conversation_id, %(channel)s, 'out', g.kind, g.content, g.text, 'pending',
           'broadcast', %(translation)s, g.cid, %(mark)s, '', '{}', '', '', 'queued', 2, g.due, 0, 0, 0, g.due,
           clock_timestamp(), clock_timestamp()
      FROM given g ORDER BY g.place
    RETURNING id, uuid)
UPDATE broadcasts_recipient r SET state = 'queued', message_id = made.id
  FROM given g JOIN made ON made.uuid = g.uuid
 WHERE r.id = g.recipient_id AND r.workspace_id = %(ws)s
RETURNING g.place, made.id
"""
# Rows that somebody has in hand are passed over: nobody who writes to one person waits for a broadcast, or it for them.
WROTE = """
UPDATE contacts_contact SET last_outbound_at = greatest(last_outbound_at, %(at)s) WHERE id IN (
    SELECT id FROM contacts_contact WHERE workspace_id = %(ws)s AND id = ANY(%(contacts)s)
     ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""
SHOW = """
UPDATE inbox_conversation v
   SET preview = n.preview, preview_kind = n.kind, preview_direction = 'out',
       last_message_at = greatest(v.last_message_at, n.due), updated_at = clock_timestamp()
  FROM (SELECT id FROM inbox_conversation WHERE workspace_id = %(ws)s AND id = ANY(%(known)s)
           AND status = 'resolved' ORDER BY id FOR NO KEY UPDATE SKIP LOCKED) free
  JOIN json_to_recordset(%(rows)s) AS n (conversation_id bigint, preview text, kind text, due timestamptz)
       ON n.conversation_id = free.id
 WHERE v.id = free.id
"""
LEAVE = """
UPDATE broadcasts_recipient r SET state = 'skipped', reason = l.reason
  FROM unnest(%(skipped)s::bigint[], %(reasons)s::text[]) AS l (id, reason)
 WHERE r.id = l.id AND r.workspace_id = %(ws)s;
UPDATE broadcasts_recipient r SET due_at = l.due
  FROM unnest(%(later)s::bigint[], %(turns)s::timestamptz[]) AS l (id, due)
 WHERE r.id = l.id AND r.workspace_id = %(ws)s
"""

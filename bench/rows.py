"""Data in bulk, made inside PostgreSQL: a workspace with a number, and conversations with messages by the million.

Indexes are dropped while rows go in and built afterwards, which is several times as fast as feeding each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

MESSAGE_COLUMNS = """
workspace_id, uuid, conversation_id, channel_id, direction, kind, content, text, status, source, provider_id, reply_to,
reactions, error_code, error_text, send_state, lane, due_at, attempt, resends, occurred_at, created_at, updated_at,
sent_at
"""
# Real provider ids are long and come in no order; md5 gives both.
WAMID = "'wamid.HBgM' || md5(i::text) || 'AA=='"


def people(admin: psycopg.Connection, channel_id: int, workspace_id: int, count: int, *, threads: bool = True) -> None:
    """`count` contacts with one identity and, with `threads`, one open conversation each, over one channel."""
    start = max(highest(admin, "inbox_conversation"), highest(admin, "contacts_contact"))
    values = {"ws": workspace_id, "channel": channel_id, "from": start + 1, "to": start + count}
    for statement in (CONTACTS, IDENTITIES, *((CONVERSATIONS,) if threads else ())):
        admin.execute(statement, values)
    for table in ("contacts_contact", "contacts_identity", "inbox_conversation"):
        _follow(admin, table)


# Contact, identity and conversation of one person share their id, so that later statements need no join.
CONTACTS = """
INSERT INTO contacts_contact (id, workspace_id, uuid, name, created_at)
SELECT i, %(ws)s, gen_random_uuid(),
       (ARRAY['Nora','Omar','Lina','Paul','Aisha','Chen','Marta','Ivan'])[1 + i %% 8] || ' ' ||
       initcap(substr(translate(md5(i::text), '0123456789', 'ghijklmnop'), 1, 7)), now()
  FROM generate_series(%(from)s::bigint, %(to)s::bigint) i
"""
IDENTITIES = """
INSERT INTO contacts_identity
       (id, workspace_id, contact_id, channel_kind, address, user_id, phone, username, profile_name, created_at)
SELECT i, %(ws)s, i, 'whatsapp_cloud', (447000000000 + i)::text, '', '+' || (447000000000 + i)::text, '', '', now()
  FROM generate_series(%(from)s::bigint, %(to)s::bigint) i
"""
CONVERSATIONS = """
INSERT INTO inbox_conversation (id, workspace_id, uuid, channel_id, identity_id, contact_id, status, unread_count,
       window_expires_at, preview, preview_kind, preview_direction, last_message_at, updated_at, created_at)
SELECT i, %(ws)s, gen_random_uuid(), %(channel)s, i, i, CASE WHEN i %% 5 = 0 THEN 'resolved' ELSE 'open' END,
       CASE WHEN i %% 4 = 0 THEN 2 ELSE 0 END, now() + interval '20 hours', 'See you at the harbour', 'text', 'in',
       now() - (i %% 2592000) * interval '1 second', now(), now() - interval '60 days'
  FROM generate_series(%(from)s::bigint, %(to)s::bigint) i
"""


def queued(admin: psycopg.Connection, channel_id: int, workspace_id: int, *, each: int = 1) -> None:
    """`each` broadcast messages for every conversation of the channel, waiting to be sent now."""
    admin.execute(
        f"""
        INSERT INTO inbox_message ({MESSAGE_COLUMNS})
        SELECT c.workspace_id, gen_random_uuid(), c.id, c.channel_id, 'out', 'text',
               jsonb_build_object('text', 'Your order ' || c.id || ' is ready for collection at the harbour.'),
               'Your order ' || c.id || ' is ready for collection at the harbour.', 'pending', 'broadcast', NULL, '',
               '{{}}', '', '', 'queued', 2, now(), 0, 0, now(), now(), now(), NULL
          FROM inbox_conversation c, generate_series(1, %s) WHERE c.workspace_id = %s AND c.channel_id = %s
        """,
        [each, workspace_id, channel_id],
    )
    admin.execute("ANALYZE inbox_message, inbox_conversation, contacts_identity")


def history(admin: psycopg.Connection, *, each: int, after: int = 0) -> None:
    """`each` old messages for every conversation with an id above `after`; of three, one is ours, sent and answered."""
    with without_indexes(admin, "inbox_message"):
        admin.execute(
            f"""
            INSERT INTO inbox_message ({MESSAGE_COLUMNS})
            SELECT workspace_id, gen_random_uuid(), id, channel_id, CASE WHEN out THEN 'out' ELSE 'in' END, 'text',
                   jsonb_build_object('text', body), body, CASE WHEN out THEN 'sent' ELSE 'received' END,
                   CASE WHEN out THEN 'agent' ELSE 'contact' END, {WAMID}, '', '{{}}', '', '',
                   CASE WHEN out THEN 'done' ELSE 'none' END, 0, NULL, CASE WHEN out THEN 1 ELSE 0 END, 0,
                   at, at, at, CASE WHEN out THEN at END
              FROM (
                SELECT c.*, n, c.id * %(each)s + n AS i, n %% 3 = 2 AS out,
                       last_message_at - (%(each)s - n) * interval '7 minutes' AS at,
                       'Message ' || n || ' about order ' || c.id || ' and ' ||
                       (ARRAY['delivery','invoice','refund','opening hours','the bay','a table'])[1 + n %% 6] AS body
                  FROM inbox_conversation c, generate_series(1, %(each)s) n WHERE c.id > %(after)s) made
            """,
            {"each": each, "after": after},
        )
    _follow(admin, "inbox_message")


@contextmanager
def without_indexes(admin: psycopg.Connection, table: str) -> Iterator[None]:
    """Drop every index of a table that nothing depends on, and build them again at the end."""
    rebuild: list[str] = []
    found = admin.execute(
        "SELECT c.relname, pg_get_indexdef(i.indexrelid), k.conname, pg_get_constraintdef(k.oid) FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid "
        "AND k.conrelid = i.indrelid WHERE i.indrelid = %s::regclass AND NOT i.indisprimary",
        [table],
    ).fetchall()
    for name, index, constraint, definition in found:
        try:
            if constraint:
                admin.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"')
                rebuild.append(f'ALTER TABLE {table} ADD CONSTRAINT "{constraint}" {definition}')
            else:
                admin.execute(f'DROP INDEX "{name}"')
                rebuild.append(index)
        except psycopg.errors.DependentObjectsStillExist:
            continue
    yield
    for statement in rebuild:
        admin.execute(statement)
    admin.execute(f"VACUUM (ANALYZE) {table}")


def number(admin: psycopg.Connection, query: str, parameters: list[object] | None = None) -> int:
    """The one number a query answers with."""
    row = admin.execute(query, parameters).fetchone()
    return row[0] if row else 0


def highest(admin: psycopg.Connection, table: str) -> int:
    """The highest id in a table, 0 when it is empty."""
    return number(admin, f"SELECT coalesce(max(id), 0) FROM {table}")


def _follow(admin: psycopg.Connection, table: str) -> None:
    """Let the id sequence go on behind the rows made here."""
    admin.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest(1, (SELECT max(id) FROM {table})))")

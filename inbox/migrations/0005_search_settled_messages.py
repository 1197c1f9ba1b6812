"""Words of a message enter the search index when it has been sent, not again with each step of its sending.

A row that is claimed, started and settled changes its place in partial indexes each time, so every index gets a new
entry, and a text index gets one for each word: it was the dearest part of sending for PostgreSQL.
"""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("inbox.migrations.0002_functions_and_search").SEARCH

SEARCH = """
CREATE OR REPLACE FUNCTION carillon_search(words text, name_part text, digits text, cap integer)
RETURNS TABLE (conversation_id bigint) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE ws bigint := nullif(nullif(current_setting('app.workspace', true), ''), 'all')::bigint;
BEGIN
    IF ws IS NULL THEN RETURN; END IF;
    IF name_part <> '' THEN
        RETURN QUERY EXECUTE
            'SELECT c.id FROM inbox_conversation c WHERE c.workspace_id = $1 AND c.contact_id IN ('
            '  SELECT p.id FROM contacts_contact p WHERE p.workspace_id = $1 AND p.name ILIKE $2 LIMIT $3)'
            USING ws, '%' || name_part || '%', cap;
    END IF;
    IF digits <> '' THEN
        RETURN QUERY EXECUTE
            'SELECT c.id FROM inbox_conversation c JOIN ('
            '  SELECT i.contact_id FROM contacts_identity i WHERE i.workspace_id = $1 AND i.phone LIKE $2 LIMIT $3) f'
            '    ON f.contact_id = c.contact_id WHERE c.workspace_id = $1'
            USING ws, '%' || digits || '%', cap;
    END IF;
    IF words <> '' THEN
        RETURN QUERY EXECUTE
            'SELECT m.conversation_id FROM inbox_message m WHERE m.workspace_id = $1'
            '   AND to_tsvector(''simple'', m.text) @@ to_tsquery(''simple'', $2)'
            '   AND m.send_state IN (''none'', ''done'', ''unknown'') LIMIT $3'
            USING ws, words, cap;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    atomic = False  # the largest table: senders go on writing while the index is built

    dependencies = [("inbox", "0004_consent_events")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS message_words_settled ON inbox_message "
            "USING gin (workspace_id, to_tsvector('simple', text)) WHERE send_state IN ('none', 'done', 'unknown')",
            "DROP INDEX IF EXISTS message_words_settled",
        ),
        migrations.RunSQL(SEARCH, BEFORE),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS message_words",
            "CREATE INDEX IF NOT EXISTS message_words ON inbox_message "
            "USING gin (workspace_id, to_tsvector('simple', text))",
        ),
    ]

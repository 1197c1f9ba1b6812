"""Webhooks that arrive at the same moment are stored by one statement and one commit."""

from django.db import migrations

INGEST = """
CREATE OR REPLACE FUNCTION carillon_ingest_many(ws bigint[], channels bigint[], raws bytea[], heads text[])
RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
    all_made bigint[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(ws) LOOP
        PERFORM set_config('app.workspace', ws[i]::text, true);
        INSERT INTO inbox_inboundwebhook (workspace_id, channel_id, body, headers)
        VALUES (ws[i], channels[i], raws[i], heads[i]::jsonb) RETURNING id INTO made;
        all_made := all_made || made;
    END LOOP;
    RETURN all_made;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("inbox", "0005_search_settled_messages")]

    operations = [
        migrations.RunSQL(INGEST, "DROP FUNCTION carillon_ingest_many(bigint[], bigint[], bytea[], text[])"),
    ]

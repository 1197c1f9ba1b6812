"""Reading people through their indexes under row security, and tags on their way into another."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# Not a security barrier on purpose: conditions must reach the indexes. The border is the view's own WHERE; whoever
# can run SQL of their own as the runtime role could name another scope anyway.
VIEW = """
CREATE VIEW contacts_searchable AS
SELECT id, uuid, workspace_id, name, email, language, time_zone, country, fields, tag_ids, blocked_at, created_at,
       last_seen_at, last_outbound_at
  FROM contacts_contact
 WHERE deleted_at IS NULL
   AND workspace_id = (SELECT nullif(nullif(current_setting('app.workspace', true), ''), 'all')::bigint);
"""

# As carillon_search in the inbox: runs as the owner, takes the workspace from the scope in force, never from its caller.
SEARCH = """
CREATE OR REPLACE FUNCTION carillon_contact_search(part text, digits text, cap integer)
RETURNS TABLE (contact_id bigint) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE ws bigint := nullif(nullif(current_setting('app.workspace', true), ''), 'all')::bigint;
BEGIN
    IF ws IS NULL THEN RETURN; END IF;
    IF part <> '' THEN
        RETURN QUERY EXECUTE
            'SELECT p.id FROM contacts_contact p WHERE p.workspace_id = $1 AND p.name ILIKE $2'
            '   AND p.deleted_at IS NULL LIMIT $3'
            USING ws, '%' || part || '%', cap;
        RETURN QUERY EXECUTE
            'SELECT p.id FROM contacts_contact p WHERE p.workspace_id = $1 AND p.email ILIKE $2 AND p.email <> '''''
            '   AND p.deleted_at IS NULL LIMIT $3'
            USING ws, '%' || part || '%', cap;
    END IF;
    IF digits <> '' THEN
        RETURN QUERY EXECUTE
            'SELECT i.contact_id FROM contacts_identity i WHERE i.workspace_id = $1 AND i.phone LIKE $2 LIMIT $3'
            USING ws, '%' || digits || '%', cap;
    END IF;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0010_consent_and_erasing")]

    operations = [
        migrations.AddField(
            model_name="tag",
            name="merged_into",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                help_text="Its people are being moved to that tag; gone when they all are",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="contacts.tag",
            ),
        ),
        migrations.CreateModel(
            name="SearchableContact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(editable=False, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("email", models.CharField(max_length=254)),
                ("language", models.CharField(max_length=12)),
                ("time_zone", models.CharField(max_length=64)),
                ("country", models.CharField(max_length=2)),
                ("fields", models.JSONField()),
                ("tag_ids", django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ("blocked_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField(null=True)),
                ("last_outbound_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "contacts_searchable", "managed": False},
        ),
        migrations.RunSQL(VIEW, "DROP VIEW contacts_searchable"),
        migrations.RunSQL(SEARCH, "DROP FUNCTION carillon_contact_search(text, text, integer)"),
    ]

"""Consent history that cannot be rewritten, and part-of-word search over names and e-mail addresses."""

from django.db import migrations

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON contacts_consententry
    FOR EACH ROW EXECUTE FUNCTION carillon_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON contacts_consententry
    FOR EACH STATEMENT EXECUTE FUNCTION carillon_append_only();
"""

EMAIL_PARTS = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE INDEX contact_email_parts ON contacts_contact USING gin (workspace_id, email gin_trgm_ops) WHERE email <> '';
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_people_in_full"), ("workspaces", "0002_functions")]

    operations = [
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER append_only ON contacts_consententry; DROP TRIGGER append_only_truncate ON contacts_consententry",
        ),
        migrations.RunSQL(EMAIL_PARTS, "DROP INDEX contact_email_parts"),
    ]

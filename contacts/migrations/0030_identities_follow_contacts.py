"""One key check less for every identity: its key to a contact of the same workspace says that the workspace exists.

Checking a key costs 3 µs a row, which is 6 % of what it takes to import a person.
"""

from django.db import migrations

DROP = """
DO $$
DECLARE name text;
BEGIN
    SELECT conname INTO name FROM pg_constraint
     WHERE conrelid = 'contacts_identity'::regclass AND confrelid = 'workspaces_workspace'::regclass AND contype = 'f';
    IF name IS NOT NULL THEN
        EXECUTE format('ALTER TABLE contacts_identity DROP CONSTRAINT %I', name);
    END IF;
END $$;
"""
ADD = """
ALTER TABLE contacts_identity ADD CONSTRAINT contacts_identity_workspace_id_fk FOREIGN KEY (workspace_id)
    REFERENCES workspaces_workspace (id) DEFERRABLE INITIALLY DEFERRED
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0020_search_and_merged_tags")]

    operations = [migrations.RunSQL(DROP, ADD)]

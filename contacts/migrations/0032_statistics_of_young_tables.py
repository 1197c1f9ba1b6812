"""Let an import put right what PostgreSQL thinks of a table that has just been filled.

A table that is analysed while its first rows are not committed yet counts as empty. To an empty table every index that
begins with the workspace looks equally good, and a look-up by address may then read the whole workspace, for each row.
"""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION carillon_refresh_contact_statistics()
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    young record;
    done integer := 0;
BEGIN
    FOR young IN
        SELECT oid::regclass AS name FROM pg_class
         WHERE oid IN ('contacts_contact'::regclass, 'contacts_identity'::regclass)
           -- Thought to have less than a row on a page. Before the first look it is -1, and then pages are counted.
           AND reltuples >= 0 AND reltuples < pg_relation_size(oid) / 8192 AND pg_relation_size(oid) > 80000
         ORDER BY oid
    LOOP
        EXECUTE format('ANALYZE %s (workspace_id)', young.name);
        done := done + 1;
    END LOOP;
    RETURN done;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("contacts", "0031_blocked_people")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION carillon_refresh_contact_statistics()")]

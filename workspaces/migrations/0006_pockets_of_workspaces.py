"""Workspaces from before credits get their pockets, and begin with what a new one would."""

from django.conf import settings
from django.db import migrations

POCKETS = """
SELECT set_config('app.workspace', 'all', true);
INSERT INTO workspaces_creditpocket (workspace_id, kind, balance, created_at)
SELECT w.id, k.kind, 0, clock_timestamp() FROM workspaces_workspace w, (VALUES ('whatsapp'), ('sms')) k (kind)
    ON CONFLICT DO NOTHING;
WITH given AS (
    UPDATE workspaces_creditpocket p SET balance = %(credits)s
     WHERE p.kind = 'whatsapp' AND %(credits)s > 0
       AND NOT EXISTS (SELECT 1 FROM workspaces_creditentry e WHERE e.pocket_id = p.id)
    RETURNING p.id, p.workspace_id)
INSERT INTO workspaces_creditentry
       (workspace_id, pocket_id, kind, amount, balance_after, after_attempts, source, reference, note, created_at)
SELECT workspace_id, id, 'top_up', %(credits)s, %(credits)s, 0, 'operator', 'starting credits',
       'What a new workspace begins with', clock_timestamp()
  FROM given;
"""


def give(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(POCKETS, {"credits": settings.STARTING_CREDITS})


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0005_credit_ledger")]

    operations = [migrations.RunPython(give, migrations.RunPython.noop)]

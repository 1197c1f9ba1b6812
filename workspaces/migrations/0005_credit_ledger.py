"""The ledger is append-only, and refunds are one function that other statements can call in the same trip."""

from django.db import migrations, models

# The pocket first: whoever waits for its lock then sees the refunds of the one before, because each statement of a
# volatile function looks anew. Nothing is locked when nothing is owed.
REFUND = """
CREATE OR REPLACE FUNCTION carillon_refund(ws bigint, ids bigint[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    made integer;
BEGIN
    IF coalesce(cardinality(ids), 0) = 0 THEN
        RETURN 0;
    END IF;
    PERFORM 1 FROM workspaces_creditpocket p
      WHERE p.workspace_id = ws AND p.id IN (
            SELECT c.pocket_id FROM workspaces_creditentry c
             WHERE c.workspace_id = ws AND c.message_id = ANY(ids) AND c.kind = 'charge'
               AND NOT EXISTS (SELECT 1 FROM workspaces_creditentry r
                                WHERE r.message_id = c.message_id AND r.kind = 'refund'
                                  AND r.after_attempts = c.after_attempts))
      ORDER BY p.id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    WITH owed AS (
        SELECT c.* FROM workspaces_creditentry c
         WHERE c.workspace_id = ws AND c.message_id = ANY(ids) AND c.kind = 'charge'
           AND NOT EXISTS (SELECT 1 FROM workspaces_creditentry r
                            WHERE r.message_id = c.message_id AND r.kind = 'refund'
                              AND r.after_attempts = c.after_attempts)),
    sums AS (SELECT pocket_id, -sum(amount)::bigint AS total FROM owed GROUP BY pocket_id),
    raised AS (
        UPDATE workspaces_creditpocket p SET balance = p.balance + s.total FROM sums s
         WHERE p.id = s.pocket_id AND p.workspace_id = ws
        RETURNING p.id, p.balance - s.total AS before)
    INSERT INTO workspaces_creditentry
           (workspace_id, pocket_id, kind, amount, balance_after, message_id, after_attempts, broadcast_id, source,
            actor_id, reference, note, created_at)
    SELECT ws, o.pocket_id, 'refund', -o.amount,
           r.before - sum(o.amount) OVER (PARTITION BY o.pocket_id ORDER BY o.id), o.message_id, o.after_attempts,
           o.broadcast_id, o.source, NULL, '', '', clock_timestamp()
      FROM owed o JOIN raised r ON r.id = o.pocket_id ORDER BY o.id;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END $$;
"""

APPEND_ONLY = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON workspaces_creditentry
    FOR EACH ROW EXECUTE FUNCTION carillon_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON workspaces_creditentry
    FOR EACH STATEMENT EXECUTE FUNCTION carillon_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0004_credits")]

    operations = [
        migrations.AlterField(
            "creditpocket",
            "daily_cap",
            models.BigIntegerField(null=True, blank=True, help_text="Most credits charged in a day"),
        ),
        migrations.RunSQL(REFUND, "DROP FUNCTION carillon_refund(bigint, bigint[])"),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER append_only ON workspaces_creditentry;"
            "DROP TRIGGER append_only_truncate ON workspaces_creditentry",
        ),
    ]

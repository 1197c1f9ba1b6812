"""Database functions of the tenant border: who belongs where, which channel a hook names, and append-only tables."""

from django.db import migrations

# Answers before any scope is known, so it looks across workspaces itself, returns ids only, and restores the scope.
MEMBERSHIP = """
CREATE OR REPLACE FUNCTION carillon_membership(wanted_slug text, wanted_user bigint)
RETURNS TABLE (workspace_id bigint, member_id bigint) LANGUAGE plpgsql AS $$
DECLARE before text := coalesce(current_setting('app.workspace', true), '');
BEGIN
    PERFORM set_config('app.workspace', 'all', true);
    RETURN QUERY
        SELECT m.workspace_id, m.id FROM workspaces_member m JOIN workspaces_workspace w ON w.id = m.workspace_id
         WHERE w.slug = wanted_slug AND m.user_id = wanted_user AND m.removed_at IS NULL;
    PERFORM set_config('app.workspace', before, true);
END $$;
"""

CHANNEL_BY_HOOK = """
CREATE OR REPLACE FUNCTION carillon_channel_by_hook(token text)
RETURNS TABLE (workspace_id bigint, channel_id bigint) LANGUAGE plpgsql AS $$
DECLARE before text := coalesce(current_setting('app.workspace', true), '');
BEGIN
    PERFORM set_config('app.workspace', 'all', true);
    RETURN QUERY SELECT c.workspace_id, c.id FROM workspaces_channel c
                  WHERE c.hook_token = token AND c.disconnected_at IS NULL;
    PERFORM set_config('app.workspace', before, true);
END $$;
"""

APPEND_ONLY = """
CREATE OR REPLACE FUNCTION carillon_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON workspaces_auditentry
    FOR EACH ROW EXECUTE FUNCTION carillon_append_only();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON workspaces_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION carillon_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0001_initial")]

    operations = [
        migrations.RunSQL(MEMBERSHIP, "DROP FUNCTION carillon_membership(text, bigint)"),
        migrations.RunSQL(CHANNEL_BY_HOOK, "DROP FUNCTION carillon_channel_by_hook(text)"),
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER append_only ON workspaces_auditentry;"
            "DROP TRIGGER append_only_truncate ON workspaces_auditentry;"
            "DROP FUNCTION carillon_append_only()",
        ),
    ]

"""Give every tenant table its border in the database, after each migration.

Per table with a `workspace` link: forced row security, foreign keys over (workspace_id, id) to other tenant
tables, and grants for the runtime role. All of it is idempotent, so it runs after every migrate and a new
model cannot forget it. `docs/architecture.md` explains the design; the traps it closes are PostgreSQL's:
owners bypass row security unless it is forced, foreign key checks ignore it, and an unset setting reads as ''.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections, models

from .models.tenant import TenantModel

# The scope is read once per statement (InitPlan), not once per row; '' and unset mean no rows at all.
SCOPE = "(SELECT nullif(nullif(current_setting('app.workspace', true), ''), 'all')::bigint)"
SYSTEM = "(SELECT current_setting('app.workspace', true) = 'all')"


def tenant_models(app_label: str | None = None) -> list[type[TenantModel]]:
    """Every concrete model whose rows belong to one workspace."""
    found = apps.get_app_config(app_label).get_models() if app_label else apps.get_models()
    return [model for model in found if issubclass(model, TenantModel) and not model._meta.abstract]


def after_migrate(app_config: AppConfig, using: str, **kwargs: Any) -> None:
    """Bring the tables of one app under row security; does nothing for apps without tenant tables."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    runtime = settings.DATABASES["default"]["USER"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        owner = cursor.fetchone()[0]
        existing = set(connection.introspection.table_names(cursor))
        for model in tenant_models(app_config.label):
            if model._meta.db_table in existing:
                _secure(cursor, model, owner, runtime)
                _pair_keys(cursor, model)
        if owner != runtime:
            _grant(cursor, runtime, existing)


def _secure(cursor: Any, model: type[TenantModel], owner: str, runtime: str) -> None:
    table = model._meta.db_table
    cursor.execute("SELECT policyname FROM pg_policies WHERE tablename = %s", [table])
    policies = {row[0] for row in cursor.fetchall()}
    cursor.execute("SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", [table])
    if not cursor.fetchone()[0]:
        cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    if "workspace_border" not in policies:
        rule = f"(workspace_id = {SCOPE} OR {SYSTEM})"
        cursor.execute(f"CREATE POLICY workspace_border ON {table} USING {rule} WITH CHECK {rule}")
    if owner != runtime and "owner_reads" not in policies:
        # Search functions run as the owner and filter by workspace themselves: text operators are not leakproof,
        # so under a policy the planner could not use their indexes (measured 250 times slower).
        cursor.execute(f'CREATE POLICY owner_reads ON {table} FOR SELECT TO "{owner}" USING (true)')


def _pair_keys(cursor: Any, model: type[TenantModel]) -> None:
    """Foreign keys over (workspace_id, x_id), because plain foreign key checks ignore row security."""
    table = model._meta.db_table
    cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass", [table])
    existing = {row[0] for row in cursor.fetchall()}
    for field in model._meta.local_fields:
        if not isinstance(field, models.ForeignKey) or not issubclass(field.related_model, TenantModel):
            continue
        target = field.related_model._meta.db_table
        name = f"{table}_{field.column}_ws"[:63]
        if name in existing:
            continue
        cursor.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {target}_ws_id ON {target} (workspace_id, id)")
        cursor.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (workspace_id, {field.column}) "
            f"REFERENCES {target} (workspace_id, id) DEFERRABLE INITIALLY DEFERRED NOT VALID"
        )
        cursor.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _grant(cursor: Any, runtime: str, existing: set[str]) -> None:
    """The runtime role reads and writes rows, owns nothing, cannot TRUNCATE and cannot rewrite history."""
    cursor.execute(f'GRANT USAGE ON SCHEMA public TO "{runtime}"')
    cursor.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{runtime}"')
    cursor.execute(f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{runtime}"')
    for model in tenant_models():
        if model.append_only and model._meta.db_table in existing:
            cursor.execute(f'REVOKE UPDATE, DELETE ON {model._meta.db_table} FROM "{runtime}"')

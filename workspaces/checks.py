"""Refuse to run with a database role that row security does not bind."""

from __future__ import annotations

from typing import Any

from django.core.checks import Error, register
from django.db import OperationalError, connections


@register("database")
def runtime_role_is_bound(app_configs: Any, databases: Any, **kwargs: Any) -> list[Error]:
    """Superusers and BYPASSRLS roles see every tenant's rows, whatever the policies say."""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
            row = cursor.fetchone()
    except OperationalError:
        return []  # a database that is down is reported by whoever needs it
    if row and any(row):
        return [
            Error(
                "DATABASE_URL connects as a superuser or BYPASSRLS role, which ignores the border between workspaces.",
                hint="Create a plain role for the application, see docs/operating.md.",
                id="workspaces.E001",
            )
        ]
    return []

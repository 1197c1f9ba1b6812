"""No work as a role that row security does not bind: superusers and BYPASSRLS roles see every tenant's rows."""

from __future__ import annotations

import sys
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

REFUSAL = (
    "DATABASE_URL connects as a superuser or BYPASSRLS role, which ignores the border between workspaces. "
    "Create a plain role for the application, see docs/operating.md."
)


def refuse_unbound_role() -> None:
    """End this process if its database role is not bound by row security.

    While the database is down the process starts all the same, and every connection it makes is refused until one
    has passed.
    """
    connection_created.connect(_check_once, dispatch_uid="database-role")
    try:
        connection.ensure_connection()
    except OperationalError:
        pass
    except ImproperlyConfigured as error:
        sys.exit(f"Refused to start: {error}")
    finally:
        connection.close()


def _check_once(sender: Any, connection: Any, **kwargs: Any) -> None:
    if connection.alias != "default":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            raise ImproperlyConfigured(REFUSAL)
    connection_created.disconnect(dispatch_uid="database-role")

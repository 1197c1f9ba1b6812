"""Whose rows the database shows. The only module that sets `app.workspace`.

The setting lives exactly as long as one transaction, so it can never reach the next user of a pooled connection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


def _enter(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.workspace', %s, true)", [value])


def current() -> str:
    """The scope in force: '' (no rows), 'all', or a workspace id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting('app.workspace', true), '')")
        return cursor.fetchone()[0]


@contextmanager
def scope(workspace_id: int) -> Iterator[None]:
    """One transaction in which only this workspace's rows exist.

    Nested in another scope it narrows to `workspace_id` and gives the outer scope back at its end.
    """
    with _transaction(str(int(workspace_id))):
        yield


@contextmanager
def all_workspaces() -> Iterator[None]:
    """One transaction over every workspace: for the sweeper, inbound routing and operators only.

    Each caller is listed by name in tests/workspaces/test_row_security.py.
    """
    with _transaction("all"):
        yield


def in_one_trip(workspace_id: int, sql: str, parameters: Mapping[str, Any]) -> tuple[list[tuple[Any, ...]], int]:
    """Run `sql` as one transaction in this workspace's scope; the rows its last statement returned, and its count.

    One round trip instead of four (begin, scope, statement, commit): a string of several statements is one
    transaction to PostgreSQL, in which each sees what was committed before it began
    (postgresql.org/docs/18/protocol-flow.html, "Multiple Statements in a Simple Query"). Within a transaction of
    Django's it takes part in that instead.
    """
    if connection.in_atomic_block:
        with scope(workspace_id), connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return _last_result(cursor)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT set_config('app.workspace', '{int(workspace_id)}', true); {sql}", parameters)
        return _last_result(cursor)


def _last_result(cursor: Any) -> tuple[list[tuple[Any, ...]], int]:
    while cursor.nextset():
        pass
    return (cursor.fetchall() if cursor.description else []), cursor.rowcount


@contextmanager
def _transaction(value: str) -> Iterator[None]:
    nested = connection.in_atomic_block
    with transaction.atomic():
        before = current() if nested else ""
        _enter(value)
        yield
        if nested:
            # Only on success: after an error the savepoint's rollback restores the setting by itself.
            _enter(before)

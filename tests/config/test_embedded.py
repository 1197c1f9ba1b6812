"""The private servers: who may read what, and what is said when something is in the way."""

from __future__ import annotations

import socket
import stat

import psycopg
import pytest
from django.db import connection

from config.embedded import Home, StartFailed, claimed_port, passwords
from config.processes import Processes
from tests.servers import DATABASE, run


def test_generated_passwords_are_for_their_owner_only(tmp_path):
    home = Home(tmp_path)
    first = passwords(home)
    assert stat.S_IMODE((tmp_path / "env").stat().st_mode) == 0o600
    assert passwords(home) == first
    assert len(set(first.values())) == len(first)


def test_a_busy_port_is_named_together_with_the_way_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(StartFailed, match=f"Port {port}, meant for web, is in use.*bin/dev --port"):
            Processes({}, tmp_path, port).check_ports()
        with pytest.raises(StartFailed, match=f"Port {port} for Valkey is in use"):
            claimed_port(port, "Valkey")


@pytest.mark.django_db
def test_the_suite_runs_as_a_role_that_row_security_binds():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles "
            "WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("carillon", False, False, False, False)
        cursor.execute("SELECT current_setting('synchronous_commit')")
        assert cursor.fetchone() == ("on",)


@pytest.mark.django_db
def test_the_runtime_role_owns_nothing_and_cannot_truncate():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
        assert cursor.fetchall() == []
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') "
            "AND has_table_privilege(current_user, oid, 'TRUNCATE')"
        )
        assert cursor.fetchall() == []


@pytest.mark.usefixtures("django_db_setup")
def test_nobody_enters_without_the_password():
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(run.servers.admin_url(DATABASE), password="guess")

"""An import is not misled by what PostgreSQL thinks of a table that has just been filled."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.db import connection, connections, transaction

from contacts.models import Contact, Identity
from tests.factories import make_workspace
from workspaces import tenancy

ROWS = 3_000


@pytest.mark.usefixtures("committed_db")
def test_a_table_that_was_analysed_before_its_rows_were_committed_does_not_count_as_empty():
    workspace = make_workspace()
    with tenancy.scope(workspace.pk):
        contact = Contact.objects.create(workspace=workspace, name="Nora")
        Identity.objects.bulk_create(
            Identity(workspace=workspace, contact=contact, channel_kind="whatsapp_cloud", address=uuid4().hex)
            for _ in range(ROWS)
        )
        with connections["owner"].cursor() as elsewhere:
            elsewhere.execute("ANALYZE contacts_identity")
        connections["owner"].close()
        assert rows_thought_of() < ROWS / 10
        with connection.cursor() as cursor:
            cursor.execute("SELECT carillon_refresh_contact_statistics()")
            assert cursor.fetchone()[0] >= 1
        assert rows_thought_of() >= ROWS
        transaction.set_rollback(True)


def rows_thought_of() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'contacts_identity'")
        return cursor.fetchone()[0]

"""The border between workspaces, as the database draws it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, ProgrammingError, connection, models, transaction
from django.db.utils import InternalError

from contacts.models import Contact
from inbox.models import Conversation, Message
from tests.factories import make_channel, make_contact, make_conversation, make_identity, make_member, make_workspace
from workspaces import auditing, tenancy
from workspaces.checks import runtime_role_is_bound
from workspaces.models import AuditEntry, Channel
from workspaces.models.tenant import TenantModel
from workspaces.row_security import tenant_models

ROOT = Path(settings.BASE_DIR)

# Who may look across workspaces. A new caller needs a reason that stands up to the same question.
ALL_WORKSPACES = {
    "broadcasts/conducting.py": "finds broadcasts to work on and the workspace of one it was poked for",
    "broadcasts/firing.py": "finds broadcasts whose time has come, of all workspaces",
    "broadcasts/hearing.py": "hears what everybody said since the last time, for the broadcasts of all workspaces",
    "broadcasts/tallying.py": "finds broadcasts whose figures are to be counted, of all workspaces",
    "contacts/erasing.py": "claims people to erase and finds those deleted long ago, of all workspaces",
    "contacts/exporting/running.py": "claims exports to write and deletes expired files, of all workspaces",
    "contacts/importing/running.py": "claims imports to work on, of all workspaces",
    "contacts/importing/steps.py": "deletes the uploads of imports that ended long ago, of all workspaces",
    "contacts/person_export.py": "claims files to write about one person and deletes expired ones, of all workspaces",
    "contacts/tag_merging.py": "finds merges of tags to finish, of all workspaces",
    "inbox/dispatching.py": "finds the workspace of a channel it was poked for",
    "inbox/management/commands/webhook_replay.py": "an operator replays a webhook by its id",
    "inbox/media.py": "claims files to fetch of all workspaces",
    "inbox/receiving.py": "claims stored webhooks of all workspaces",
    "inbox/settling.py": "looks for sends whose answer never came",
    "inbox/template_files.py": "forgets what providers no longer have of uploads, of all workspaces",
    "inbox/sweeping.py": "finds forgotten work of all workspaces",
    "live/gate.py": "which workspaces a browser's session may listen to",
    "templates_mgmt/syncing.py": "finds accounts whose templates are to be fetched, of all workspaces",
    "templates_mgmt/tasks.py": "claims what is to be done with templates at providers, of all workspaces",
    "workspaces/credit_checks.py": "finds the workspaces whose credits were not checked for a day",
    "workspaces/credit_notices.py": "finds the workspaces whose admins are to be told that credits run out",
    "workspaces/joining.py": "a person's own workspaces, and the invitation a link stands for",
    "workspaces/management/commands/rotate_keys.py": "encrypts the secrets of all workspaces anew",
}


def tables() -> list[str]:
    return [model._meta.db_table for model in tenant_models()]


def ask(sql: str, *parameters: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def test_callers_that_look_across_workspaces_are_listed():
    callers = set()
    for folder in ("config", "live", "workspaces", "contacts", "templates_mgmt", "inbox", "broadcasts"):
        for path in (ROOT / folder).rglob("*.py"):
            if re.search(r"\ball_workspaces\(\)", path.read_text()) and path.name != "tenancy.py":
                callers.add(str(path.relative_to(ROOT)))
    assert callers == set(ALL_WORKSPACES)


def test_only_tenancy_sets_the_scope():
    setters = {
        str(path.relative_to(ROOT))
        for folder in ("config", "live", "workspaces", "contacts", "templates_mgmt", "inbox", "broadcasts")
        for path in (ROOT / folder).rglob("*.py")
        if "set_config('app.workspace'" in path.read_text()
    }
    # Besides it two SQL functions that return ids only, and ingestion, which proves its own workspace.
    assert {name for name in setters if "/migrations/" not in name} == {"workspaces/tenancy.py"}


def test_the_suite_runs_as_a_role_that_row_security_binds(db):
    [(superuser, bypasses)] = ask("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    assert not superuser
    assert not bypasses
    assert ask("SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = current_user AND relkind = 'r'") == []
    assert runtime_role_is_bound(None, None) == []


def test_every_table_with_a_workspace_has_forced_row_security(db):
    with_workspace = {
        row[0]
        for row in ask(
            "SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "WHERE a.attname = 'workspace_id' AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        )
    }
    forced = {row[0] for row in ask("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")}
    assert with_workspace == set(tables())
    assert with_workspace <= forced


@pytest.mark.parametrize("table", tables())
def test_the_policy_binds_reading_and_writing(db, table):
    policies = ask("SELECT permissive, cmd, qual, with_check FROM pg_policies WHERE tablename = %s "
                   "AND policyname = 'workspace_border'", table)  # fmt: skip
    assert len(policies) == 1
    permissive, command, reads, writes = policies[0]
    assert (permissive, command) == ("PERMISSIVE", "ALL")
    assert "app.workspace" in reads
    assert "app.workspace" in writes
    mine = ask("SELECT policyname FROM pg_policies WHERE tablename = %s AND policyname <> 'workspace_border' "
               "AND (current_user = ANY(roles) OR 'public' = ANY(roles))", table)  # fmt: skip
    assert mine == []


@pytest.mark.parametrize("table", tables())
def test_the_role_can_neither_truncate_nor_refer(db, table):
    assert ask("SELECT has_table_privilege(%s, 'TRUNCATE'), has_table_privilege(%s, 'TRIGGER')", table, table) == [
        (False, False)
    ]


LINKS = [
    (model._meta.db_table, field.column, field.related_model._meta.db_table)
    for model in tenant_models()
    for field in model._meta.local_fields
    if isinstance(field, models.ForeignKey) and issubclass(field.related_model, TenantModel)
]


@pytest.mark.parametrize(("table", "column", "target"), LINKS)
def test_links_between_tenant_tables_carry_the_workspace(db, table, column, target):
    keys = ask(
        "SELECT pg_get_constraintdef(oid), convalidated FROM pg_constraint WHERE contype = 'f' "
        "AND conrelid = %s::regclass AND confrelid = %s::regclass",
        table,
        target,
    )
    wanted = f"FOREIGN KEY (workspace_id, {column}) REFERENCES {target}(workspace_id, id)"
    assert [valid for definition, valid in keys if definition.startswith(wanted)] == [True]


def test_a_link_across_the_border_is_refused(db):
    ours, theirs = make_workspace(), make_workspace()
    foreign = make_identity(make_contact(theirs))
    channel = make_channel(ours)
    with pytest.raises(IntegrityError, match="_ws"), transaction.atomic():
        make_conversation(ours, channel=channel, identity=foreign)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_without_a_scope_there_are_no_rows(db):
    make_conversation()
    assert not Conversation.objects.exists()
    assert not Channel.objects.exists()


def test_a_scope_shows_its_own_rows_only(db):
    ours, theirs = make_contact(), make_contact()
    with tenancy.scope(ours.workspace_id):
        assert list(Contact.objects.all()) == [ours]
        assert not Contact.objects.filter(workspace_id=theirs.workspace_id).exists()
        assert Contact.objects.filter(pk=theirs.pk).update(name="Stolen") == 0
        assert Contact.objects.filter(pk=theirs.pk).delete() == (0, {})
    with tenancy.scope(theirs.workspace_id):
        assert Contact.objects.get().name == "Nora"


def test_a_row_cannot_be_put_into_another_workspace(db):
    ours, theirs = make_workspace(), make_workspace()
    with pytest.raises(ProgrammingError, match="row-level security"), tenancy.scope(ours.pk):
        Contact.objects.create(workspace=theirs)


def test_a_row_cannot_move_to_another_workspace(db):
    contact, theirs = make_contact(), make_workspace()
    with pytest.raises(ProgrammingError, match="row-level security"), tenancy.scope(contact.workspace_id):
        Contact.objects.filter(pk=contact.pk).update(workspace=theirs)


def test_a_nested_scope_narrows_and_gives_the_outer_back(db):
    ours, theirs = make_contact(), make_contact()
    with tenancy.all_workspaces():
        assert Contact.objects.count() == 2
        with tenancy.scope(ours.workspace_id):
            assert Contact.objects.get() == ours
            with tenancy.scope(theirs.workspace_id):
                assert Contact.objects.get() == theirs
            assert Contact.objects.get() == ours
        assert Contact.objects.count() == 2
    assert tenancy.current() == ""


def test_an_error_inside_gives_the_outer_scope_back(db):
    ours, theirs = make_contact(), make_contact()
    with tenancy.scope(ours.workspace_id):
        with pytest.raises(ZeroDivisionError), tenancy.scope(theirs.workspace_id):
            raise ZeroDivisionError
        assert Contact.objects.get() == ours


def test_a_scope_ends_with_its_transaction(committed_db):
    contact = make_contact()
    with tenancy.scope(contact.workspace_id):
        assert Contact.objects.exists()
    assert tenancy.current() == ""
    assert not Contact.objects.exists()


def test_pooled_connections_never_carry_a_scope_over(committed_db):
    first, second = make_contact(name="first"), make_contact(name="second")

    def alternate(number: int) -> set[str]:
        seen = set()
        for turn in range(25):
            contact = (first, second)[(number + turn) % 2]
            if Contact.objects.exists():
                seen.add("rows without a scope")
            with tenancy.scope(contact.workspace_id):
                seen |= {name for name in Contact.objects.values_list("name", flat=True) if name != contact.name}
            connection.close()
        return seen

    with ThreadPoolExecutor(4) as pool:
        assert set().union(*pool.map(alternate, range(16))) == set()


def test_raw_sql_without_a_filter_is_bound_too(db):
    ours = make_conversation()
    make_conversation()
    with tenancy.scope(ours.workspace_id):
        assert ask("SELECT id FROM inbox_conversation") == [(ours.pk,)]
        assert ask(f"SELECT count(*) FROM {Message._meta.db_table}") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE workspaces_auditentry SET action = 'nothing'",
        "DELETE FROM workspaces_auditentry",
        "TRUNCATE workspaces_auditentry",
        "ALTER TABLE workspaces_auditentry DISABLE TRIGGER ALL",
    ],
)
def test_the_audit_log_cannot_be_rewritten(db, statement):
    member = make_member()
    with tenancy.scope(member.workspace_id):
        auditing.record(member, "workspace.created", "harbour")
        with pytest.raises((ProgrammingError, InternalError)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert AuditEntry.objects.get().action == "workspace.created"


def test_not_even_the_owner_of_the_tables_rewrites_the_audit_log(committed_db, superuser):
    member = make_member()
    with tenancy.scope(member.workspace_id):
        auditing.record(member, "workspace.created", "harbour")
    with pytest.raises(Exception, match="append-only"):
        superuser.execute("DELETE FROM workspaces_auditentry")

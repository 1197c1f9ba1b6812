"""Lists of people become files: the right people, for a week, and fit to be imported again."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.storage import default_storage

from contacts import consent, fields, labels
from contacts.exporting import running
from contacts.importing.rows import book_rows
from contacts.models import Contact, CustomField, ExportRun
from tests.contacts.imports import imported, people
from tests.factories import make_contact, make_identity, make_member
from workspaces import tenancy
from workspaces.models import AuditEntry, Member

pytestmark = pytest.mark.usefixtures("committed_db")


def exported(by: Member, *, format: str = "csv", **filters: str) -> ExportRun:
    with tenancy.scope(by.workspace_id):
        run = running.request(by.workspace, filters, format=format, by=by)
    while running.work_next():
        pass
    return again(run)


def again(run: ExportRun) -> ExportRun:
    with tenancy.scope(run.workspace_id):
        return ExportRun.objects.get(pk=run.pk)


def content(run: ExportRun) -> bytes:
    with default_storage.open(run.file) as file:
        return file.read()


def rows(run: ExportRun) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content(run).decode("utf-8-sig"), newline="")))


def filled(by: Member) -> list[Contact]:
    """People with everything an export can hold, some of it hostile."""
    workspace = by.workspace
    with tenancy.scope(workspace.pk):
        tag = labels.make_tag(workspace.pk, "VIP", by=by)
        also = labels.make_tag(workspace.pk, "=1+1", by=by)
        for label, kind, choices in (
            ("Remark", "text", ()), ("Size", "number", ()), ("Since", "date", ()), ("Member", "yes_no", ()),
            ("Plan", "choice", ("Free", "Paid")),
        ):  # fmt: skip
            fields.make_field(workspace.pk, label=label, kind=kind, choices=choices, by=by)
    nora = make_contact(
        workspace, name="=HYPERLINK(\"x\")", email="nora@example.com", language="ar", country="SA",
        time_zone="Asia/Riyadh", tag_ids=[tag.pk, also.pk],
        fields={
            "remark": "-5 \\ 'quoted'\nnext line, \"too\"",
            "size": -42.5, "since": "2026-05-03", "member": False, "plan": "Paid",
        },
    )  # fmt: skip
    paul = make_contact(workspace, name="'Paul; Weber\\", fields={"size": 7})
    nobody = make_contact(workspace, name="Hidden number", tag_ids=[tag.pk])
    first = make_identity(nora, address="966500000001")
    second = make_identity(paul, address="4915100000002")
    hidden = make_identity(nobody, address="", user_id="SA.123", phone="")
    with tenancy.scope(workspace.pk):
        consent.tighten(first, "marketing", "opted_in", source="import")
        consent.opt_out(second, source="agent", by=by)
        consent.tighten(hidden, "marketing", "opted_in", source="import")
    return [nora, paul, nobody]


def stored(by: Member) -> list[dict[str, Any]]:
    left_out = {"_state", "created_at", "import_run_id"}
    return [
        {name: value for name, value in vars(person).items() if name not in left_out} for person in people(by.workspace)
    ]


def test_a_file_holds_everybody_the_filter_leaves():
    member = make_member()
    nora, paul, nobody = filled(member)
    run = exported(member)
    assert (run.state, run.count, run.lease_until) == ("done", 3, None)
    found = rows(run)
    assert [row["Carillon ID"] for row in found] == [str(person.uuid) for person in (nora, paul, nobody)]
    assert found[0]["Phone"] == "+966500000001"
    assert found[0]["Name"] == '\'=HYPERLINK("x")'
    assert found[0]["Tags"] == "'=1+1; VIP"
    assert [row["Marketing consent"] for row in found] == ["yes", "no", "yes"]
    assert [found[0][name] for name in ("Size", "Since", "Member", "Plan")] == ["'-42.5", "2026-05-03", "no", "Paid"]
    assert [row["Carillon ID"] for row in rows(exported(member, consent="opted_out"))] == [str(paul.uuid)]
    assert rows(exported(member, q="nobody at all")) == []


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_what_was_exported_can_be_imported_and_changes_nothing(format: str):
    member = make_member()
    filled(member)
    before = stored(member)
    run = exported(member, format=format)
    back = imported(content(run), by=member, name=f"contacts.{format}")
    assert back.state == "done", back.error
    assert back.mapping["columns"][:9] == [
        "id", "phone", "name", "email", "language", "country", "time_zone", "tags", "consent"
    ]  # fmt: skip
    assert back.counts["done"] == {"rows": 3, "existing": 3, "unchanged": 3}
    assert stored(member) == before


def test_an_export_makes_the_same_people_elsewhere():
    member, other = make_member(), make_member()
    filled(member)
    with tenancy.scope(other.workspace_id):
        fields.make_field(other.workspace_id, label="Size", kind="number", by=other)
    back = imported(content(exported(member)), by=other)
    # Without a number and unknown here, somebody cannot be told from anybody.
    assert (back.counts["done"]["new"], back.counts["done"]["invalid"]) == (2, 1)
    nora, paul = people(other.workspace)
    assert (nora.name, nora.email, nora.fields) == ('=HYPERLINK("x")', "nora@example.com", {"size": -42.5})
    assert paul.name == "'Paul; Weber\\"
    assert {nora.uuid, paul.uuid}.isdisjoint({person.uuid for person in people(member.workspace)})


def test_a_workbook_holds_text_only():
    member = make_member()
    filled(member)
    read = [row for _, row in book_rows(io.BytesIO(content(exported(member, format="xlsx"))))]
    assert read[1][2] == '=HYPERLINK("x")'
    assert read[0][-5:] == ["Remark", "Size", "Since", "Member", "Plan"]


def test_an_export_is_in_the_audit_log():
    member = make_member()
    exported(member, q="Nora")
    with tenancy.scope(member.workspace_id):
        entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor_id, entry.after) == ("export.requested", member.pk, {"filter": {"q": "Nora"}})


def test_a_file_whose_worker_died_is_written_again(superuser):
    member = make_member()
    filled(member)
    with tenancy.scope(member.workspace_id):
        run = running.request(member.workspace, {}, format="csv", by=member)
    superuser.execute("UPDATE contacts_exportrun SET state = 'running', lease_until = now() + interval '1 minute'")
    assert not running.due()
    superuser.execute("UPDATE contacts_exportrun SET lease_until = now() - interval '1 second'")
    assert running.due()
    assert running.work_next()
    assert again(run).count == 3
    assert not running.due()


def test_files_are_deleted_after_their_time(superuser):
    member = make_member()
    run = exported(member)
    superuser.execute("UPDATE contacts_exportrun SET expires_at = now() - interval '1 second'")
    assert running.remove_expired() == 1
    assert not default_storage.exists(run.file)
    assert again(run).file == ""
    assert running.remove_expired() == 0


def test_an_archived_field_is_left_out():
    member = make_member()
    filled(member)
    with tenancy.scope(member.workspace_id):
        fields.archive_field(CustomField.objects.get(key="remark"), by=member)
    assert "Remark" not in rows(exported(member))[0]


def test_another_workspace_stays_out():
    member = make_member()
    filled(member)
    other = make_member()
    make_identity(make_contact(other.workspace, name="Zoe"))
    assert [row["Name"] for row in rows(exported(other))] == ["Zoe"]

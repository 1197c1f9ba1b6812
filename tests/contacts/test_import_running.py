"""Files become contacts: counted before, exact after a kill, never twice, and taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts import consent, deleting
from contacts.importing import running, steps, undoing
from contacts.models import (
    Consent,
    ConsentEntry,
    Contact,
    CustomField,
    Identity,
    IdentityAlias,
    ImportRun,
    Suppression,
    Tag,
)
from contacts.suppression import remember
from inbox.models import Conversation
from tests.contacts.imports import again, checked, finished, imported, numbers, people, problems, uploaded, worked
from tests.factories import make_contact, make_conversation, make_identity, make_member
from workspaces import tenancy
from workspaces.models import AuditEntry

pytestmark = pytest.mark.usefixtures("committed_db")

FILE = "Name,Phone,Email\nNora Haddad,+966500000001,nora@example.com\nPaul,+4915100000002,\n"


def test_rows_become_contacts_with_a_whatsapp_identity():
    run = imported(FILE)
    assert run.state == ImportRun.State.DONE
    nora, paul = people(run.workspace)
    assert (nora.name, nora.email, nora.country, nora.import_run_id) == (
        "Nora Haddad",
        "nora@example.com",
        "SA",
        run.pk,
    )
    assert (paul.name, paul.country) == ("Paul", "DE")
    with tenancy.scope(run.workspace_id):
        identity = Identity.objects.get(contact=nora)
    assert (identity.channel_kind, identity.address, identity.phone) == (
        "whatsapp_cloud",
        "966500000001",
        "+966500000001",
    )
    assert nora.uuid.version == 7


def test_the_check_changes_nothing_and_counts_what_the_run_does():
    member = make_member()
    known = make_identity(
        make_contact(member.workspace, name="Old name"), address="966500000001", phone="+966500000001"
    )
    content = FILE + "Nora again,+966 50 000 0001,\nNobody,none,\n"
    run = checked(uploaded(content, by=member))
    assert run.state == ImportRun.State.CHECKED
    counts = {"rows": 4, "new": 1, "existing": 1, "updated": 1, "duplicate": 1, "invalid": 1}
    assert run.counts["found"] == counts
    assert [person.name for person in people(member.workspace)] == ["Old name"]
    run = finished(run)
    assert run.counts["done"] == counts
    assert [person.name for person in people(member.workspace)] == ["Nora Haddad", "Paul"]
    with tenancy.scope(member.workspace_id):
        assert Identity.objects.get(address="966500000001").pk == known.pk


def test_importing_again_changes_nothing():
    member = make_member()
    imported(FILE, by=member)
    run = imported(FILE, by=member)
    assert run.counts["done"] == {"rows": 2, "existing": 2, "unchanged": 2}
    assert len(people(member.workspace)) == 2


def test_people_who_are_left_as_they_are_stay_so():
    member = make_member()
    imported(FILE, by=member)
    run = imported("Name,Phone\nSomebody else,+966500000001\n", by=member, duplicates="skip")
    assert run.counts["done"] == {"rows": 1, "existing": 1, "skipped": 1}
    assert people(member.workspace)[0].name == "Nora Haddad"


def test_empty_cells_change_nothing_and_tags_are_added():
    member = make_member()
    imported("Name,Phone,Tags,City\nNora,+966500000001,vip,Riyadh\n", "name", "phone", "tags", "new:text", by=member)
    imported("Name,Phone,Tags,City\n,+966500000001,Friend,\n", "name", "phone", "tags", "field:city", by=member)
    [nora] = people(member.workspace)
    with tenancy.scope(member.workspace_id):
        names = sorted(Tag.objects.filter(pk__in=nora.tag_ids).values_list("name", flat=True))
    assert (nora.name, nora.fields, names) == ("Nora", {"city": "Riyadh"}, ["Friend", "vip"])


def test_every_kind_of_column_is_read():
    content = (
        "First,Last,Phone,Mail,Lang,Country,Zone,Tags,Size,Since,Member\n"
        "Nora,Haddad,٠٥٠٠٠٠٠٠٠١,nora@example.com,Arabic,Saudi Arabia,Asia/Riyadh,VIP; friend,٤٢٫٥,2026-05-03,نعم\n"
    )
    run = imported(
        content, "first_name", "last_name", "phone", "email", "language", "country", "time_zone", "tags",
        "new:number", "new:date", "new:yes_no", tag="May import",
    )  # fmt: skip
    assert problems(run) == []
    [nora] = people(run.workspace)
    assert (nora.name, nora.language, nora.country, nora.time_zone) == ("Nora Haddad", "ar", "SA", "Asia/Riyadh")
    assert nora.fields == {"size": 42.5, "since": "2026-05-03", "member": True}
    assert numbers(run.workspace) == ["+966500000001"]
    with tenancy.scope(run.workspace_id):
        assert sorted(Tag.objects.filter(pk__in=nora.tag_ids).values_list("name", flat=True)) == [
            "May import",
            "VIP",
            "friend",
        ]
        assert CustomField.objects.get(key="size").label == "Size"


def test_each_problem_names_its_line_column_and_reason():
    content = 'Name,Phone,Mail\n"Two\nlines",+966500000001,\nBad,12,\nWorse,+966500000002,nobody\nLong,1,2,3\n'
    run = checked(uploaded(content), "name", "phone", "email")
    assert [(line, column) for line, column, _ in problems(run)] == [(4, "Phone"), (5, "Mail"), (6, "")]
    reasons = [reason for _, _, reason in problems(run)]
    assert reasons[0] == "This is too short for a phone number."
    assert "name@example.com" in reasons[1]
    assert "4 cells" in reasons[2]
    assert run.counts["found"] == {"rows": 4, "new": 1, "invalid": 3}


def test_another_spelling_that_the_provider_taught_is_the_same_person():
    member = make_member()
    identity = make_identity(make_contact(member.workspace), address="5511987654321")
    with tenancy.scope(member.workspace_id):
        IdentityAlias.objects.create(
            workspace=member.workspace, identity=identity, channel_kind="whatsapp_cloud", address="551187654321"
        )
    run = imported("Phone,Name\n+551187654321,Renamed\n", by=member)
    assert run.counts["done"]["updated"] == 1
    assert [person.name for person in people(member.workspace)] == ["Renamed"]


def test_somebody_deleted_comes_back_with_their_conversations():
    member = make_member()
    contact = make_contact(member.workspace, name="Nora")
    make_conversation(member.workspace, identity=make_identity(contact, address="966500000001"))
    with tenancy.scope(member.workspace_id):
        deleting.delete(member.workspace_id, [contact.pk], by=member)
    run = imported("Phone\n+966500000001\n", "phone", by=member, duplicates="skip")
    assert run.counts["done"]["updated"] == 1
    [back] = people(member.workspace)
    assert back.deleted_at is None
    with tenancy.scope(member.workspace_id):
        assert Conversation.objects.get().status == "open"


def said(run: ImportRun) -> dict[str, str]:
    with tenancy.scope(run.workspace_id):
        return dict(Consent.objects.filter(purpose="marketing").values_list("identity__address", "state"))


def test_consent_comes_from_a_column_or_not_at_all():
    run = imported("Phone,Consent\n+966500000001,yes\n+966500000002,لا\n+966500000003,\n", wording="At the till")
    assert said(run) == {"966500000001": "opted_in", "966500000002": "opted_out"}
    with tenancy.scope(run.workspace_id):
        entry = ConsentEntry.objects.get(state="opted_in")
        assert (entry.source, entry.actor_id, entry.wording.text) == ("import", run.created_by_id, "At the till")
    assert said(imported(FILE)) == {}


def test_a_stated_source_counts_for_everybody():
    run = imported(FILE, consent="stated", wording="Signed up in May")
    assert set(said(run).values()) == {"opted_in"}


def test_an_import_never_loosens_consent():
    member = make_member()
    identity = make_identity(make_contact(member.workspace), address="966500000001")
    with tenancy.scope(member.workspace_id):
        consent.opt_out(identity, source="stop_word")
    run = imported("Phone,Consent\n+966500000001,yes\n", by=member)
    assert said(run) == {"966500000001": "opted_out"}
    run = imported(FILE, by=member, consent="stated", wording="They did agree")
    assert said(run)["966500000001"] == "opted_out"


@pytest.mark.parametrize("duplicates", ["update", "skip"])
def test_a_no_in_a_file_counts_even_for_people_left_as_they_are(duplicates):
    member = make_member()
    imported("Phone,Consent\n+966500000001,yes\n", by=member)
    run = imported("Phone,Consent\n+966500000001,no\n", by=member, duplicates=duplicates)
    assert said(run) == {"966500000001": "opted_out"}


def test_who_was_erased_is_not_messaged_after_an_import():
    member = make_member()
    gone = make_identity(make_contact(member.workspace), address="966500000001")
    with tenancy.scope(member.workspace_id):
        remember([gone], ["marketing", "service"])
        Identity.objects.filter(pk=gone.pk).update(address="", phone="", user_id="erased")
        assert Suppression.objects.count() == 2
    run = imported(FILE, by=member, consent="stated", wording="Signed up in May")
    assert said(run)["966500000001"] == "opted_out"
    assert run.counts["done"]["suppressed"] == 2
    with tenancy.scope(member.workspace_id):
        fresh = Identity.objects.get(address="966500000001")
        assert not consent.may_send(fresh, "service")


def test_a_cancelled_import_keeps_what_is_done():
    run = checked(uploaded(FILE))
    with tenancy.scope(run.workspace_id):
        run = steps.start(run, by=run.created_by)
        steps.cancel(run, by=run.created_by)
    run = worked(run)
    assert (run.state, run.lease_until, people(run.workspace)) == ("cancelled", None, [])


def test_starting_twice_imports_once():
    run = checked(uploaded(FILE))
    with tenancy.scope(run.workspace_id):
        steps.start(run, by=run.created_by)
        steps.start(run, by=run.created_by)
    run = worked(run)
    with tenancy.scope(run.workspace_id):
        steps.start(run, by=run.created_by)
    assert len(people(worked(run).workspace)) == 2


def test_an_unchecked_file_is_not_imported():
    run = uploaded(FILE)
    with tenancy.scope(run.workspace_id), pytest.raises(steps.StepRefused):
        steps.start(run, by=run.created_by)


def test_undo_takes_back_only_new_people_nothing_has_happened_to():
    member = make_member()
    make_identity(make_contact(member.workspace, name="Old"), address="966500000009")
    content = "Name,Phone\nNew,+966500000001\nTalks,+966500000002\nStops,+966500000003\nOld too,+966500000009\n"
    run = imported(content, by=member, consent="stated", wording="May")
    with tenancy.scope(member.workspace_id):
        talks = Identity.objects.get(address="966500000002")
        stops = Identity.objects.get(address="966500000003")
        consent.opt_out(stops, source="agent", by=member)
    make_conversation(member.workspace, identity=talks)
    with tenancy.scope(member.workspace_id):
        undoing.undo(run, by=member)
    run = worked(run)
    assert run.counts["undone"] == {"removed": 1, "kept": 2}
    assert (run.state, run.lease_until) == ("undone", None)
    assert sorted(person.name for person in people(member.workspace)) == ["Old too", "Stops", "Talks"]
    with tenancy.scope(member.workspace_id):
        assert not Identity.objects.filter(address="966500000001").exists()
        assert ConsentEntry.objects.filter(state="opted_in").count() == 4  # history stays
        with pytest.raises(undoing.UndoRefused):
            undoing.undo(run, by=member)


def test_the_undo_ends_after_a_week(superuser):
    run = imported(FILE)
    superuser.execute("UPDATE contacts_importrun SET finished_at = now() - interval '8 days'")
    with tenancy.scope(run.workspace_id), pytest.raises(undoing.UndoRefused, match="week"):
        undoing.undo(again(run), by=run.created_by)


def test_what_was_done_stands_in_the_audit_log():
    run = imported(FILE)
    with tenancy.scope(run.workspace_id):
        undoing.undo(run, by=run.created_by)
        entries = list(AuditEntry.objects.order_by("id").values_list("action", "target"))
    assert entries == [
        ("import.uploaded", "people.csv"),
        ("import.started", "people.csv"),
        ("import.finished", "people.csv"),
        ("import.undone", "people.csv"),
    ]


def test_batches_side_by_side_add_up():
    rows = "".join(f"Person {number},+9665{number:08d},tag{number % 3}\n" for number in range(2_000))
    run = uploaded("Name,Phone,Tags\n" + rows + rows)
    run = finished(checked(run, "name", "phone", "tags", batch=150))
    assert run.counts["done"] == {"rows": 4_000, "new": 2_000, "duplicate": 2_000}
    assert run.position == 4_000
    assert run.counts["ahead"] == []
    assert len(people(run.workspace)) == 2_000


def test_a_run_goes_on_where_it_stopped(superuser):
    rows = "".join(f"Person {number},+9665{number:08d}\n" for number in range(1_000))
    run = checked(uploaded("Name,Phone\n" + rows + rows), "name", "phone", batch=100)
    with tenancy.scope(run.workspace_id):
        steps.start(run, by=run.created_by)
    # As a worker leaves it that died with the batches at 0 and 200 committed.
    for start in (0, 200):
        part = finished(checked(uploaded("Name,Phone\n" + "".join(rows.splitlines(True)[start : start + 100]),
                                         by=run.created_by)))  # fmt: skip
        assert part.state == "done"
    superuser.execute(
        "UPDATE contacts_importrun SET state = 'running', position = 100, lease_until = now(),"
        ' counts = counts || \'{"ahead": [[200, 300]], "done": {"rows": 200, "new": 200}}\' WHERE id = %s',
        [run.pk],
    )
    run = worked(run)
    assert run.counts["done"]["rows"] == 2_000
    assert run.counts["done"]["duplicate"] == 1_000
    assert len(people(run.workspace)) == 1_000


def test_a_leased_run_is_left_alone():
    run = checked(uploaded(FILE))
    with tenancy.scope(run.workspace_id):
        steps.start(run, by=run.created_by)
        ImportRun.objects.filter(pk=run.pk).update(
            lease_until=timezone.now() + timedelta(seconds=running.LEASE_SECONDS)
        )
    assert not running.due()
    assert not running.work_next()
    assert Contact.objects.count() == 0

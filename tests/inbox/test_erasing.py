"""A person who is erased is nowhere any more; what counts and what protects them stays."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone

from contacts import consent, deleting, erasing, merging, notes, person_export
from contacts.models import (
    Contact,
    ContactNote,
    Erasure,
    ExportRun,
    Identity,
    IdentityAlias,
    ImportProblem,
    ImportRun,
    Merge,
    Suppression,
)
from inbox import erasing as inbox_erasing
from inbox import person_export as inbox_person_export
from inbox import search, sweeping
from inbox.models import Attachment, Conversation, DeadLetter, InboundWebhook, Message
from tests.factories import make_channel, make_contact, make_conversation, make_identity, make_member, make_message
from tests.inbox.rows import again, change, count, everything, queue
from tests.inbox.webhooks import deliver, store, text
from workspaces import tenancy
from workspaces.models.tenant import TenantModel
from workspaces.row_security import tenant_models

NUMBER = "447700900118"
SECRET = "marzipankestrel"  # stands in everything about her


@pytest.fixture(autouse=True)
def log(settings, tmp_path):
    settings.ERASURE_LOG = str(tmp_path / "log" / "erasures.jsonl")
    return Path(settings.ERASURE_LOG)


@pytest.fixture
def channel(committed_db):
    return make_channel()


@pytest.fixture
def ana(channel):
    return make_member(channel.workspace)


@pytest.fixture
def nora(channel, ana):
    """A person with everything a person can have."""
    deliver(channel, text(NUMBER, f"My word is {SECRET}"), text(NUMBER, "STOP"), text("447700900119", "Other words"))
    with tenancy.scope(channel.workspace_id):
        contact = Contact.objects.get(identities__address=NUMBER)
        contact.name, contact.email, contact.fields = f"Nora {SECRET}", f"{SECRET}@example.test", {"plan": SECRET}
        contact.save()
        notes.add(contact, f"Says {SECRET}", by=ana)
        message = Message.objects.filter(conversation__contact=contact).first()
        Attachment.objects.create(
            workspace=channel.workspace, message=message, kind="image", state="ready", filename=f"{SECRET}.jpg",
            mime_type="image/jpeg", file=default_storage.save(f"{channel.workspace_id}/nora", ContentFile(b"picture")),
        )  # fmt: skip
        identity = contact.identities.get()
        IdentityAlias.objects.create(
            workspace=channel.workspace, identity=identity, channel_kind="whatsapp_cloud", address="44770900118"
        )
        run = ImportRun.objects.create(
            workspace=channel.workspace, state="done", filename="people.csv", created_by=ana,
            file=default_storage.save(f"{channel.workspace_id}/import", ContentFile(SECRET.encode())),
        )  # fmt: skip
        ImportProblem.objects.create(
            workspace=channel.workspace, run=run, line=2, reason="No", row=["Nora", "+44 7700 900-118"]
        )
        ImportProblem.objects.create(workspace=channel.workspace, run=run, line=3, reason="No", row=["Omar", "123"])
    return contact


def erase(contact, ana):
    with tenancy.scope(contact.workspace_id):
        erasure = erasing.request(contact, by=ana)
    while inbox_erasing.erase_pending():
        pass
    return again(erasure)


def whole_database(superuser):
    """Every row of every tenant table as text."""
    for model in tenant_models():
        for (row,) in superuser.execute(f"SELECT t::text FROM {model._meta.db_table} t"):
            yield model, row
    for (body,) in superuser.execute("SELECT body FROM inbox_inboundwebhook"):
        yield InboundWebhook, bytes(body).decode(errors="replace")


def naming(superuser, *words: str) -> set[type[TenantModel]]:
    return {model for model, row in whole_database(superuser) if any(word in row for word in words)}


def test_nothing_in_the_database_names_an_erased_person(nora, ana, superuser):
    assert len(naming(superuser, SECRET, NUMBER)) == 6  # everything that can hold something of hers
    erasure = erase(nora, ana)
    assert erasure.state == "done"
    assert erasure.counts == {"messages": 3, "files": 2, "webhooks": 1}
    assert naming(superuser, SECRET, NUMBER, "44770900118", str(nora.uuid)) <= {Erasure, type(erasure)} | audit()


def audit():
    """The log names the record's old address, which leads nowhere and says nothing."""
    from workspaces.models import AuditEntry

    return {AuditEntry}


def test_rows_and_statuses_stay_so_that_counts_add_up(nora, ana):
    before = count(Message, nora.workspace_id)
    erase(nora, ana)
    assert count(Message, nora.workspace_id) == before
    after = again(nora)
    assert after.name.startswith("Erased contact ")
    assert after.erased_at is not None
    assert after.uuid != nora.uuid


def test_files_go_from_the_storage(nora, ana):
    names = [file.file for file in everything(Attachment, nora.workspace_id)]
    uploads = [run.file for run in everything(ImportRun, nora.workspace_id)]
    erase(nora, ana)
    assert not any(default_storage.exists(name) for name in names + uploads)


def test_the_others_in_the_same_webhook_stay(nora, ana):
    erase(nora, ana)
    [webhook] = everything(InboundWebhook, nora.workspace_id)
    assert b"Other words" in bytes(webhook.body)
    assert count(Contact, nora.workspace_id, deleted_at=None) == 1
    assert count(ImportProblem, nora.workspace_id) == 1


def test_the_inbox_shows_and_finds_nothing_of_them(nora, ana):
    erase(nora, ana)
    [conversation] = [c for c in everything(Conversation, nora.workspace_id) if c.contact_id == nora.pk]
    assert (conversation.status, conversation.preview) == ("hidden", "")
    with tenancy.scope(nora.workspace_id):
        assert search.conversation_ids(SECRET) == []
        assert search.conversation_ids(NUMBER) == []


def test_a_dead_letter_of_theirs_goes_and_the_others_are_applied_again(nora, ana, channel):
    broken = {"id": "wamid.broken", "from": NUMBER, "type": "text", "timestamp": "soon"}
    webhook = store(
        channel, text("447700900120", "Fine"), {**broken, "timestamp": "1700000000", "text": "not an object"}
    )
    with tenancy.scope(channel.workspace_id):
        InboundWebhook.objects.filter(pk=webhook).update(dead_at=timezone.now(), error=f"about {NUMBER}")
        DeadLetter.objects.create(
            workspace=channel.workspace, webhook_id=webhook, channel=channel, pointer="x", reason=f"about {NUMBER}"
        )
    erase(nora, ana)
    with tenancy.scope(channel.workspace_id):
        left = InboundWebhook.objects.get(pk=webhook)
        assert (left.dead_at, left.error, DeadLetter.objects.count()) == (None, "", 0)
        assert NUMBER.encode() not in bytes(left.body)


def test_a_message_that_waits_to_be_sent_is_not_sent(nora, ana):
    with tenancy.scope(nora.workspace_id):
        conversation = Conversation.objects.get(contact=nora)
    message = queue(conversation, f"Dear {SECRET}")
    erase(nora, ana)
    after = again(message)
    assert (after.send_state, after.status, after.text, after.content) == ("done", "failed", "", {})


def test_a_late_status_does_not_write_the_providers_id_down_again(nora, ana, channel):
    with tenancy.scope(nora.workspace_id):
        message = Message.objects.filter(direction="out").get()
    change(message, send_state="unknown", provider_id=None)
    erase(nora, ana)
    assert again(message).provider_id == f"erased-{message.uuid}"


def test_who_comes_back_with_an_import_cannot_be_messaged(nora, ana, channel):
    erase(nora, ana)
    again_imported = make_identity(workspace=channel.workspace, address=NUMBER)
    with tenancy.scope(channel.workspace_id):
        for purpose in ("marketing", "service"):
            consent.tighten(again_imported, purpose, "opted_in", source="import")
            assert not consent.may_send(again_imported, purpose)


def test_who_writes_again_is_somebody_new_without_marketing(nora, ana, channel):
    erase(nora, ana)
    deliver(channel, text(NUMBER, "Hello, I am new"))
    with tenancy.scope(channel.workspace_id):
        identity = Identity.objects.get(address=NUMBER)
        assert identity.contact_id != nora.pk
        assert consent.state_of(identity) == "opted_out"
        assert consent.may_send(identity, "service")
        assert consent.opt_in(identity, source="start_word")


def test_those_merged_into_them_are_erased_too(nora, ana, superuser):
    double = make_contact(nora.workspace, name=f"Noor {SECRET}")
    with tenancy.scope(nora.workspace_id):
        merging.merge(nora, double, {}, by=ana)
    erase(nora, ana)
    assert again(double).erased_at is not None
    assert count(Merge, nora.workspace_id) == 0
    assert SECRET not in "".join(row for _, row in whole_database(superuser))


def test_erasing_twice_and_after_a_crash_ends_the_same(nora, ana):
    with tenancy.scope(nora.workspace_id):
        erasure = erasing.request(nora, by=ana)
        assert erasing.request(nora, by=ana).pk == erasure.pk
    [(workspace_id, pk)] = erasing.claim(10)  # a worker that takes it and dies
    assert inbox_erasing.erase_pending() == 0
    change(erasure, lease_until=timezone.now() - timedelta(seconds=1))
    assert inbox_erasing.erase_pending() == 1
    assert again(erasure).state == "done"


def test_the_sweep_finds_an_erasure_no_job_announced(nora, ana, valkey, run_worker):
    with tenancy.scope(nora.workspace_id):
        erasure = erasing.request(nora, by=ana)
    valkey.flushdb()
    assert sweeping.sweep()["erasures"] == 1
    assert "inbox.jobs.erase_people" in run_worker("bulk")
    assert again(erasure).state == "done"


def test_a_person_being_erased_cannot_be_restored_or_merged(nora, ana):
    other = make_contact(nora.workspace)
    with tenancy.scope(nora.workspace_id):
        erasing.request(nora, by=ana)
        assert deleting.restore(nora.workspace_id, [nora.pk], by=ana) == []
        with pytest.raises(merging.NotMergeable):
            merging.merge(other, nora, {}, by=ana)


# After a week.


def test_a_deleted_person_is_erased_after_a_week_and_keeps_their_opt_out(nora, ana, channel, superuser):
    with tenancy.scope(nora.workspace_id):
        deleting.delete(nora.workspace_id, [nora.pk], by=ana)
    sweeping.prune()
    assert not erasing.is_due()
    change(nora, deleted_at=timezone.now() - timedelta(days=7, minutes=1))
    sweeping.prune()
    sweeping.prune()
    assert count(Erasure, nora.workspace_id, reason="deleted") == 1
    while inbox_erasing.erase_pending():
        pass
    assert again(nora).erased_at is not None
    assert count(Suppression, nora.workspace_id, purpose="service") == 0
    back = make_identity(workspace=channel.workspace, address=NUMBER)
    with tenancy.scope(channel.workspace_id):
        assert not consent.tighten(back, "marketing", "opted_in", source="import")
        assert consent.state_of(back) == "opted_out"


def test_a_deleted_person_who_writes_in_the_last_moment_is_kept(nora, ana, channel):
    with tenancy.scope(nora.workspace_id):
        deleting.delete(nora.workspace_id, [nora.pk], by=ana)
    change(nora, deleted_at=timezone.now() - timedelta(days=8))
    sweeping.prune()
    deliver(channel, text(NUMBER, "Wait"))
    while inbox_erasing.erase_pending():
        pass
    assert again(nora).erased_at is None
    assert count(Erasure, nora.workspace_id) == 0


def test_what_merged_people_leave_behind_goes_after_a_week_and_the_kept_one_stays(nora, ana):
    double = make_contact(nora.workspace, name="Noor")
    with tenancy.scope(nora.workspace_id):
        merging.merge(nora, double, {}, by=ana)
    change(double, deleted_at=timezone.now() - timedelta(days=8))
    sweeping.prune()
    while inbox_erasing.erase_pending():
        pass
    assert again(double).erased_at is not None
    assert again(nora).name == f"Nora {SECRET}"
    assert count(ContactNote, nora.workspace_id) == 1


# After a restored backup.


def test_the_log_erases_again_who_came_back_with_a_backup(nora, ana, log, capsys):
    erase(nora, ana)
    [line] = [json.loads(line) for line in log.read_text().splitlines()]
    assert line["contact"] == str(nora.uuid)
    assert SECRET not in log.read_text()
    change(nora, uuid=nora.uuid, name=f"Nora {SECRET}", erased_at=None, deleted_at=None)  # what a restore would bring
    call_command("replay_erasures")
    while inbox_erasing.erase_pending():
        pass
    assert again(nora).erased_at is not None
    assert count(Erasure, nora.workspace_id, reason="restored", state="done") == 1
    assert "1 people came back" in capsys.readouterr().out


# What one person can be given.


def export(contact, ana):
    with tenancy.scope(contact.workspace_id):
        run = person_export.request(contact, by=ana)
    while inbox_person_export.write_pending():
        pass
    return again(run)


def test_one_persons_data_is_a_zip_of_json_and_files(nora, ana):
    run = export(nora, ana)
    assert (run.state, run.count, run.error) == ("done", 3, "")
    with default_storage.open(run.file) as stored:
        archive = zipfile.ZipFile(io.BytesIO(stored.read()))
    loaded = {name: archive.read(name) for name in archive.namelist()}
    person = json.loads(loaded["contact.json"])
    assert person["name"] == f"Nora {SECRET}"
    assert person["identities"][0]["also_known_as"] == ["44770900118"]
    said = [json.loads(line) for line in loaded["messages.jsonl"].splitlines()]
    assert [message["text"] for message in said][:2] == [f"My word is {SECRET}", "STOP"]
    history = json.loads(loaded["consent.json"])["history"]
    assert [(entry["state"], entry["source"], entry["wording"]) for entry in history] == [
        ("opted_out", "stop_word", "STOP")
    ]
    assert json.loads(loaded["notes.json"])[0]["text"] == f"Says {SECRET}"
    assert json.loads(loaded["audit.json"])[0]["action"] == "contact.exported"
    [file] = json.loads(loaded["media.json"])
    assert loaded[file["file"]] == b"picture"
    assert "Other words" not in str(loaded)


def test_asking_twice_is_one_file_and_an_erasure_takes_it_along(nora, ana):
    with tenancy.scope(nora.workspace_id):
        assert person_export.request(nora, by=ana).pk == person_export.request(nora, by=ana).pk
    run = export(nora, ana)
    erase(nora, ana)
    assert not default_storage.exists(run.file)
    assert again(run).file == ""


def test_a_file_is_gone_after_a_week(nora, ana):
    run = export(nora, ana)
    change(run, expires_at=timezone.now() - timedelta(minutes=1))
    sweeping.prune()
    assert not default_storage.exists(run.file)
    assert count(ExportRun, nora.workspace_id, file="") == 1


def test_a_person_without_a_conversation_has_a_file_too(channel, ana):
    run = export(make_contact(channel.workspace, name="Quiet"), ana)
    assert (run.state, run.count) == ("done", 0)


def test_another_persons_thread_is_left_alone(nora, ana, channel):
    bystander = make_message(make_conversation(channel=channel), text="Untouched")
    erase(nora, ana)
    assert again(bystander).text == "Untouched"

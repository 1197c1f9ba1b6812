"""The record of one person: fields, notes, blocking, deleting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts import blocking, deleting, matching, notes, people
from contacts.models import ContactNote, CustomField
from inbox.models import Conversation
from tests.factories import make_contact, make_conversation, make_identity, make_member, make_workspace
from tests.inbox.rows import again, change, count, everything
from workspaces import tenancy
from workspaces.models import AuditEntry


@pytest.fixture
def ben(db):
    return make_member(make_workspace(), role="agent", name="Ben")


@pytest.fixture
def nora(ben):
    return make_contact(ben.workspace)


def edit(contact, field, typed, by):
    with tenancy.scope(contact.workspace_id):
        return people.change(contact, field, typed, by=by)


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("name", "  Nora   Haddad ", "Nora Haddad"),
        ("name", "", ""),
        ("email", " nora@example.test", "nora@example.test"),
        ("language", "AR", "ar"),
        ("language", "pt_br", "pt-BR"),
        ("language", "zh-hant-tw", "zh-Hant-TW"),
        ("time_zone", "Asia/Dubai", "Asia/Dubai"),
    ],
)
def test_a_field_keeps_what_was_typed_in_its_own_form(nora, ben, field, typed, stored):
    edit(nora, field, typed, ben)
    assert getattr(again(nora), field) == stored


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("name", "x" * 201),
        ("email", "nora at example"),
        ("language", "arabic"),
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_reason(nora, ben, field, typed):
    with pytest.raises(people.NotAcceptable):
        edit(nora, field, typed, ben)
    assert getattr(again(nora), field) == getattr(nora, field)


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [("text", "Gold", "Gold"), ("number", "12.5", 12.5), ("date", "2026-11-21", "2026-11-21"), ("yes_no", "yes", True)],
)
def test_custom_fields_are_typed(nora, ben, kind, typed, stored):
    with tenancy.scope(ben.workspace_id):
        CustomField.objects.create(workspace=ben.workspace, key="fact", label="Fact", kind=kind)
    edit(nora, "custom.fact", typed, ben)
    assert again(nora).fields == {"fact": stored}
    edit(nora, "custom.fact", "", ben)
    assert again(nora).fields == {}


def test_a_field_nobody_defined_does_not_exist(nora, ben):
    for field in ("custom.fact", "blocked_at", "uuid"):
        with pytest.raises(KeyError):
            edit(nora, field, "x", ben)


def test_the_audit_log_learns_which_field_changed_not_what_stands_in_it(nora, ben):
    edit(nora, "email", "nora@example.test", ben)
    [entry] = everything(AuditEntry, ben.workspace_id, action="contact.changed")
    assert (entry.target, entry.after) == (f"contact {nora.uuid}", {"field": "email"})


def test_notes_have_an_author_and_go_only_by_them_or_an_admin(nora, ben):
    mia = make_member(ben.workspace, role="agent", name="Mia")
    ana = make_member(ben.workspace, role="admin", name="Ana")
    with tenancy.scope(ben.workspace_id):
        first, second = (notes.add(nora, text, by=ben) for text in ("Likes figs", "Calls on Mondays"))
        assert first.author == ben
        with pytest.raises(PermissionError):
            notes.delete(first, by=mia)
        notes.delete(first, by=ben)
        notes.delete(second, by=ana)
    assert count(ContactNote, ben.workspace_id) == 0


@pytest.mark.parametrize("text", ["", "  \n", "x" * 4001])
def test_a_note_says_something_and_ends(nora, ben, text):
    with pytest.raises(people.NotAcceptable), tenancy.scope(ben.workspace_id):
        notes.add(nora, text, by=ben)


def test_blocking_and_unblocking_are_audited_once_each(nora, ben):
    with tenancy.scope(ben.workspace_id):
        for verb in (blocking.block, blocking.block, blocking.unblock, blocking.unblock):
            verb(nora, by=ben)
    actions = [entry.action for entry in everything(AuditEntry, ben.workspace_id)]
    assert actions == ["contact.blocked", "contact.unblocked"]


# Deleting.


def delete(contact, by):
    with tenancy.scope(contact.workspace_id):
        return deleting.delete(contact.workspace_id, [contact.pk], by=by)


def restore(contact, by):
    with tenancy.scope(contact.workspace_id):
        return deleting.restore(contact.workspace_id, [contact.pk], by=by)


@pytest.mark.parametrize("status", ["open", "resolved"])
def test_a_deleted_person_goes_with_their_conversations_and_comes_back_with_them(ben, status):
    conversation = make_conversation(ben.workspace, status=status)
    assert delete(conversation.contact, ben) == [conversation.contact_id]
    assert again(conversation).status == Conversation.Status.HIDDEN
    assert again(conversation.contact).deleted_at is not None
    assert restore(conversation.contact, ben) == [conversation.contact_id]
    assert again(conversation).status == status
    assert again(conversation.contact).deleted_at is None


def test_deleting_twice_is_deleting_once(nora, ben):
    assert delete(nora, ben) == [nora.pk]
    assert delete(nora, ben) == []
    assert count(AuditEntry, ben.workspace_id, action="contact.deleted") == 1


def test_nobody_deletes_across_the_border(nora, ben):
    theirs = make_contact(name="Canary")
    with tenancy.scope(ben.workspace_id):
        assert deleting.delete(ben.workspace_id, [theirs.pk], by=ben) == []
    assert again(theirs).deleted_at is None


def test_a_deleted_person_who_writes_again_is_back(ben):
    identity = make_identity(workspace=ben.workspace, address="447700900118")
    conversation = make_conversation(ben.workspace, identity=identity)
    delete(identity.contact, ben)
    with tenancy.scope(ben.workspace_id):
        found = matching.find_or_create(ben.workspace_id, "whatsapp_cloud", address="447700900118")
    assert found.pk == identity.pk
    assert again(identity.contact).deleted_at is None
    assert again(conversation).status == "open"


def test_when_anybody_wrote_to_a_person_is_the_latest_time(nora):
    now = timezone.now()
    with tenancy.scope(nora.workspace_id):
        people.wrote_to(nora.workspace_id, nora.pk, now)
        people.wrote_to(nora.workspace_id, nora.pk, now - timedelta(days=1))
    assert again(nora).last_outbound_at == now


def test_a_contact_without_a_value_keeps_other_columns_untouched(nora, ben):
    change(nora, language="ar")
    edit(nora, "name", "Noor", ben)
    assert (again(nora).name, again(nora).language) == ("Noor", "ar")

"""Two contacts that are one person, joined and parted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts import consent, deleting, merging, notes, people
from contacts.models import ContactNote, CustomField, Merge, Tag
from tests.factories import make_contact, make_conversation, make_identity, make_member, make_workspace
from tests.inbox.rows import again, change, count, everything
from tests.inbox.webhooks import deliver, text
from workspaces import tenancy
from workspaces.models import AuditEntry


@pytest.fixture
def ana(db):
    return make_member(make_workspace())


@pytest.fixture
def pair(ana):
    """Nora by number, and Noor whom an import made."""
    with tenancy.scope(ana.workspace_id):
        CustomField.objects.create(workspace=ana.workspace, key="plan", label="Plan", kind="text")
        tags = [Tag.objects.create(workspace=ana.workspace, name=name).pk for name in ("vip", "spring", "press")]
    kept = make_contact(
        ana.workspace, name="Nora", email="nora@example.test", tag_ids=tags[:2], fields={"plan": "Gold", "size": "M"}
    )
    gone = make_contact(
        ana.workspace,
        name="Noor H.",
        email="noor@example.test",
        language="ar",
        tag_ids=tags[1:],
        fields={"plan": "Tin"},
    )
    return kept, gone


def merge(pair, ana, **choices):
    with tenancy.scope(ana.workspace_id):
        return merging.merge(*pair, choices, by=ana)


def undo(joined, ana):
    with tenancy.scope(ana.workspace_id):
        return merging.undo(joined, by=ana)


def as_stored(contact):
    after = again(contact)
    return {name: getattr(after, name) for name in (*merging.STORED, "deleted_at")}


def test_the_kept_contact_keeps_its_values_and_fills_its_gaps(pair, ana):
    merge(pair, ana)
    kept = again(pair[0])
    assert (kept.name, kept.email, kept.language) == ("Nora", "nora@example.test", "ar")
    assert kept.fields == {"plan": "Gold", "size": "M"}
    assert set(kept.tag_ids) == {*pair[0].tag_ids, *pair[1].tag_ids}
    assert again(pair[1]).deleted_at is not None


def test_a_choice_takes_the_other_value(pair, ana):
    merge(pair, ana, **{"email": "gone", "custom.plan": "gone", "name": "kept"})
    kept = again(pair[0])
    assert (kept.name, kept.email, kept.fields["plan"]) == ("Nora", "noor@example.test", "Tin")


def test_an_emptier_choice_is_a_choice_too(pair, ana):
    merge(pair, ana, language="kept")
    assert again(pair[0]).language == ""


def test_conversations_and_notes_follow_and_replies_go_where_they_went(pair, ana):
    conversation = make_conversation(ana.workspace, identity=make_identity(pair[1], address="447700900118"))
    with tenancy.scope(ana.workspace_id):
        notes.add(pair[1], "Likes figs", by=ana)
    merge(pair, ana)
    after = again(conversation)
    assert (after.contact_id, after.identity_id, after.status) == (pair[0].pk, conversation.identity_id, "open")
    assert [note.contact_id for note in everything(ContactNote, ana.workspace_id)] == [pair[0].pk]
    deliver(conversation.channel, text("447700900118", "Hello again"))
    assert again(conversation).unread_count == 1
    assert again(pair[1]).deleted_at is not None


def test_who_is_blocked_stays_blocked(pair, ana):
    change(pair[1], blocked_at=timezone.now())
    merge(pair, ana)
    assert again(pair[0]).blocked_at is not None


def test_the_times_are_those_of_both(pair, ana):
    now = timezone.now()
    change(pair[0], last_seen_at=now - timedelta(days=9), created_at=now - timedelta(days=9))
    change(pair[1], last_seen_at=now, created_at=now - timedelta(days=90))
    merge(pair, ana)
    kept = again(pair[0])
    assert (kept.last_seen_at, kept.created_at) == (now, now - timedelta(days=90))


@pytest.mark.parametrize("who", [0, 1])
def test_an_opt_out_on_one_address_is_one_on_all(pair, ana, who):
    identities = [make_identity(contact) for contact in pair]
    with tenancy.scope(ana.workspace_id):
        for identity in identities:
            consent.opt_in(identity, source="start_word")
        consent.opt_out(identities[who], source="stop_word")
    merge(pair, ana)
    with tenancy.scope(ana.workspace_id):
        assert [consent.state_of(identity) for identity in identities] == ["opted_out", "opted_out"]


def test_an_opt_in_is_not_spread(pair, ana):
    identities = [make_identity(contact) for contact in pair]
    with tenancy.scope(ana.workspace_id):
        consent.opt_in(identities[0], source="start_word")
    merge(pair, ana)
    with tenancy.scope(ana.workspace_id):
        assert [consent.state_of(identity) for identity in identities] == ["opted_in", ""]


# Undoing.


def test_undoing_gives_both_back_as_they_were(pair, ana):
    identities = [make_identity(contact) for contact in pair]
    conversation = make_conversation(ana.workspace, identity=identities[1])
    with tenancy.scope(ana.workspace_id):
        note = notes.add(pair[1], "Likes figs", by=ana)
        consent.opt_in(identities[0], source="start_word")
        consent.opt_out(identities[1], source="stop_word")
    before = [as_stored(contact) for contact in pair]
    undo(merge(pair, ana, email="gone", **{"custom.plan": "gone"}), ana)
    assert [as_stored(contact) for contact in pair] == before
    assert [again(identity).contact_id for identity in identities] == [contact.pk for contact in pair]
    assert again(conversation).contact_id == again(note).contact_id == pair[1].pk
    with tenancy.scope(ana.workspace_id):
        assert [consent.state_of(identity) for identity in identities] == ["opted_in", "opted_out"]


def test_undoing_keeps_what_was_changed_since(pair, ana):
    joined = merge(pair, ana, email="gone")
    with tenancy.scope(ana.workspace_id):
        people.change(pair[0], "email", "new@example.test", by=ana)
    undo(joined, ana)
    assert again(pair[0]).email == "new@example.test"


def test_undoing_never_takes_back_what_the_person_said_since(pair, ana):
    identities = [make_identity(contact) for contact in pair]
    with tenancy.scope(ana.workspace_id):
        consent.opt_in(identities[0], source="start_word")
        consent.opt_out(identities[1], source="stop_word")
    joined = merge(pair, ana)
    with tenancy.scope(ana.workspace_id):
        assert consent.opt_out(identities[0], source="stop_word")
    undo(joined, ana)
    with tenancy.scope(ana.workspace_id):
        assert consent.state_of(identities[0]) == "opted_out"


def test_a_merge_is_undone_once_and_for_a_week(pair, ana):
    joined = merge(pair, ana)
    undo(joined, ana)
    with pytest.raises(merging.NotMergeable, match="already"):
        undo(joined, ana)
    old = merge(pair, ana)
    change(old, created_at=timezone.now() - deleting.KEEP - timedelta(minutes=1))
    with pytest.raises(merging.NotMergeable, match="a week"):
        undo(old, ana)


def test_merges_are_undone_from_the_outside_in(pair, ana):
    third = make_contact(ana.workspace, name="Third")
    inner = merge(pair, ana)
    outer = merge((third, pair[0]), ana)
    with pytest.raises(merging.NotMergeable, match="merged into another"):
        undo(inner, ana)
    undo(outer, ana)
    undo(inner, ana)
    assert count(Merge, ana.workspace_id, undone_at=None) == 0


def test_a_merged_contact_comes_back_by_undoing_not_by_restoring(pair, ana):
    merge(pair, ana)
    with tenancy.scope(ana.workspace_id):
        assert deleting.restore(ana.workspace_id, [pair[1].pk], by=ana) == []


# What cannot be merged.


def test_a_contact_is_not_merged_with_itself_or_with_one_that_is_gone(pair, ana):
    with pytest.raises(merging.NotMergeable, match="same"):
        merge((pair[0], pair[0]), ana)
    merge(pair, ana)
    with pytest.raises(merging.NotMergeable, match="deleted"):
        merge(pair, ana)


def test_contacts_of_two_workspaces_are_never_merged(pair, ana):
    theirs = make_contact(name="Canary")
    with pytest.raises(merging.NotMergeable):
        merge((pair[0], theirs), ana)
    assert again(theirs).deleted_at is None


def test_merging_and_undoing_are_audited_without_names(pair, ana):
    undo(merge(pair, ana), ana)
    entries = everything(AuditEntry, ana.workspace_id)
    assert [entry.action for entry in entries] == ["contact.merged", "contact.merge_undone"]
    assert {entry.target for entry in entries} == {f"contact {pair[0].uuid}"}

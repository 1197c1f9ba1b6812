"""What the team does with a conversation besides writing in it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from inbox import conversations
from inbox.models import ConversationEvent
from tests.factories import make_conversation, make_member
from tests.inbox.rows import again, change, count, everything
from workspaces import tenancy


@pytest.fixture
def conversation(db):
    return make_conversation(unread_count=2)


@pytest.fixture
def ben(conversation):
    return make_member(conversation.workspace, role="agent", name="Ben")


def do(verb, conversation, **options):
    with tenancy.scope(conversation.workspace_id):
        return verb(conversation, **options)


def events(conversation):
    return [event.kind for event in everything(ConversationEvent, conversation.workspace_id)]


def test_assigning_is_noted_once(conversation, ben):
    for _ in range(2):
        do(conversations.assign, conversation, to=ben, by=ben)
    assert again(conversation).assignee_id == ben.pk
    assert events(conversation) == ["assigned"]
    do(conversations.assign, conversation, to=None, by=ben)
    assert again(conversation).assignee_id is None
    assert events(conversation) == ["assigned", "unassigned"]


def test_somebody_of_another_workspace_cannot_be_made_responsible(conversation, ben):
    with pytest.raises(conversations.Refused):
        do(conversations.assign, conversation, to=make_member(name="Zoe"), by=ben)


def test_somebody_who_left_cannot_be_made_responsible(conversation, ben):
    gone = make_member(conversation.workspace, name="Gone")
    change(gone, removed_at=timezone.now())
    with pytest.raises(conversations.Refused):
        do(conversations.assign, conversation, to=again(gone), by=ben)


def test_resolving_reads_it_and_reopening_is_noted(conversation, ben):
    do(conversations.resolve, conversation, by=ben)
    after = again(conversation)
    assert (after.status, after.unread_count) == ("resolved", 0)
    do(conversations.resolve, conversation, by=ben)
    do(conversations.reopen, conversation, by=ben)
    assert again(conversation).status == "open"
    assert events(conversation) == ["resolved", "reopened"]


def test_seen_and_unread(conversation, ben):
    assert do(conversations.mark_seen, conversation, by=ben) is True
    assert do(conversations.mark_seen, conversation, by=ben) is False
    do(conversations.mark_unread, conversation, by=ben)
    assert again(conversation).unread_count == 1


def test_marking_unread_never_lowers_the_count(conversation, ben):
    do(conversations.mark_unread, conversation, by=ben)
    assert again(conversation).unread_count == 2


@pytest.mark.usefixtures("committed_db")
def test_who_leaves_gives_open_conversations_back(run_worker):
    from config.queues import enqueue

    open_one = make_conversation()
    ben = make_member(open_one.workspace, role="agent", name="Ben")
    done = make_conversation(open_one.workspace, status="resolved")
    change(open_one, assignee=ben)
    change(done, assignee=ben)
    enqueue("inbox.jobs.unassign_member", open_one.workspace_id, ben.pk)
    run_worker("default")
    assert again(open_one).assignee_id is None
    assert again(done).assignee_id == ben.pk
    assert count(ConversationEvent, open_one.workspace_id, kind="unassigned") == 1

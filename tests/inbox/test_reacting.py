"""The team's emoji: sent like any message, but no answer."""

from __future__ import annotations

import pytest
from django.utils import timezone

from inbox import reacting
from inbox.models import ConversationEvent, Message
from inbox.sending import NotSendable
from tests.factories import make_conversation, make_member, make_message
from tests.inbox.rows import again, ago, change, count, everything
from workspaces import tenancy

pytestmark = pytest.mark.django_db


@pytest.fixture
def said():
    conversation = make_conversation(unread_count=2, status="resolved", preview="Hi", preview_direction="in")
    return make_message(conversation, text="Hi", reactions={"contact": "🙏"})


def react(message, emoji):
    ben = make_member(message.workspace, role="agent", name="Ben")
    with tenancy.scope(message.workspace_id):
        return reacting.react(message, emoji, by=ben)


def test_a_reaction_is_queued_and_stands_on_its_target(said):
    sent = again(react(said, "👍"))
    assert (sent.kind, sent.status, sent.content) == (
        "reaction",
        "pending",
        {"target": said.provider_id, "emoji": "👍"},
    )
    assert again(said).reactions == {"contact": "🙏", "team": "👍"}
    react(said, "")
    assert again(said).reactions == {"contact": "🙏"}


def test_a_reaction_answers_nothing(said):
    before = again(said.conversation)
    react(said, "👍")
    after = again(said.conversation)
    for name in ("preview", "preview_direction", "unread_count", "assignee_id", "status", "last_reply_at"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.last_message_at == before.last_message_at
    assert count(ConversationEvent, said.workspace_id) == 0


def test_the_same_reaction_again_sends_nothing(said):
    assert react(said, "") is None
    assert react(said, "👍") is not None
    assert react(said, "👍") is None
    assert count(Message, said.workspace_id, kind="reaction") == 1


@pytest.mark.parametrize("fields", [{"direction": "out"}, {"provider_id": None}, {"deleted_at": timezone.now()}])
def test_some_messages_take_no_reaction(said, fields):
    change(said, **fields)
    with pytest.raises(NotSendable) as caught:
        react(said, "👍")
    assert caught.value.reason == "no_target"
    assert everything(Message, said.workspace_id, kind="reaction") == []


def test_a_reaction_needs_the_window_like_any_message(said):
    change(said.conversation, window_expires_at=ago(60))
    with pytest.raises(NotSendable) as caught:
        react(said, "👍")
    assert caught.value.reason == "window_closed"
    assert again(said).reactions == {"contact": "🙏"}

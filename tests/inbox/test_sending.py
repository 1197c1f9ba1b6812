"""The one door out: what is queued, what is refused and why."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from inbox import sending
from inbox.models import Attachment, ConversationEvent, Message
from inbox.sending import Draft, NotSendable
from tests.factories import make_channel, make_conversation, make_member, make_message
from tests.inbox.rows import again, change, count, everything, queue
from workspaces import tenancy

TEMPLATE = Draft("template", {"name": "hello_world", "language": "en_US"}, "Hello World")


def refused(conversation, draft=None):
    with pytest.raises(NotSendable) as caught, tenancy.scope(conversation.workspace_id):
        sending.send(conversation, draft or Draft("text", {"text": "Hi"}, "Hi"))
    assert count(Message, conversation.workspace_id) == 0
    return caught.value.reason


@pytest.mark.django_db
def test_a_queued_message_waits_as_a_row():
    message = again(queue(make_conversation(), "Good morning"))
    assert (message.status, message.send_state, message.direction) == ("pending", "queued", "out")
    assert (message.text, message.attempt, message.lane) == ("Good morning", 0, Message.Lane.AGENT)


@pytest.mark.django_db
def test_the_same_cid_is_the_same_message():
    conversation, cid = make_conversation(), uuid4()
    assert queue(conversation, "Once", cid=cid).pk == queue(conversation, "Twice", cid=cid).pk
    assert count(Message, conversation.workspace_id) == 1


@pytest.mark.usefixtures("committed_db")
def test_a_double_click_in_two_processes_sends_once():
    conversation, cid = make_conversation(), uuid4()

    def click(_number):
        try:
            return queue(conversation, cid=cid).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as clicks:
        assert len(set(clicks.map(click, range(16)))) == 1
    assert count(Message, conversation.workspace_id) == 1


@pytest.mark.django_db
def test_a_reply_after_the_window_is_refused():
    assert refused(make_conversation(window_expires_at=timezone.now() - timedelta(minutes=1))) == "window_closed"


@pytest.mark.django_db
def test_a_template_needs_no_window():
    conversation = make_conversation(window_expires_at=None)
    with tenancy.scope(conversation.workspace_id):
        assert sending.send(conversation, TEMPLATE, source="broadcast").lane == Message.Lane.BROADCAST


@pytest.mark.django_db
@pytest.mark.parametrize(
    "trouble",
    [{"sending_paused": True}, {"status": "close"}, {"status": "connecting"}, {"disconnected_at": timezone.now()}],
)
def test_a_channel_that_is_down_refuses(trouble):
    assert refused(make_conversation(channel=make_channel(**trouble))) == "channel_down"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "draft",
    [
        Draft("text", {"text": ""}),
        Draft("text", {"text": "x" * 4097}),
        Draft("order", {}),
        Draft("location", {"latitude": 100, "longitude": 0}),
    ],
)
def test_what_the_provider_cannot_carry_is_refused_before_it_is_queued(draft):
    assert refused(make_conversation(), draft) == "unsupported"


@pytest.mark.django_db
def test_a_file_of_a_type_the_provider_does_not_take_is_refused():
    conversation = make_conversation()
    file = Attachment(
        workspace_id=conversation.workspace_id, kind="image", mime_type="image/tiff", file="x", state="ready"
    )
    assert refused(conversation, Draft("image", {}, file=file)) == "unsupported"


@pytest.mark.django_db
def test_an_agents_reply_takes_an_unassigned_conversation_and_reads_it():
    conversation = make_conversation(unread_count=3)
    ben = make_member(conversation.workspace, role="agent", name="Ben")
    queue(conversation, "On it", by=ben)
    after = again(conversation)
    assert (after.assignee_id, after.unread_count, after.last_reply_by_id) == (ben.pk, 0, ben.pk)
    assert (after.preview, after.preview_direction) == ("On it", "out")
    [event] = everything(ConversationEvent, conversation.workspace_id)
    assert (event.kind, event.details["to"]) == ("assigned", "Ben")


@pytest.mark.django_db
def test_a_reply_does_not_take_a_conversation_from_a_colleague():
    conversation = make_conversation()
    ana, ben = make_member(conversation.workspace), make_member(conversation.workspace, role="agent", name="Ben")
    change(conversation, assignee=ana)
    queue(conversation, by=ben)
    assert again(conversation).assignee_id == ana.pk


@pytest.mark.django_db
def test_a_reply_reopens_a_resolved_conversation():
    conversation = make_conversation(status="resolved")
    queue(conversation, by=make_member(conversation.workspace))
    assert again(conversation).status == "open"
    assert count(ConversationEvent, conversation.workspace_id, kind="reopened") == 1


@pytest.mark.usefixtures("committed_db")
def test_the_dispatcher_of_the_lane_is_poked_once_the_message_is_committed(valkey):
    conversation = make_conversation()
    queue(conversation)
    queue(conversation, source="api")
    assert valkey.llen("rq:queue:live") == 1
    assert valkey.llen("rq:queue:default") == 1


@pytest.mark.usefixtures("committed_db", "no_valkey")
def test_a_message_is_queued_although_valkey_is_away():
    assert again(queue(make_conversation())).send_state == "queued"


def failed(**fields):
    fields = {"provider_id": "wamid.old", "attempt": 5, "error_code": "131026", **fields}
    return make_message(direction="out", status="failed", failed_at=timezone.now(), **fields)


def retry(message):
    by = make_member(message.conversation.workspace, name="Ben")
    with tenancy.scope(message.workspace_id):
        return sending.retry(message, by=by)


@pytest.mark.django_db
def test_a_failed_message_is_tried_again_as_the_same_message():
    message = failed()
    retry(message)
    after = again(message)
    assert (after.status, after.send_state, after.provider_id, after.error_code) == ("pending", "queued", None, "")
    assert after.spent_attempts == 5
    assert count(Message, message.workspace_id) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["pending", "sent", "delivered"])
def test_only_a_failed_message_can_be_tried_again(status):
    message = failed()
    change(message, status=status)
    with pytest.raises(NotSendable) as caught:
        retry(message)
    assert caught.value.reason == "not_failed"


@pytest.mark.django_db
def test_trying_again_obeys_the_window_too():
    message = failed()
    change(message.conversation, window_expires_at=None)
    with pytest.raises(NotSendable) as caught:
        retry(message)
    assert caught.value.reason == "window_closed"

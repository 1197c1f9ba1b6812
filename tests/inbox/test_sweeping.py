"""The sweep finds the same work that jobs announce, and does it itself when nobody can be asked."""

from __future__ import annotations

import pytest

from inbox import recording, sweeping
from inbox.models import Attachment, InboundWebhook, Message, ParkedStatus
from templates_mgmt.models import TemplateTask
from tests.factories import make_channel, make_conversation, make_message
from tests.inbox.rows import again, ago, change, count, everything, queue
from tests.inbox.webhooks import deliver, status, store, text
from workspaces import tenancy

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def conversation(graph):
    """On a number whose templates were fetched a moment ago."""
    conversation = make_conversation(channel=make_channel(base_url=graph.base_url))
    with tenancy.scope(conversation.workspace_id):
        TemplateTask.objects.create(
            workspace=conversation.workspace,
            channel=conversation.channel,
            kind="sync",
            state="done",
            next_try_at=ago(0),
        )
    return conversation


def waiting(valkey):
    return {name: valkey.llen(f"rq:queue:{name}") for name in ("inbound", "live", "default", "broadcasts", "bulk")}


def a_file(conversation):
    message = make_message(conversation, kind="image")
    with tenancy.scope(message.workspace_id):
        return Attachment.objects.create(
            workspace_id=message.workspace_id, message=message, kind="image", provider_media_id="1", next_try_at=ago(1)
        )


def test_nothing_to_do_rings_nobody(conversation, valkey):
    assert sweeping.sweep() == {}
    assert sum(waiting(valkey).values()) == 0


def test_every_job_that_valkey_lost_is_rung_for_again(conversation, valkey):
    for source in ("agent", "api", "broadcast"):
        queue(conversation, source=source)
    store(conversation.channel, text())
    a_file(conversation)
    valkey.flushall()
    found = sweeping.sweep()
    assert (found["channels"], found["webhooks"], found["files"]) == (1, 1, 1)
    assert waiting(valkey) == {"inbound": 1, "live": 1, "default": 2, "broadcasts": 1, "bulk": 0}


def test_after_a_flush_the_workers_finish_the_work(graph, conversation, valkey, run_worker):
    message = queue(conversation)
    store(conversation.channel, text(body="Anybody?"))
    valkey.flushall()
    sweeping.sweep()
    run_worker("live")
    run_worker("inbound")
    assert again(message).send_state == "done"
    assert graph.texts() == ["Hello"]
    assert count(Message, conversation.workspace_id, text="Anybody?") == 1


@pytest.mark.usefixtures("no_valkey")
def test_without_valkey_the_sweep_works_itself(graph, conversation):
    message = queue(conversation)
    store(conversation.channel, text(body="Anybody?"))
    sweeping.sweep()
    assert again(message).send_state == "done"
    assert count(Message, conversation.workspace_id, text="Anybody?") == 1


@pytest.mark.parametrize(
    "trouble",
    [{"sending_paused": True}, {"status": "close"}, {"sending_held_until": ago(-86_400)}, {"disconnected_at": ago(0)}],
)
def test_a_channel_that_may_not_send_is_not_rung_for(conversation, valkey, trouble):
    queue(conversation)
    valkey.flushall()
    change(conversation.channel, **trouble)
    assert sweeping.sweep() == {}


def test_what_is_due_later_is_not_rung_for(conversation, valkey):
    change(queue(conversation), due_at=ago(-60))
    valkey.flushall()
    assert sweeping.sweep() == {}


def test_a_parked_status_is_matched_when_its_message_is_known(conversation):
    deliver(conversation.channel, status("wamid.late", "delivered"))
    message = make_message(conversation, direction="out", provider_id="wamid.late")
    assert sweeping.match_parked() == 1
    assert again(message).status == "delivered"
    assert count(ParkedStatus, conversation.workspace_id) == 0


def test_a_parked_status_nobody_claims_is_dropped_after_three_days(conversation):
    deliver(conversation.channel, status("wamid.nobody", "delivered"))
    [parked] = everything(ParkedStatus, conversation.workspace_id)
    change(parked, created_at=ago(71 * 3600))
    sweeping.match_parked()
    assert count(ParkedStatus, conversation.workspace_id) == 1
    change(parked, created_at=ago(73 * 3600))
    sweeping.match_parked()
    assert count(ParkedStatus, conversation.workspace_id) == 0


def test_only_applied_webhooks_without_open_questions_are_pruned(conversation):
    channel = conversation.channel
    old, fresh = deliver(channel, text()), deliver(channel, text())
    broken = deliver(channel, {key: value for key, value in text().items() if key != "id"})
    dead = deliver(channel, b"{")
    unapplied = recording.record(channel.workspace_id, channel.pk, b"{}", {})
    for webhook in everything(InboundWebhook, conversation.workspace_id, pk__in=[old, broken]):
        change(webhook, processed_at=ago(15 * 86_400), received_at=ago(15 * 86_400))
    assert sweeping.prune() == 1
    left = {webhook.pk for webhook in everything(InboundWebhook, conversation.workspace_id)}
    assert left == {fresh, broken, dead, unapplied}

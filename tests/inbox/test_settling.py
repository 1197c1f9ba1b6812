"""Leaving "unknown": by echo, by the control group, or by time. Never by guessing."""

from __future__ import annotations

import pytest

from inbox import receiving, settling
from inbox.models import InboundWebhook, Message
from tests.factories import make_channel, make_conversation, make_message
from tests.inbox.rows import again, ago, change, everything
from tests.inbox.webhooks import deliver, status, store, text
from workspaces import tenancy

HOUR = 3600


@pytest.fixture
def conversation(db):
    return make_conversation()


def in_state(conversation, send_state, *, started=None, **fields):
    fields = {"status": "pending", "provider_id": None, "attempt": 1, "due_at": ago(started or 0), **fields}
    started_at = None if started is None else ago(started)
    return make_message(conversation, direction="out", send_state=send_state, started_at=started_at, **fields)


def came(conversation, seconds):
    """Let the stored webhook have come that long ago."""
    [webhook] = everything(InboundWebhook, conversation.workspace_id)
    change(webhook, received_at=ago(seconds))


def control(conversation, *, started=700.0, echoed=True, answered=True, echoed_ago=None):
    """Another message of the same number, accepted around the same time."""
    return make_message(
        conversation, direction="out", started_at=ago(started), answered_at=ago(started) if answered else None,
        echoed_at=ago(echoed_ago or started - 1) if echoed else None,
    )  # fmt: skip


def controls(conversation, number=5, **options):
    for _ in range(number):
        control(conversation, **options)


def doubtful(conversation, started=700.0, **fields):
    """A message about which nobody knows, old enough for the control group to decide."""
    return in_state(conversation, "unknown", started=started, **fields)


def settled(message):
    settling.settle_abandoned()
    after = again(message)
    return after.send_state, after.status


def test_a_claim_whose_lease_is_over_is_queued_again(conversation):
    assert settled(in_state(conversation, "claimed", lease_until=ago(1))) == ("queued", "pending")


def test_a_claim_whose_lease_holds_is_left_alone(conversation):
    assert settled(in_state(conversation, "claimed", lease_until=ago(-30))) == ("claimed", "pending")


def test_a_started_message_without_an_answer_becomes_unknown_and_says_so(conversation):
    message = in_state(conversation, "started", started=91)
    assert settled(message) == ("unknown", "pending")
    assert again(message).error_code == "no_answer"


def test_a_started_message_has_its_time(conversation):
    assert settled(in_state(conversation, "started", started=80)) == ("started", "pending")


def test_silence_proves_nothing_without_a_control_group(conversation):
    assert settled(doubtful(conversation)) == ("unknown", "pending")


def test_silence_proves_nothing_with_four_controls(conversation):
    controls(conversation, 4)
    assert settled(doubtful(conversation)) == ("unknown", "pending")


def test_five_echoed_controls_prove_that_it_was_never_accepted(conversation):
    controls(conversation)
    message = doubtful(conversation)
    assert settled(message) == ("queued", "pending")
    assert again(message).resends == 1


@pytest.mark.parametrize("started", [700, 645, 2400])
def test_one_control_without_an_echo_means_that_webhooks_lag(conversation, started):
    controls(conversation, 10)
    control(conversation, started=started, echoed=False)
    assert settled(doubtful(conversation)) == ("unknown", "pending")


@pytest.mark.parametrize("started", [630, 2600])
def test_an_unechoed_message_of_another_time_does_not_count(conversation, started):
    controls(conversation, 10)
    control(conversation, started=started, echoed=False)
    assert settled(doubtful(conversation)) == ("queued", "pending")


def test_controls_of_another_time_prove_nothing(conversation):
    controls(conversation, 10, started=3 * HOUR)
    assert settled(doubtful(conversation)) == ("unknown", "pending")


def test_controls_of_another_number_prove_nothing(conversation):
    controls(make_conversation(channel=make_channel(conversation.workspace)), 10)
    assert settled(doubtful(conversation)) == ("unknown", "pending")


def test_it_is_not_sent_again_too_soon(conversation):
    controls(conversation, 10, started=300)
    assert settled(doubtful(conversation, started=300)) == ("unknown", "pending")


def test_a_webhook_that_is_not_applied_yet_may_hold_the_echo(conversation):
    controls(conversation)
    message = doubtful(conversation)
    store(conversation.channel, text())
    came(conversation, 650)
    assert settled(message) == ("unknown", "pending")
    while receiving.apply_pending():
        pass
    assert settled(message) == ("queued", "pending")


def test_a_new_webhook_says_nothing_about_a_message_of_long_ago(conversation):
    controls(conversation)
    message = doubtful(conversation)
    store(conversation.channel, text())
    assert settled(message) == ("queued", "pending")


def test_after_an_outage_of_webhooks_all_of_them_are_applied_first(conversation):
    controls(conversation, echoed_ago=1)
    message = doubtful(conversation)
    store(conversation.channel, text())
    assert settled(message) == ("unknown", "pending")


def test_a_quarantined_webhook_of_that_time_may_hold_the_echo(conversation):
    controls(conversation)
    message = doubtful(conversation)
    deliver(conversation.channel, b"{")
    came(conversation, 690)
    assert settled(message) == ("unknown", "pending")
    came(conversation, HOUR)
    assert settled(message) == ("queued", "pending")


def test_it_is_sent_again_only_once(conversation):
    controls(conversation)
    message = doubtful(conversation)
    settled(message)
    change(message, send_state="unknown", started_at=ago(700))
    assert settled(message) == ("unknown", "pending")


def test_a_paused_channel_sends_nothing_again(conversation):
    controls(conversation)
    message = doubtful(conversation)
    change(conversation.channel, sending_paused=True)
    assert settled(message) == ("unknown", "pending")


def test_an_echo_settles_it_and_nothing_is_sent_again(conversation):
    from inbox import tokens

    controls(conversation)
    message = doubtful(conversation)
    token = tokens.make(message.uuid, 1)
    deliver(conversation.channel, status("wamid.found", "sent", biz_opaque_callback_data=token))
    assert settled(message) == ("done", "sent")


def test_what_stays_unknown_for_a_day_has_failed_visibly(conversation):
    message = doubtful(conversation, started=25 * HOUR)
    assert settled(message) == ("done", "failed")
    after = again(message)
    assert (after.error_code, bool(after.error_text), bool(after.failed_at)) == ("outcome_unknown", True, True)


def test_what_waited_a_day_for_its_channel_has_failed_visibly(conversation):
    message = in_state(conversation, "queued")
    change(message, due_at=ago(25 * HOUR), created_at=ago(25 * HOUR))
    assert settled(message) == ("done", "failed")
    assert again(message).error_code == "expired"


def test_what_is_scheduled_for_later_waits(conversation):
    message = in_state(conversation, "queued")
    change(message, due_at=ago(-HOUR), created_at=ago(80 * HOUR))
    assert settled(message) == ("queued", "pending")


def test_settling_works_over_all_workspaces_and_tells_how_many(db):
    for _ in range(3):
        in_state(make_conversation(), "claimed", lease_until=ago(1))
    assert settling.settle_abandoned() == {"requeued": 3, "unknown": 0, "resent": 0, "given_up": 0}
    assert tenancy.current() == ""


def test_a_delivered_message_is_never_touched(conversation):
    message = make_message(conversation, direction="out", status="delivered", started_at=ago(30 * HOUR))
    assert settled(message) == ("done", "delivered")
    assert isinstance(again(message), Message)

"""Delivery status only moves forward, whatever order the reports come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inbox import outbox, status_updates, tokens
from inbox.models import Message, ParkedStatus
from inbox.status_updates import Report
from inbox.statuses import RANKS, STAMPS, merged
from tests.factories import make_conversation, make_message
from tests.inbox.rows import again, count, everything
from workspaces import tenancy

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
STORY = ("sent", "sent", "delivered", "delivered", "read", "failed")
ORDERS = sorted(set(permutations(STORY)))
words = st.sampled_from(sorted(STAMPS))


@given(st.lists(words, max_size=12), st.randoms())
def test_every_order_ends_in_the_same_status(reported, random):
    shuffled = list(reported)
    random.shuffle(shuffled)
    assert _walk(reported) == _walk(shuffled) == _walk(reported + shuffled)


@given(st.sampled_from(sorted(RANKS)), words)
def test_a_report_never_lowers_the_rank(current, reported):
    assert RANKS[merged(current, reported)] >= RANKS[current]


def test_an_unknown_word_changes_nothing():
    assert merged("sent", "teleported") == "sent"


@pytest.mark.parametrize(
    ("reports", "final"),
    [
        (("failed", "sent"), "failed"),
        (("failed", "delivered"), "delivered"),
        (("delivered", "failed"), "delivered"),
        (("read", "delivered", "sent"), "read"),
        (("played", "read"), "played"),
    ],
)
def test_proof_of_delivery_beats_failure_and_failure_beats_acceptance(reports, final):
    assert _walk(reports) == final


def _walk(reported):
    status = "pending"
    for word in reported:
        status = merged(status, word)
    return status


# The same rule inside the database


def report(message, word, **fields):
    moment = START + timedelta(seconds=RANKS[word])
    return Report(message.channel_id, fields.pop("provider_id", "wamid.1"), word, moment, **fields)


def apply(message, *reports):
    with tenancy.scope(message.workspace_id):
        return status_updates.apply(message.workspace_id, reports)


def started(conversation=None, **fields):
    """A message whose request is out and whose answer nobody has written down yet."""
    fields = {"send_state": "started", "status": "pending", "provider_id": None, "attempt": 1, **fields}
    return make_message(conversation, direction="out", started_at=START, **fields)


def answer(*messages, provider_id="", status="sent", state="done"):
    """Write down what the provider answered to the first attempt of each."""
    results = []
    for message in messages:
        thread = message.conversation
        claimed = outbox.Claimed(message.pk, message.uuid, thread.pk, 1, "text", {}, "", "", "447", "", 0, thread.uuid)
        identity = f"wamid.{message.pk}" if provider_id == "" else provider_id
        results.append(outbox.Result(claimed, state, status, identity))
    outbox.settle(messages[0].conversation.channel, results)


@pytest.mark.django_db
@pytest.mark.parametrize("answered_after", [0, 3, len(STORY)])
def test_all_180_orders_before_and_after_the_answer_end_in_one_state(answered_after):
    assert len(ORDERS) == 180
    conversation = make_conversation()
    messages = [started(conversation) for _ in ORDERS]
    for step in range(len(STORY) + 1):
        if step == answered_after:
            answer(*messages)
        if step < len(STORY):
            apply(messages[0], *[_step(message, order[step]) for message, order in zip(messages, ORDERS, strict=True)])
    stored = everything(Message, conversation.workspace_id)
    assert {_facts(message) for message in stored} == {_facts(stored[0])}
    assert {(m.status, m.send_state, m.error_code, m.provider_id == f"wamid.{m.pk}") for m in stored} == {
        ("read", "done", "", True)
    }
    assert all(message.echoed_at and message.answered_at and message.failed_at for message in stored)


def _step(message, word):
    code = "131026" if word == "failed" else ""
    return report(
        message, word, tracker=tokens.make(message.uuid, 1), error_code=code, provider_id=f"wamid.{message.pk}"
    )


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(st.lists(words, min_size=1, max_size=6), st.integers(0, 5))
def test_one_batch_or_many_give_the_same_row(reported, cut):
    conversation = make_conversation()
    together, apart = started(conversation), started(conversation)
    apply(
        together,
        *[report(together, word, provider_id="wamid.a", tracker=tokens.make(together.uuid, 1)) for word in reported],
    )
    for part in (reported[:cut], reported[cut:], reported[:cut]):
        apply(apart, *[report(apart, word, provider_id="wamid.b", tracker=tokens.make(apart.uuid, 1)) for word in part])
    assert _facts(again(together)) == _facts(again(apart))


def _facts(message):
    times = (getattr(message, column) for column in STAMPS.values() if column != "sent_at")
    return (message.status, message.send_state, *times)


@pytest.mark.django_db
def test_the_first_time_of_each_status_is_kept():
    message = started()
    late = Report(message.channel_id, "wamid.1", "delivered", START + timedelta(hours=1), tokens.make(message.uuid, 1))
    apply(message, report(message, "delivered", tracker=tokens.make(message.uuid, 1)))
    apply(message, late)
    assert again(message).delivered_at == START + timedelta(seconds=RANKS["delivered"])


@pytest.mark.django_db
def test_a_token_settles_a_message_whose_answer_was_lost():
    message = started(send_state="unknown", error_code="no_answer", error_text="No clear answer came back.")
    assert apply(message, report(message, "sent", tracker=tokens.make(message.uuid, 1))) == {message.conversation_id}
    after = again(message)
    assert (after.status, after.send_state, after.provider_id, after.error_code) == ("sent", "done", "wamid.1", "")


@pytest.mark.django_db
def test_a_token_of_another_channel_settles_nothing():
    message, stranger = started(), make_conversation()
    forged = Report(stranger.channel_id, "wamid.1", "read", START, tokens.make(message.uuid, 1))
    with tenancy.scope(stranger.workspace_id):
        status_updates.apply(stranger.workspace_id, [forged])
    assert again(message).status == "pending"
    sibling = make_conversation(message.conversation.workspace)
    apply(sibling, Report(sibling.channel_id, "wamid.1", "read", START, tokens.make(message.uuid, 1)))
    assert again(message).status == "pending"


@pytest.mark.django_db
def test_a_failure_of_an_earlier_attempt_says_nothing_about_this_one():
    message = started(attempt=2)
    apply(message, report(message, "failed", tracker=tokens.make(message.uuid, 1)))
    assert again(message).status == "pending"


@pytest.mark.django_db
def test_an_earlier_attempt_that_was_accepted_after_all_stops_the_next():
    message = started(attempt=2, send_state="queued", resends=1)
    apply(message, report(message, "sent", tracker=tokens.make(message.uuid, 1)))
    assert again(message).send_state == "done"


@pytest.mark.django_db
def test_an_old_report_about_a_message_that_was_tried_again_by_hand_does_not_stop_it():
    message = started(attempt=1, spent_attempts=1, send_state="queued")
    apply(message, report(message, "sent", tracker=tokens.make(message.uuid, 1)))
    assert again(message).send_state == "queued"
    apply(message, report(message, "delivered", tracker=tokens.make(message.uuid, 1)))
    assert again(message).send_state == "done"


@pytest.mark.django_db
def test_a_status_without_a_message_is_parked_until_the_id_is_known():
    message = started()
    apply(message, report(message, "delivered"))
    assert again(message).status == "pending"
    assert count(ParkedStatus, message.workspace_id) == 1
    answer(message, provider_id="wamid.1")
    with tenancy.scope(message.workspace_id):
        assert status_updates.unpark(message.workspace_id, message.channel_id, ["wamid.1"]) == {message.conversation_id}
    assert again(message).status == "delivered"
    assert count(ParkedStatus, message.workspace_id) == 0


@pytest.mark.django_db
def test_a_status_never_touches_a_customers_message():
    message = make_message(provider_id="wamid.1")
    apply(message, report(message, "read"))
    assert again(message).status == "received"


@pytest.mark.django_db
def test_an_acceptance_that_comes_too_late_still_stops_a_second_send():
    message = started(send_state="queued", resends=1)
    answer(message, provider_id="wamid.1")
    after = again(message)
    assert (after.send_state, after.provider_id, after.status) == ("done", "wamid.1", "sent")


@pytest.mark.django_db
def test_an_old_refusal_does_not_undo_a_settled_message():
    message = started(send_state="done", status="delivered", provider_id="wamid.1")
    answer(message, provider_id=None, status="pending", state="queued")
    assert (again(message).send_state, again(message).status) == ("done", "delivered")


def test_every_status_of_a_message_has_a_rank():
    assert set(RANKS) == set(Message.Status.values)

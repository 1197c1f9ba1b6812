"""Which answers count for which broadcast."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from broadcasts import hearing
from broadcasts.models import Broadcast, Recipient
from contacts import consent
from inbox.models import Message
from tests.broadcasts.sent import make_broadcast, make_recipient
from tests.factories import make_message
from workspaces import tenancy

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)


@pytest.fixture
def broadcast() -> Broadcast:
    """One of six days ago, and everybody was heard until a moment ago."""
    began = NOW - timedelta(days=6)
    return make_broadcast(started_at=began, finished_at=began, heard_until=NOW - timedelta(seconds=5))


def sent_to(broadcast: Broadcast, *, ago: timedelta, status: str = "delivered") -> Recipient:
    return make_recipient(broadcast, status, at=NOW - ago)


def wrote(recipient: Recipient, at: datetime = NOW, **fields: Any) -> Message:
    with tenancy.scope(recipient.workspace_id):
        conversation = recipient.message.conversation
    return make_message(conversation, text="Yes please", occurred_at=at, **fields)


def heard(recipient: Recipient) -> Recipient:
    hearing.hear(now=timezone.now() + timedelta(seconds=1))
    with tenancy.scope(recipient.workspace_id):
        recipient.refresh_from_db()
    return recipient


@pytest.mark.parametrize(
    ("ago", "counts"),
    [
        (timedelta(seconds=0), True),
        (timedelta(minutes=1), True),
        (timedelta(hours=71, minutes=59), True),
        (timedelta(hours=72), False),
        (timedelta(days=4), False),
    ],
)
def test_what_somebody_writes_is_an_answer_for_three_days(broadcast: Broadcast, ago: timedelta, counts: bool):
    recipient = sent_to(broadcast, ago=ago)
    wrote(recipient)
    assert heard(recipient).replied_at == (NOW if counts else None)
    assert recipient.tapped_at is None


def test_an_answer_in_the_same_second_counts(broadcast: Broadcast):
    recipient = make_recipient(broadcast, "sent", at=NOW + timedelta(milliseconds=900))
    wrote(recipient, NOW)
    assert heard(recipient).replied_at == NOW


def test_what_was_written_before_is_no_answer(broadcast: Broadcast):
    recipient = sent_to(broadcast, ago=timedelta(0))
    wrote(recipient, NOW - timedelta(minutes=1))
    assert heard(recipient).replied_at is None


@pytest.mark.parametrize("status", ["failed", "skipped", "cancelled", "pending"])
def test_who_did_not_get_it_does_not_answer_it(broadcast: Broadcast, status: str):
    recipient = sent_to(broadcast, ago=timedelta(hours=1), status=status)
    wrote(recipient)
    assert heard(recipient).replied_at is None


def test_a_quote_counts_however_late(broadcast: Broadcast):
    recipient = sent_to(broadcast, ago=timedelta(days=5))
    wrote(recipient, reply_to=recipient.message.provider_id)
    assert heard(recipient).replied_at == NOW


def test_a_quote_of_something_else_is_no_answer(broadcast: Broadcast):
    recipient = sent_to(broadcast, ago=timedelta(hours=1))
    wrote(recipient, reply_to="wamid.of-something-else")
    assert heard(recipient).replied_at is None


def test_an_answer_counts_for_the_last_broadcast_only(broadcast: Broadcast):
    first = sent_to(broadcast, ago=timedelta(hours=30))
    later = make_broadcast(broadcast.workspace, channel=broadcast.channel, started_at=NOW - timedelta(hours=2))
    with tenancy.scope(broadcast.workspace_id):
        message = Message.objects.get(pk=first.message_id)
        second = Recipient.objects.create(
            workspace=broadcast.workspace, broadcast=later, contact=first.contact, identity=first.identity,
            state="queued", message=make_message(
                message.conversation, direction="out", source="broadcast", sent_at=NOW - timedelta(hours=1),
                occurred_at=NOW - timedelta(hours=1),
            ),
        )  # fmt: skip
    wrote(second)
    assert heard(second).replied_at == NOW
    assert heard(first).replied_at is None
    wrote(first, NOW + timedelta(minutes=1), reply_to=message.provider_id)
    assert heard(first).replied_at == NOW + timedelta(minutes=1)


def test_a_tapped_button_is_an_answer_with_the_buttons_words(broadcast: Broadcast):
    recipient = sent_to(broadcast, ago=timedelta(days=4))
    wrote(recipient, kind="button_reply", reply_to=recipient.message.provider_id)
    heard(recipient)
    assert (recipient.replied_at, recipient.tapped_at, recipient.tapped) == (NOW, NOW, "Yes please")


def test_the_first_answer_counts_in_whatever_order_they_are_heard(broadcast: Broadcast):
    recipient = sent_to(broadcast, ago=timedelta(hours=5))
    wrote(recipient)
    assert heard(recipient).replied_at == NOW
    earlier = NOW - timedelta(hours=2)
    wrote(recipient, earlier)
    assert heard(recipient).replied_at == earlier
    wrote(recipient, NOW - timedelta(hours=1))
    assert heard(recipient).replied_at == earlier


def test_hearing_the_same_again_changes_nothing(broadcast: Broadcast):
    recipient = sent_to(broadcast, ago=timedelta(hours=1))
    wrote(recipient)
    assert hearing.hear(now=timezone.now() + timedelta(seconds=1)) == 1
    assert hearing.hear(now=timezone.now() + timedelta(seconds=2)) == 0


def test_after_an_outage_nothing_is_missed_that_came_in_between():
    broadcast = make_broadcast(started_at=NOW - timedelta(days=6), heard_until=NOW - timedelta(days=5))
    recipient = sent_to(broadcast, ago=timedelta(hours=1))
    wrote(recipient)
    rounds = 0
    while not heard(recipient).replied_at and rounds < 50:
        rounds += 1
    assert recipient.replied_at == NOW
    assert rounds == timedelta(days=5) // hearing.STRETCH


def test_an_opt_out_is_put_down_to_the_last_broadcast_within_three_days(broadcast: Broadcast):
    inside, outside = sent_to(broadcast, ago=timedelta(hours=2)), sent_to(broadcast, ago=timedelta(hours=80))
    failed = sent_to(broadcast, ago=timedelta(hours=2), status="failed")
    for recipient in (inside, outside, failed):
        with tenancy.scope(recipient.workspace_id):
            consent.opt_out(recipient.identity, source="stop_word")
    assert heard(inside).opted_out_at is not None
    assert heard(outside).opted_out_at is None
    assert heard(failed).opted_out_at is None


def test_workspaces_are_heard_apart(broadcast: Broadcast):
    other = make_broadcast(started_at=NOW - timedelta(hours=1))
    mine, theirs = sent_to(broadcast, ago=timedelta(hours=1)), make_recipient(other, "delivered", at=NOW)
    wrote(mine, reply_to=theirs.message.provider_id)
    assert heard(theirs).replied_at is None
    assert heard(mine).replied_at is None


def test_long_after_its_end_nobody_listens():
    old = make_broadcast(started_at=NOW - timedelta(days=50), finished_at=NOW - timedelta(days=31))
    recipient = sent_to(old, ago=timedelta(days=31))
    wrote(recipient, reply_to=recipient.message.provider_id)
    assert heard(recipient).replied_at is None

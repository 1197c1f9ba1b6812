"""Messages that come due one by one, numbers told to slow down, and people who are not written to in a row."""

from __future__ import annotations

import time

import pytest

from config import queues
from inbox import dispatching, pacing
from inbox.models import Message
from tests.factories import make_channel, make_conversation, make_identity, make_message
from tests.inbox.rows import again, ago, change, everything, queue

pytestmark = pytest.mark.usefixtures("committed_db")
BROADCAST = Message.Lane.BROADCAST


@pytest.fixture
def channel(graph):
    return make_channel(base_url=graph.base_url, messages_per_second=1000)


@pytest.fixture
def waiting_jobs():
    """The jobs that nobody works on in these tests."""
    line = queues._queue("broadcasts")
    line.empty()
    yield line
    line.empty()


def another(channel):
    return make_conversation(channel=channel, identity=make_identity(workspace=channel.workspace))


def due_in(channel, *seconds):
    """A broadcast message for each of these moments."""
    messages = [queue(another(channel), f"{moment}", source="broadcast") for moment in seconds]
    for message, moment in zip(messages, seconds, strict=True):
        change(message, due_at=ago(-moment))
    queues.answered("inbox.jobs.dispatch", channel.pk, int(BROADCAST))
    queues._queue("broadcasts").empty()
    return messages


@pytest.mark.usefixtures("waiting_jobs")
def test_one_run_sends_what_comes_due_while_it_works_and_nothing_before_its_time(graph, channel):
    due_in(channel, 0.2, 0.9, 1.6, 2.2, 8)
    assert dispatching.drain(channel.pk, lane=BROADCAST) == 4
    assert graph.texts() == ["0.2", "0.9", "1.6", "2.2"]
    sent = everything(Message, channel.workspace_id, send_state="done")
    assert all(message.started_at >= message.due_at for message in sent)


def test_a_run_that_waits_gives_way_to_other_work_and_comes_back(channel, waiting_jobs):
    due_in(channel, 0.8)
    queues.enqueue("inbox.jobs.dispatch", 0, int(BROADCAST), queue="broadcasts")
    assert dispatching.drain(channel.pk, lane=BROADCAST) == 0
    assert [job.args for job in waiting_jobs.jobs] == [[0, 2], [channel.pk, 2]]


@pytest.mark.usefixtures("no_valkey")
def test_without_valkey_nobody_waits_for_what_is_due_later(channel):
    message = queue(another(channel), source="broadcast")
    change(message, due_at=ago(-0.8))
    assert dispatching.drain(channel.pk, lane=BROADCAST) == 0


def test_agents_do_not_wait_for_broadcasts(channel):
    due_in(channel, 0.5)
    assert dispatching.drain(channel.pk, lane=Message.Lane.AGENT) == 0


def test_a_throttle_answer_halves_the_pace_of_its_number(graph, channel):
    queue(another(channel), "Hello")
    graph.plan["Hello"] = ["throttle"]
    dispatching.drain(channel.pk, lane=BROADCAST)
    full_bucket = pacing.take(channel.pk, rate=1000, wanted=500, now=time.time() + 3)
    assert full_bucket.messages == 125


def test_a_throttled_person_slows_nobody_else(graph, channel):
    queue(another(channel), "Hello")
    graph.plan["Hello"] = ["pair_throttle"]
    dispatching.drain(channel.pk, lane=BROADCAST)
    assert pacing.take(channel.pk, rate=1000, wanted=500, now=time.time() + 3).messages == 250


@pytest.mark.usefixtures("waiting_jobs")
def test_a_broadcast_leaves_a_person_in_peace_for_some_seconds_and_agents_do_not_wait(graph, channel):
    person = another(channel)
    first = queue(person, "Reply")
    offer = queue(person, "Offer", source="broadcast")
    queue(another(channel), "Offer to another", source="broadcast")
    dispatching.drain(channel.pk, lane=BROADCAST)
    queue(person, "One more thing")
    dispatching.drain(channel.pk, lane=BROADCAST)
    assert sorted(graph.texts()) == ["Offer to another", "One more thing", "Reply"]
    assert again(offer).attempt == 0
    for message in everything(Message, channel.workspace_id, conversation=first.conversation, send_state="done"):
        change(message, started_at=ago(7))
    dispatching.drain(channel.pk, lane=BROADCAST)
    assert graph.texts()[-1] == "Offer"


def test_what_a_person_wrote_themselves_holds_no_broadcast_back(graph, channel):
    person = another(channel)
    make_message(person, direction="in")
    queue(person, "Offer", source="broadcast")
    dispatching.drain(channel.pk, lane=BROADCAST)
    assert graph.texts() == ["Offer"]

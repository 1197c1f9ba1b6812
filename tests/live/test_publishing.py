"""Signals leave after the commit, once, and never hurt the page that sends them."""

from __future__ import annotations

import json
import time

import pytest
import redis
from django.conf import settings
from django.db import transaction

from live import publishing
from live.publishing import publish

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def heard():
    """A function that gives back the next `count` signals of these tests' workspaces.

    Servers that other tests left running speak on the same channel.
    """
    pubsub = redis.Redis.from_url(settings.REDIS_URL).pubsub(ignore_subscribe_messages=True)
    pubsub.subscribe(publishing.CHANNEL)
    pubsub.get_message(timeout=5)

    def signals(count: int) -> list[dict]:
        found, deadline = [], time.monotonic() + 5
        while len(found) < count and time.monotonic() < deadline:
            if message := pubsub.get_message(ignore_subscribe_messages=True, timeout=0.2):
                signal = json.loads(message["data"])
                found += [signal] if signal["ws"] in (7, 8) else []
        return found

    yield signals
    pubsub.close()


def test_one_transaction_is_one_signal_without_repeats(heard):
    with transaction.atomic():
        publish(7, "list", "conv-1")
        with transaction.atomic():
            publish(7, "list", "counts")
        publish(7, "conv-2")
    publish(8, "end")
    assert heard(2) == [{"ws": 7, "names": ["list", "conv-1", "counts", "conv-2"]}, {"ws": 8, "names": ["end"]}]


def test_two_workspaces_in_one_transaction_hear_their_own(heard):
    with transaction.atomic():
        publish(7, "list")
        publish(8, "counts")
    assert heard(2) == [{"ws": 7, "names": ["list"]}, {"ws": 8, "names": ["counts"]}]


def publish_and_fail(name):
    with transaction.atomic():
        publish(7, name)
        raise ZeroDivisionError


def test_nothing_is_said_about_what_was_rolled_back(heard):
    with pytest.raises(ZeroDivisionError):
        publish_and_fail("list")
    publish(7, "end")
    assert heard(1) == [{"ws": 7, "names": ["end"]}]


def test_a_rolled_back_savepoint_takes_no_other_names_with_it(heard):
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError):
            publish_and_fail("undone")
        publish(7, "kept")
    assert heard(1) == [{"ws": 7, "names": ["kept"]}]


def test_a_dead_valkey_costs_little_and_is_made_up_for_later(heard, settings):
    alive = settings.REDIS_URL
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    publishing._valkey.cache_clear()
    began = time.monotonic()
    for number in range(50):
        publish(7, f"conv-{number}")
    assert time.monotonic() - began < 0.9
    settings.REDIS_URL = alive
    publishing._valkey.cache_clear()
    time.sleep(publishing.SKIP_SECONDS)  # the pause itself is the rule under test
    publish(8, "list")
    assert sorted(heard(2), key=lambda signal: signal["ws"]) == [
        {"ws": 7, "names": ["sync"]},
        {"ws": 8, "names": ["list"]},
    ]

"""The correlation token: ours, whole, and nobody else's."""

from __future__ import annotations

from uuid import uuid4

import pytest

from inbox import tokens


def test_a_token_names_its_message_and_attempt():
    message = uuid4()
    assert tokens.read(tokens.make(message, 3)) == (message, 3)


def test_a_token_is_short_enough_for_every_provider():
    assert len(tokens.make(uuid4(), 32_767)) <= 60


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_changed_token_is_not_ours(attempt):
    token = tokens.make(uuid4(), attempt)
    for position, letter in enumerate(token):
        other = "0" if letter != "0" else "1"
        assert tokens.read(token[:position] + other + token[position + 1 :]) is None


@pytest.mark.parametrize(
    "foreign", [None, "", "v1", "v1...", "v1.x.1.0123456789", "order-4711", "v2.a.1.b", "v1.é.1.é", "v1.a.b.c.d"]
)
def test_anything_else_is_not_ours(foreign):
    assert tokens.read(foreign) is None

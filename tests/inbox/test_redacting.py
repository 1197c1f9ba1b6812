"""One person taken out of a stored webhook, everybody else left in it."""

from __future__ import annotations

import json

import pytest

from inbox.redacting import without
from tests.inbox.webhooks import body_of, payload, status, text

NORA, OMAR = "447700900118", "447700900119"


class Line:
    """As much of a channel as a webhook names."""

    external_id = "109000000000001"
    account_id = "208000000000001"


def value_of(body):
    return json.loads(body)["entry"][0]["changes"][0]["value"]


def test_her_message_and_profile_go_his_stay():
    body = body_of(payload(Line, text(NORA, "My secret"), text(OMAR, "His words")))
    kept = without(body, {NORA})
    assert NORA.encode() not in kept
    assert b"secret" not in kept
    assert [message["text"]["body"] for message in value_of(kept)["messages"]] == ["His words"]
    assert [person["wa_id"] for person in value_of(kept)["contacts"]] == [OMAR]


def test_statuses_about_her_go():
    body = body_of(payload(Line, status("wamid.1", recipient_id=NORA), status("wamid.2", recipient_id=OMAR)))
    assert [entry["id"] for entry in value_of(without(body, {NORA}))["statuses"]] == ["wamid.2"]


def test_somebody_else_whose_number_contains_hers_stays():
    body = body_of(payload(Line, text(NORA + "7", "Not her")))
    assert b"Not her" in without(body, {NORA})


def test_a_number_written_as_a_number_counts():
    assert json.loads(without(json.dumps({"to": [{"id": int(NORA)}, {"id": 1}]}).encode(), {NORA})) == {
        "to": [{"id": 1}]
    }


@pytest.mark.parametrize(
    "body", [b"not json " + NORA.encode(), b"[" * 100_000, b'{"a": "' + NORA.encode() + b'"}', b"\xff"]
)
def test_what_cannot_be_taken_apart_goes_whole(body):
    assert without(body, {NORA}) is None

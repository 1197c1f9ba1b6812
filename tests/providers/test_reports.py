"""The two commands for people who debug an integration, as far as they need no command line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from providers import reports
from providers.signatures import sha256_hex

VALUE = {
    "metadata": {"phone_number_id": "22"},
    "messages": [
        {"id": "w", "from": "447700900123", "timestamp": "1790000000", "type": "text", "text": {"body": "hi"}}
    ],
}
BODY = json.dumps({"entry": [{"id": "1", "changes": [{"field": "messages", "value": VALUE}]}]})


def lines(*documents: Any) -> list[bytes]:
    return [line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in documents]


def test_one_payload_prints_an_event_a_line() -> None:
    events, broken = reports.event_lines("whatsapp_cloud", BODY.encode(), {})
    assert [json.loads(line) for line in events] == [
        {
            "type": "message",
            "pointer": "entry/0/changes/0/value/messages/0",
            "channel_ref": "22",
            "account_ref": "1",
            "direction": "in",
            "from": "447700900123",
            "kind": "text",
            "provider_message_id": "w",
            "timestamp": "2026-09-21T14:13:20Z",
            "text": "hi",
        }
    ]
    assert not broken


def test_a_signature_is_checked_before_anything_else() -> None:
    headers = {"x-hub-signature-256": "sha256=" + sha256_hex("s", b"{}")}
    assert reports.verified_line("whatsapp_cloud", "s", headers, b"{}") == (True, '{"verified": true}')
    assert reports.verified_line("whatsapp_cloud", "t", headers, b"{}") == (False, '{"verified": false}')


def test_many_payloads_give_a_line_each_whatever_they_hold() -> None:
    given = lines(
        {"provider": "whatsapp_cloud", "headers": {}, "raw_body": BODY},
        {"raw_body": "<html>"},
        {"raw_body": '{"a":"\udcff"}'},
        {"raw_body": 7},
        {"provider": "pigeon", "raw_body": "{}"},
        b"not json\n",
        b"[]\n",
        b"\n",
    )
    printed = [json.loads(line) for line in reports.many_events(given)]
    assert len(printed) == 7
    assert [event["type"] for event in printed[0]["events"]] == ["message"]
    assert all(form["events"] == [] and form["error"] for form in printed[1:])


def test_broken_elements_are_told_beside_the_events() -> None:
    document = json.loads(BODY)
    document["entry"][0]["changes"][0]["value"]["messages"].append(None)
    (line,) = reports.many_events(lines({"raw_body": json.dumps(document)}))
    assert json.loads(line)["broken"] == [{"pointer": "entry/0/changes/0/value/messages/1", "reason": "not an object"}]


def test_many_answers_give_an_outcome_each() -> None:
    given = lines(
        {"provider": "whatsapp_cloud", "http_status": 200, "raw_body": '{"messages":[{"id":"wamid.A"}]}'},
        {"http_status": 429, "headers": {"Retry-After": "3"}, "raw_body": ""},
        {"transport": "connect"},
        {"transport": "after_write"},
        {"transport": "sideways"},
        {"http_status": "200"},
        {"http_status": 200, "body": {"messages": [{"id": "wamid.B"}]}},
    )
    printed = [json.loads(line) for line in reports.many_outcomes(given)]
    assert [form.get("outcome") for form in printed] == [
        "accepted",
        "failed",
        "failed",
        "unknown",
        None,
        None,
        "accepted",
    ]
    assert printed[1]["retry_after"] == 3.0
    assert all(form["error"] for form in printed[4:6])


@pytest.mark.parametrize(
    "text",
    ['{"Retry-After": "3", "X-A": "b: c"}', "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nX-A: b: c\r\n\r\n"],
)
def test_headers_are_read_from_json_or_from_a_copied_answer(text: str) -> None:
    assert reports.read_headers(text) == {"Retry-After": "3", "X-A": "b: c"}


def test_headers_that_are_neither_are_refused() -> None:
    with pytest.raises(reports.BadInput):
        reports.read_headers("{oops")

"""Nothing secret reaches a log line."""

from __future__ import annotations

import pytest

from config.logs import redact, scrubbed


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("calling with Bearer EAAGm0PX4ZCpsBAKZCtoken", "calling with [removed]"),
        ("postgres://carillon:secret@127.0.0.1/x refused", "postgres://carillon:[removed]@127.0.0.1/x refused"),
        ("redis://:secret@127.0.0.1:6379/0", "redis://:[removed]@127.0.0.1:6379/0"),
        ("POST /hooks/4f7f0c5a3b/ 403", "POST /hooks/[removed]/ 403"),
        ("sent to +447700900118 at last", "sent to …0118 at last"),
        ("took 1250 ms", "took 1250 ms"),
    ],
)
def test_tokens_passwords_and_numbers_leave_the_text(text, left):
    assert scrubbed(text) == left


def test_values_of_telling_names_are_removed():
    event = redact(None, "info", {"event": "sent", "access_token": "abc", "body": "hello", "count": 3})
    assert event == {"event": "sent", "access_token": "[removed]", "body": "[removed]", "count": 3}


def test_nested_values_are_scrubbed_too():
    assert scrubbed({"headers": {"Authorization": "x"}, "to": ["447700900118"]}) == {
        "headers": {"Authorization": "[removed]"},
        "to": ["…0118"],
    }

"""The commands themselves: options in, lines out, and never a query."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from providers.signatures import sha256_hex

BODY = b'{"entry":[{"id":"1","changes":[{"field":"messages","value":{"statuses":[{"id":"w","status":"sent"},3]}}]}]}'


def run(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: str, given: bytes = b"") -> tuple[list[dict], str]:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given)))
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *arguments, stdout=out, stderr=err)
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def test_webhook_parse_prints_events_and_complains_about_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, errors = run(monkeypatch, "webhook_parse", given=BODY)
    assert [line["type"] for line in lines] == ["status"]
    assert "statuses/1" in errors


def test_webhook_parse_says_first_whether_the_signature_is_right(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    headers = tmp_path / "headers"
    headers.write_text(f"X-Hub-Signature-256: sha256={sha256_hex('s', BODY)}\n")
    lines, _ = run(monkeypatch, "webhook_parse", "--headers", str(headers), "--secret", "s", given=BODY)
    assert lines[0] == {"verified": True}
    assert len(lines) == 2
    lines, errors = run(monkeypatch, "webhook_parse", "--headers", str(headers), "--secret", "t", given=BODY)
    assert (lines, errors) == ([{"verified": False}], "")


def test_webhook_parse_takes_many(monkeypatch: pytest.MonkeyPatch) -> None:
    given = json.dumps({"provider": "whatsapp_cloud", "headers": {}, "raw_body": BODY.decode()}).encode()
    lines, _ = run(monkeypatch, "webhook_parse", "--many", given=given + b"\n" + given)
    assert [len(line["events"]) for line in lines] == [1, 1]


def test_webhook_parse_fails_on_a_malformed_payload(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="Malformed"):
        run(monkeypatch, "webhook_parse", given=b"<html>")


def test_send_outcome_reads_an_answer_or_its_absence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    headers = tmp_path / "headers.json"
    headers.write_text('{"Retry-After": "4"}')
    given = b'{"error":{"code":130429}}'
    lines, _ = run(monkeypatch, "send_outcome", "--http-status", "400", "--headers", str(headers), given=given)
    assert (lines[0]["class"], lines[0]["scope"], lines[0]["retry_after"]) == ("throttle", "sender", 4.0)
    lines, _ = run(monkeypatch, "send_outcome", "--transport", "after_write")
    assert lines[0]["outcome"] == "unknown"
    lines, _ = run(monkeypatch, "send_outcome", "--many", given=b'{"http_status": 401}\n')
    assert lines[0]["class"] == "credentials"


def test_send_outcome_needs_to_know_what_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError):
        run(monkeypatch, "send_outcome")

"""What an adapter makes of a payload or an answer, as lines of JSON: for people who debug an integration."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from providers import printing
from providers.errors import transport_failure
from providers.registry import UnknownProvider, adapter
from providers.types import MalformedPayload, Outcome, Parsed


class BadInput(ValueError):
    """The input of a report is not in the documented form. The text says what is wrong."""


def verified_line(provider: str, secret: str, headers: Mapping[str, str], body: bytes) -> tuple[bool, str]:
    """Is the payload signed with the secret; as a claim and as the line to print."""
    verified = adapter(provider).verify(secret, headers, body)
    return verified, json.dumps({"verified": verified})


def event_lines(provider: str, body: bytes, headers: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The events of one payload and its broken elements, a line each. Raises `MalformedPayload`."""
    parsed = adapter(provider).parse(body, headers)
    return [json.dumps(printing.event_form(event)) for event in parsed.events], [
        json.dumps(form) for form in _broken(parsed)
    ]


def many_events(lines: Iterable[bytes]) -> Iterator[str]:
    """A line of events for every line `{"provider", "headers", "raw_body"}`, also for those nobody can read."""
    for line in lines:
        if line.strip():
            yield json.dumps(_events_of(line))


def _events_of(line: bytes) -> dict[str, Any]:
    try:
        document = _document(line)
        raw_body = document.get("raw_body")
        if not isinstance(raw_body, str):
            raise BadInput("raw_body is not a string")
        # What cannot be encoded was no UTF-8 on the wire either; the adapter says so.
        body = raw_body.encode("utf-8", "surrogatepass")
        parsed = adapter(_provider(document)).parse(body, _headers(document.get("headers")))
    except (BadInput, MalformedPayload, UnknownProvider) as problem:
        return {"events": [], "error": str(problem)}
    form: dict[str, Any] = {"events": [printing.event_form(event) for event in parsed.events]}
    return form | {"broken": _broken(parsed)} if parsed.broken else form


def _broken(parsed: Parsed) -> list[dict[str, str]]:
    return [{"pointer": pointer, "reason": reason} for pointer, reason in parsed.broken]


def outcome_line(provider: str, status: int, headers: Mapping[str, str], body: bytes) -> str:
    """What the provider's answer to a send means."""
    return json.dumps(printing.outcome_form(adapter(provider).sent(status, headers, body)))


def transport_line(stage: str) -> str:
    """What it means that no answer came. Raises `BadInput`."""
    return json.dumps(printing.outcome_form(_unanswered(stage)))


def many_outcomes(lines: Iterable[bytes]) -> Iterator[str]:
    """A line of outcome for every line `{"provider", "http_status", "headers", "raw_body"}` or `{"transport"}`.

    `body` with the JSON itself may stand in place of `raw_body` with its text.
    """
    for line in lines:
        if line.strip():
            yield json.dumps(_outcome_of(line))


def _outcome_of(line: bytes) -> dict[str, Any]:
    try:
        document = _document(line)
        if document.get("transport"):
            return printing.outcome_form(_unanswered(document["transport"]))
        status = document.get("http_status")
        if type(status) is not int:
            raise BadInput("http_status is not a number")
        headers = _headers(document.get("headers"))
        return printing.outcome_form(adapter(_provider(document)).sent(status, headers, _answer_body(document)))
    except (BadInput, UnknownProvider) as problem:
        return {"error": str(problem)}


def _answer_body(document: dict[str, Any]) -> bytes:
    body = document.get("raw_body", document.get("body", ""))
    text = body if isinstance(body, str) else json.dumps(body)
    return text.encode("utf-8", "surrogatepass")


def _unanswered(stage: Any) -> Outcome:
    if stage == "connect":
        return transport_failure("connect")
    if stage == "after_write":
        return transport_failure("after_write")
    raise BadInput("transport is neither connect nor after_write")


def _document(line: bytes) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        raise BadInput("the line is not JSON") from None
    if not isinstance(document, dict):
        raise BadInput("the line is not a JSON object")
    return document


def _provider(document: dict[str, Any]) -> str:
    return str(document.get("provider") or "whatsapp_cloud")


def read_headers(text: str) -> dict[str, str]:
    """Headers from a file: a JSON object, or lines of `Name: value`. Raises `BadInput`."""
    if text.lstrip().startswith("{"):
        try:
            return _headers(json.loads(text))
        except ValueError:
            raise BadInput("the headers are not a JSON object") from None
    pairs = [line.split(":", 1) for line in text.splitlines() if line.strip()]
    # A copied HTTP response starts with its status line.
    return {pair[0].strip(): pair[1].strip() for pair in pairs if len(pair) == 2}


def _headers(value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadInput("headers is not an object")
    return {str(name): str(text) for name, text in value.items()}

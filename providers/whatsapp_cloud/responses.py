"""What an answer of the Graph API means: the message is accepted, it is not, or nobody knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from providers import cleaning
from providers.headers import header, retry_after
from providers.types import Failure, MalformedPayload, Outcome, Sent
from providers.whatsapp_cloud import codes
from providers.whatsapp_cloud.reading import ident, rows, table, user_id, words

LONGEST_DETAIL = 300
USAGE = "x-business-use-case-usage"


class ProviderError(NamedTuple):
    """Meta's error object. `code` is None when it carries none."""

    code: int | None
    subcode: int | None
    type: str
    text: str
    is_transient: bool


def sent(status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Read the answer to a send. An error object decides by its code, whatever the HTTP status says."""
    answer = answer_object(body)
    if 200 <= status < 300:
        accepted = _accepted(answer)
        if accepted is not None:
            return accepted
    error = error_in(answer)
    if error is not None and (error.code is not None or 400 <= status < 500):
        return failure(error, status, headers)
    if status == 408 or status >= 500 or status < 300:
        # The message may be on its way: a gateway that gave up, or a success without an id.
        return Failure("unknown", _http_code(status, "unclear_answer"), codes.UNANSWERED["unclear_answer"].text)
    return plain_refusal(status, headers)


def failure(error: ProviderError, status: int, headers: Mapping[str, str]) -> Failure:
    """Class an error object."""
    code = codes.classify(error.code, error.type, error.is_transient)
    if status == 429 and code.failure_class in {"permanent", "retry"} and error.code not in codes.CODES:
        code = codes.CODES[613]
    wait = _usage_wait(headers) if code.scope == "account" else None
    return Failure(
        code.failure_class,
        "" if error.code is None else str(error.code),
        _sentence(code, error),
        retry_after(headers) or wait or code.wait,
        code.scope,
    )


def plain_refusal(status: int, headers: Mapping[str, str], what: str = "message") -> Failure:
    """Class a 3xx or 4xx that carries no error object Meta would send. `what` was refused."""
    name = f"http_{status}"
    if status == 429:
        known = codes.CODES[613]
        wait = retry_after(headers) or known.wait
        return Failure("throttle", name, f"{known.text} {known.action}", wait, known.scope)
    if status in {401, 403}:
        return Failure("credentials", name, f"WhatsApp refused the access token. {codes.REPLACE_IT}")
    if status == 425:
        return Failure("retry", name, f"WhatsApp asked to send this later. {codes.AUTOMATIC}", retry_after(headers))
    if 300 <= status < 400:
        return Failure("permanent", name, "The address of the API is wrong: it answers with a redirect.")
    return Failure("permanent", name, f"WhatsApp refused the {what} with HTTP status {status}.")


def repeatable(outcome: Failure) -> Failure:
    """The same failure where a second try harms nobody: not knowing is then a reason to try again."""
    if outcome.failure_class != "unknown":
        return outcome
    return Failure("retry", outcome.error_code, "WhatsApp had a temporary problem.", outcome.retry_after)


def answer_object(body: bytes) -> dict[str, Any]:
    """The JSON object of an answer, empty when it is none (an HTML page, a cut-off body)."""
    try:
        return cleaning.load_object(body)
    except MalformedPayload:
        return {}


def error_in(answer: dict[str, Any]) -> ProviderError | None:
    """The error object of an answer; also the list form some gateways use."""
    found = answer.get("error")
    if type(found) is not dict:
        listed = rows(answer.get("errors"))
        found = listed[0] if listed else None
    if type(found) is not dict or not found:
        return None
    details = words(table(found.get("error_data")).get("details")) or words(found.get("details"))
    return ProviderError(
        codes.as_code(found.get("code")),
        codes.as_code(found.get("error_subcode")),
        words(found.get("type")) or "",
        details or words(found.get("error_user_msg")) or words(found.get("message")) or words(found.get("title")) or "",
        found.get("is_transient") is True,
    )


def _accepted(answer: dict[str, Any]) -> Sent | None:
    messages = rows(answer.get("messages"))
    message_id = ident(table(messages[0]).get("id")) if messages else None
    if message_id is None:
        return None
    contacts = rows(answer.get("contacts"))
    contact = table(contacts[0]) if contacts else {}
    return Sent(message_id, ident(contact.get("wa_id")) or "", user_id(contact.get("user_id")) or "")


def _sentence(code: codes.Code, error: ProviderError) -> str:
    """Our words, with Meta's where they add something. Never for credentials: Meta repeats bad tokens there."""
    known = error.code in codes.CODES
    shown = error.text and code.failure_class != "credentials" and (not known or error.code in codes.DETAILED)
    parts = [code.text, error.text[:LONGEST_DETAIL] if shown else "", code.action if known else ""]
    if not known and error.code is not None:
        parts[2] = f"(code {error.code})"
    return " ".join(part for part in parts if part)


def _usage_wait(headers: Mapping[str, str]) -> float | None:
    """Meta names the minutes until an account may call again in a header of its own."""
    value = header(headers, USAGE)
    if not value:
        return None
    try:
        usage = json.loads(value)
    except (ValueError, RecursionError):
        return None
    minutes = [
        table(item).get("estimated_time_to_regain_access") for items in table(usage).values() for item in rows(items)
    ]
    longest = max((value for value in minutes if type(value) is int and 0 < value <= 1440), default=0)
    return longest * 60.0 or None


def _http_code(status: int, otherwise: str) -> str:
    return f"http_{status}" if status >= 400 else otherwise

"""Events and outcomes as plain dictionaries, in the form that tools and logs print."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from providers.types import Event, Outcome, Sent

_NAMES = tuple((field.name, field.name.rstrip("_")) for field in fields(Event) if field.name != "details")

FIRST_WAIT = 1.0  # seconds; the caller multiplies it with every further try for the same person


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with Z, and milliseconds where there are any."""
    moment = moment.astimezone(UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    milliseconds = moment.microsecond // 1000
    return f"{text}.{milliseconds:03d}Z" if milliseconds else f"{text}Z"


def event_form(event: Event) -> dict[str, Any]:
    """An event without its empty fields, `from_` as `from`, and its extras at the top level."""
    form: dict[str, Any] = {}
    for name, printed in _NAMES:
        value = getattr(event, name)
        if value is not None and value != "":
            form[printed] = stamp(value) if isinstance(value, datetime) else value
    for name, value in event.details.items():
        form.setdefault(name, value)
    return form


def outcome_form(outcome: Outcome) -> dict[str, Any]:
    """What became of a send: accepted, failed (with what to do about it), or unknown."""
    if isinstance(outcome, Sent):
        form: dict[str, Any] = {
            "outcome": "accepted",
            "provider_message_id": outcome.provider_message_id,
            "address": outcome.address or None,
            "user_id": outcome.user_id or None,
        }
    else:
        form = {
            "outcome": "unknown" if outcome.failure_class == "unknown" else "failed",
            "class": outcome.failure_class,
            "scope": outcome.scope,
            "retry_after": FIRST_WAIT
            if outcome.scope == "recipient" and not outcome.retry_after
            else outcome.retry_after,
            "error_code": outcome.error_code or None,
            "text": outcome.text,
        }
    return {name: value for name, value in form.items() if value is not None}

"""One element of `statuses`: what became of a message we sent. The hottest path of all: most webhooks are these."""

from __future__ import annotations

from typing import Any

from providers.types import Event, FailureClass
from providers.whatsapp_cloud import codes
from providers.whatsapp_cloud.inbound_place import Place, Unreadable, error_details, error_title, first_error
from providers.whatsapp_cloud.reading import digits, ident, moment, table, user_id, words

STATUSES = frozenset({"sent", "delivered", "read", "played", "failed", "deleted"})


def read_status(status: dict[str, Any], place: Place, pointer: str) -> Event:
    """A status, `ignored` when its word is new to us. Raises `Unreadable`.

    A status has no id of its own: both ids name the message it reports on.
    """
    message_id = ident(status.get("id"))
    word = words(status.get("status"))
    if message_id is None or word is None:
        raise Unreadable("the status names no message" if message_id is None else "the status says nothing")
    if word not in STATUSES and (word := word.lower()) not in STATUSES:
        return _unknown(word, message_id, status, place, pointer)
    recipient = digits(status.get("recipient_id"))
    details: dict[str, Any] = {}
    if status.get("recipient_type") == "group" or "recipient_participant_id" in status:
        # The recipient of a group message is the group; only the participant is a person.
        details["group_id"] = ident(status.get("recipient_id"))
        recipient = digits(status.get("recipient_participant_id"))
    code, title, error_class = _failure(status["errors"], details) if "errors" in status else (None, None, None)
    pricing = status.get("pricing")
    if type(pricing) is dict and (tariff := words(pricing.get("type"))):
        details["pricing_type"] = tariff
    return Event(
        "status",
        pointer,
        place.channel_ref,
        place.account_ref,
        to=recipient,
        to_user_id=user_id(status.get("recipient_user_id")),
        provider_message_id=message_id,
        target_message_id=message_id,
        timestamp=moment(status.get("timestamp")),
        status=word,
        error_code=code,
        error_title=title,
        error_class=error_class,
        pricing=_pricing(pricing) if type(pricing) is dict else None,
        tracker=words(status.get("biz_opaque_callback_data")),
        details=details,
    )


def _failure(errors: Any, details: dict[str, Any]) -> tuple[str | None, str | None, FailureClass | None]:
    """Code, title and class of a failure; its long text goes into `details`."""
    error = first_error(errors)
    if not error:
        return None, None, None
    if long_text := error_details(error):
        details["error_details"] = long_text
    error_class = codes.classify(codes.as_code(error.get("code")), words(error.get("type")) or "").failure_class
    return ident(error.get("code")), error_title(error), error_class


def _pricing(pricing: dict[str, Any]) -> dict[str, Any] | None:
    """Billable, model and category; Meta writes one category with a hyphen and with an underscore."""
    category = words(pricing.get("category"))
    found = {
        "billable": pricing.get("billable") if type(pricing.get("billable")) is bool else None,
        "model": words(pricing.get("pricing_model")),
        "category": category.replace("-", "_") if category else None,
    }
    return {key: value for key, value in found.items() if value is not None} or None


def _unknown(word: str, message_id: str, status: dict[str, Any], place: Place, pointer: str) -> Event:
    return Event(
        "ignored",
        pointer,
        place.channel_ref,
        place.account_ref,
        target_message_id=message_id,
        timestamp=moment(status.get("timestamp")),
        status=word[:60],
        reason="unknown status",
    )


def read_provider_error(error: dict[str, Any], place: Place, pointer: str) -> Event:
    """An error about the number or account, with nobody's message attached."""
    code = codes.as_code(error.get("code"))
    details = error_details(error)
    return Event(
        "provider_error",
        pointer,
        place.channel_ref,
        place.account_ref,
        timestamp=place.at,
        error_code=ident(error.get("code")),
        error_title=error_title(error),
        error_class=codes.classify(code, words(error.get("type")) or "").failure_class,
        details={"error_details": details} if details else {},
    )


def read_call(call: dict[str, Any], place: Place, pointer: str) -> Event:
    """A call, or a status of one; those come in upper case."""
    call_id = ident(call.get("id"))
    if call_id is None:
        raise Unreadable("the call has no id")
    event = words(call.get("event")) or words(call.get("status")) or "call"
    found = {
        "event": event.lower(),
        "call_status": (words(call.get("status")) or "").lower() or None,
        "duration": call.get("duration") if type(call.get("duration")) is int else None,
        "session": table(call.get("session")) or None,
    }
    start = words(call.get("direction")) or ""
    incoming = True if start == "USER_INITIATED" else False if start == "BUSINESS_INITIATED" else None
    person = place.person(digits(call.get("from")), user_id(call.get("from_user_id")))
    return Event(
        "call",
        pointer,
        place.channel_ref,
        place.account_ref,
        direction=None if incoming is None else "in" if incoming else "out",
        from_=digits(call.get("from")),
        from_user_id=user_id(call.get("from_user_id")) or person.user_id,
        to=digits(call.get("to")) or digits(call.get("recipient_id")),
        profile_name=person.name,
        provider_message_id=call_id,
        timestamp=moment(call.get("timestamp")),
        tracker=words(call.get("biz_opaque_callback_data")),
        details={key: value for key, value in found.items() if value is not None},
    )

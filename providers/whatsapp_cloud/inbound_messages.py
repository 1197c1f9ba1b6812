"""One element of `messages` or `message_echoes`, as an event."""

from __future__ import annotations

from typing import Any, Literal

from providers.printing import stamp
from providers.types import Event
from providers.whatsapp_cloud.inbound_content import Fields, content_of
from providers.whatsapp_cloud.inbound_place import Place, Unreadable, error_title, first_error
from providers.whatsapp_cloud.reading import digits, ident, moment, rows, table, user_id, words

Direction = Literal["in", "out"]


def read_message(message: dict[str, Any], place: Place, pointer: str) -> Event:
    """A message from a customer, or what they did to an earlier one. Raises `Unreadable`."""
    return _read(message, place, pointer, "in")


def read_echo(message: dict[str, Any], place: Place, pointer: str) -> Event:
    """A message the business sent from its phone. Raises `Unreadable`."""
    return _read(message, place, pointer, "out")


def _read(message: dict[str, Any], place: Place, pointer: str, direction: Direction) -> Event:
    message_id = ident(message.get("id"))
    if message_id is None:
        raise Unreadable("the message has no id")
    fields: Fields = {
        "pointer": pointer,
        "channel_ref": place.channel_ref,
        "account_ref": place.account_ref,
        "direction": direction,
        "provider_message_id": message_id,
        "timestamp": moment(message.get("timestamp")),
    }
    group = ident(message.get("group_id"))
    if group is not None:
        return Event("ignored", reason="group message", **fields, details={"group_id": group})
    fields |= _people(message, place, direction)
    kind = message.get("type")
    if kind == "system":
        return _system(message, fields)
    if fields["from_"] is None and fields["from_user_id"] is None and direction == "in":
        raise Unreadable("the message has no sender")
    if kind == "reaction":
        return _reaction(message, fields)
    if kind in {"edit", "revoke"}:
        return _mutation(message, fields, kind)
    if kind == "request_welcome":
        return Event("system", **fields, details={"event": "request_welcome"})
    if _is_call_permission(message):
        return _call_permission(message, fields)
    return _message(message, place, fields, "message" if direction == "in" else "echo")


def _people(message: dict[str, Any], place: Place, direction: Direction) -> Fields:
    """Who wrote to whom. Either side of a person may be missing, and a user id may stand in the number's place."""
    ours, theirs = ("to", "from") if direction == "in" else ("from", "to")
    address = digits(message.get(theirs))
    scoped = user_id(message.get(f"{theirs}_user_id")) or (None if address else user_id(message.get(theirs)))
    person = place.person(address, scoped)
    own = place.own_number if direction == "in" else digits(message.get(ours)) or place.own_number
    address, scoped = address or person.address, scoped or person.user_id
    names = {"profile_name": person.name, "username": person.username}
    if direction == "in":
        return {"from_": address, "from_user_id": scoped, "to": own, **names}
    return {"from_": own, "from_user_id": None, "to": address, "to_user_id": scoped, **names}


def _message(message: dict[str, Any], place: Place, fields: Fields, event_type: str) -> Event:
    fields |= content_of(message)
    if fields["kind"] == "other" and "interactive" in fields.get("reason", "") and rows(place.value.get("errors")):
        # A tap that Meta could not pass on comes without its body, and the reason stands beside the messages.
        error = first_error(place.value["errors"])
        fields |= {"kind": "unsupported", "error_code": ident(error.get("code")), "error_title": error_title(error)}
    if "context" in message:
        _add_context(fields, table(message["context"]))
    if "referral" in message:
        fields["referral"] = table(message["referral"]) or None
    return Event(event_type, **fields)


def _add_context(fields: Fields, context: dict[str, Any]) -> None:
    fields["reply_to"] = ident(context.get("id"))
    details = dict(fields.get("details") or {})
    if context.get("forwarded") is True or context.get("frequently_forwarded") is True:
        fields["forwarded"] = True
    if context.get("frequently_forwarded") is True:
        details["frequently_forwarded"] = True
    if table(context.get("referred_product")):
        details["referred_product"] = context["referred_product"]
    if details:
        fields["details"] = details


def _reaction(message: dict[str, Any], fields: Fields) -> Event:
    """No emoji and an empty emoji both take the reaction back."""
    reaction = table(message.get("reaction"))
    target = ident(reaction.get("message_id"))
    if target is None:
        raise Unreadable("the reaction names no message")
    return Event("reaction", **fields, target_message_id=target, emoji=words(reaction.get("emoji")))


def _mutation(message: dict[str, Any], fields: Fields, kind: str) -> Event:
    part = table(message.get(kind))
    target = ident(part.get("original_message_id"))
    if target is None:
        raise Unreadable(f"the {kind} names no message")
    if kind == "revoke":
        return Event("message_deleted", **fields, target_message_id=target)
    changed = table(part.get("message"))
    return Event("message_edited", **fields, target_message_id=target, **content_of(changed))


def _system(message: dict[str, Any], fields: Fields) -> Event:
    """A customer changed number or identity. The message comes from the old one and carries no contacts."""
    system = table(message.get("system"))
    details = {
        "event": words(system.get("type")) or "system",
        "old_address": fields["from_"] or digits(system.get("customer")),
        "new_address": digits(system.get("wa_id")) or digits(system.get("new_wa_id")),
        "new_user_id": user_id(system.get("user_id")) or user_id(system.get("new_user_id")),
        "identity": table(system.get("identity")) or table(message.get("identity")) or None,
    }
    known = {key: value for key, value in details.items() if value is not None}
    return Event("system", **fields, text=words(system.get("body")), details=known)


def _is_call_permission(message: dict[str, Any]) -> bool:
    return table(message.get("interactive")).get("type") == "call_permission_reply"


def _call_permission(message: dict[str, Any], fields: Fields) -> Event:
    interactive = table(message.get("interactive"))
    answer = table(interactive.get("call_permission_reply")) or interactive
    expires = moment(answer.get("expiration_timestamp"))
    details = {
        "event": "permission_reply",
        "response": words(answer.get("response")),
        "response_source": words(answer.get("response_source")),
        "expires_at": stamp(expires) if expires else None,
    }
    known = {key: value for key, value in details.items() if value is not None}
    return Event("call", **fields, target_message_id=ident(table(message.get("context")).get("id")), details=known)

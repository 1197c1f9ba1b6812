"""Meta's webhooks: is it really Meta, and what does the body say.

A body may hold several entries, changes and elements, of several numbers and accounts. Every key under
`value` is optional in practice, and one bad element never costs its siblings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from providers import cleaning, signatures
from providers.headers import header
from providers.types import Event, Parsed
from providers.whatsapp_cloud import inbound_account as account
from providers.whatsapp_cloud.inbound_messages import read_echo, read_message
from providers.whatsapp_cloud.inbound_place import Place, Unreadable, place_of
from providers.whatsapp_cloud.inbound_statuses import read_call, read_provider_error, read_status

ElementReader = Callable[[dict[str, Any], Place, str], Event]

SIGNATURE = "x-hub-signature-256"
OBJECT = "whatsapp_business_account"

# Field of a change → the lists in its value and who reads their elements.
# developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference (read 2026-09)
ELEMENTS: dict[str, tuple[tuple[str, ElementReader], ...]] = {
    "messages": (("messages", read_message), ("statuses", read_status)),
    "smb_message_echoes": (("message_echoes", read_echo),),
    "calls": (("calls", read_call), ("statuses", read_call)),
    "user_preferences": (("user_preferences", account.read_preference),),
    "user_id_update": (("user_id_update", account.read_user_id_change),),
    "smb_app_state_sync": (("state_sync", account.read_contact_sync),),
    "group_lifecycle_update": (("groups", account.read_group),),
    "group_participants_update": (("groups", account.read_group),),
    "group_settings_update": (("groups", account.read_group),),
    "group_status_update": (("groups", account.read_group),),
}

# Field of a change → who reads its value as one notification.
NOTIFICATIONS: dict[str, Callable[[Place], Event]] = {
    "message_template_status_update": account.read_template_status,
    "message_template_quality_update": account.read_template_quality,
    "message_template_components_update": account.read_template_components,
    "template_category_update": account.read_template_category,
    "phone_number_quality_update": account.read_phone_quality,
    **dict.fromkeys(
        (
            "phone_number_name_update",
            "account_update",
            "account_review_update",
            "account_alerts",
            "business_capability_update",
            "security",
            "payment_configuration_update",
            "partner_solutions",
            "business_username_updates",
            "flows",
        ),
        account.read_account,
    ),
}

IGNORED_FIELDS = {
    "history": "messages from before the number was connected",
    "automatic_events": "conversions measured for advertising",
}


def verify(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Is the raw body signed with the app secret? The older SHA-1 header counts for nothing."""
    return signatures.matches_sha256(secret, body, header(headers, SIGNATURE))


def challenge(query: Mapping[str, str], verify_token: str) -> str | None:
    """What to answer, as plain text and nothing around it, when Meta asks whether the address is ours."""
    presented = query.get("hub.verify_token", "")
    known = bool(verify_token) and signatures.equal(verify_token, presented)
    if not known or query.get("hub.mode") != "subscribe":
        return None
    return query.get("hub.challenge")


def parse(body: bytes, headers: Mapping[str, str]) -> Parsed:
    """Every element of the body as an event, or among the broken ones. Raises `MalformedPayload` only."""
    document = cleaning.load_object(body)
    parsed = Parsed([], [])
    kind = document.get("object")
    if kind not in (None, OBJECT):
        parsed.events.append(Event("ignored", reason=f"not about WhatsApp: {str(kind)[:60]}"))
        return parsed
    for entry_pointer, entry in _objects(document, "entry", "entry", parsed):
        for pointer, change in _objects(entry, "changes", f"{entry_pointer}/changes", parsed):
            _read_change(pointer, entry, change, parsed)
    if not parsed.events and not parsed.broken:
        parsed.events.append(Event("ignored", reason="nothing in it"))
    return parsed


def _objects(parent: dict[str, Any], key: str, pointer: str, parsed: Parsed) -> list[tuple[str, dict[str, Any]]]:
    """The objects of a list with their pointers; anything else in it is noted as broken."""
    listed = parent.get(key)
    if listed is None:
        return []
    if type(listed) is not list:
        parsed.broken.append((pointer, "not a list"))
        return []
    found = []
    for index, element in enumerate(listed):
        if type(element) is dict:
            found.append((f"{pointer}/{index}", element))
        else:
            parsed.broken.append((f"{pointer}/{index}", "not an object"))
    return found


def _read_change(pointer: str, entry: dict[str, Any], change: dict[str, Any], parsed: Parsed) -> None:
    value = change.get("value")
    if type(value) is not dict:
        parsed.broken.append((f"{pointer}/value", "not an object"))
        return
    name = change.get("field")
    if type(name) is not str:
        name = "messages"
    place = place_of(pointer, name, entry, value)
    before = len(parsed.events) + len(parsed.broken)
    if name in ELEMENTS:
        for key, reader in ELEMENTS[name]:
            _read_elements(place, key, reader, parsed)
        _read_errors(place, parsed, before)
        _read_user_actions(place, parsed)
    elif name in NOTIFICATIONS:
        notification = NOTIFICATIONS[name]
        _read_one(lambda _value, at, _pointer: notification(at), value, place, f"{pointer}/value", parsed)
    if len(parsed.events) + len(parsed.broken) == before:
        known = name in ELEMENTS
        reason = IGNORED_FIELDS.get(name) or ("nothing in it" if known else f"unknown field {name[:60]}")
        parsed.events.append(_ignored(place, f"{pointer}/value", reason))


def _read_elements(place: Place, key: str, reader: ElementReader, parsed: Parsed) -> None:
    if key not in place.value:
        return
    for pointer, element in _objects(place.value, key, f"{place.pointer}/value/{key}", parsed):
        _read_one(reader, element, place, pointer, parsed)


def _read_one(reader: ElementReader, element: dict[str, Any], place: Place, pointer: str, parsed: Parsed) -> None:
    try:
        parsed.events.append(reader(element, place, pointer))
    except Unreadable as problem:
        parsed.broken.append((pointer, str(problem)))
    except Exception as error:
        # Meta changes shapes without notice. Whatever a reader trips over stays with this one element.
        parsed.broken.append((pointer, f"could not be read ({type(error).__name__})"))


def _read_errors(place: Place, parsed: Parsed, before: int) -> None:
    """Errors beside the messages belong to a message Meta could not pass on, if one stands there."""
    if "errors" not in place.value:
        return
    if any(event.kind == "unsupported" and event.error_code for event in parsed.events[before:]):
        return
    _read_elements(place, "errors", read_provider_error, parsed)


def _read_user_actions(place: Place, parsed: Parsed) -> None:
    if "user_actions" in place.value:
        for pointer, _action in _objects(place.value, "user_actions", f"{place.pointer}/value/user_actions", parsed):
            parsed.events.append(_ignored(place, pointer, "a tap that is counted for advertising"))


def _ignored(place: Place, pointer: str, reason: str) -> Event:
    return Event("ignored", pointer, place.channel_ref, place.account_ref, reason=reason, details={"field": place.name})

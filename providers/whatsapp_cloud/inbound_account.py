"""Changes that are about no message: templates, the number, the account, people's preferences, groups."""

from __future__ import annotations

from typing import Any

from providers.printing import stamp
from providers.types import Event
from providers.whatsapp_cloud.inbound_place import Place, Unreadable
from providers.whatsapp_cloud.reading import digits, ident, moment, rows, table, user_id, words


def _event(event_type: str, place: Place, details: dict[str, Any], **fields: Any) -> Event:
    return Event(
        event_type,
        f"{place.pointer}/value",
        place.channel_ref,
        place.account_ref,
        timestamp=fields.pop("timestamp", None) or place.at,
        **fields,
        details={key: value for key, value in details.items() if value is not None},
    )


def _meaningful(value: Any) -> str | None:
    """Meta writes NONE where there is nothing to say."""
    text = words(value)
    return None if text is None or text.upper() == "NONE" else text


def _template(place: Place) -> dict[str, Any]:
    value = place.value
    template_id, name = ident(value.get("message_template_id")), words(value.get("message_template_name"))
    if template_id is None and name is None:
        raise Unreadable("the notification names no template")
    language = words(value.get("message_template_language"))
    return {
        "template_id": template_id,
        "name": name,
        "language": language.replace("-", "_") if language else None,  # en-US here is en_US everywhere else
        "waba_id": place.account_ref,
    }


def read_template_status(place: Place) -> Event:
    """Approved, rejected, paused …: Meta's word verbatim, as new ones appear."""
    value = place.value
    rejection, other = table(value.get("rejection_info")), table(value.get("other_info"))
    details = _template(place) | {
        "category": words(value.get("message_template_category")),
        "explanation": words(rejection.get("reason")) or words(other.get("description")),
        "recommendation": words(rejection.get("recommendation")),
        "disable_date": ident(table(value.get("disable_info")).get("disable_date")),
    }
    reason = _meaningful(value.get("reason")) or _meaningful(other.get("title"))
    return _event("template_status", place, details, status=words(value.get("event")), reason=reason)


def read_template_quality(place: Place) -> Event:
    """A template's quality score changed."""
    details = _template(place) | {
        "quality": words(place.value.get("new_quality_score")),
        "previous": words(place.value.get("previous_quality_score")),
    }
    return _event("template_quality", place, details)


def read_template_category(place: Place) -> Event:
    """A template's category changed or will. In an advance notice `new_category` is the present one."""
    value = place.value
    upcoming = words(value.get("correct_category"))
    when = moment(value.get("category_update_timestamp"))
    details = _template(place) | {
        "category": words(value.get("new_category")),
        "previous": words(value.get("previous_category")),
        "upcoming_category": upcoming,
        "effective_at": stamp(when) if upcoming and when else None,
    }
    return _event("template_category", place, details)


def read_template_components(place: Place) -> Event:
    """A template's text was changed, here or in WhatsApp Manager."""
    value = place.value
    details = _template(place) | {
        "header": words(value.get("message_template_title")),
        "body": words(value.get("message_template_element")),
        "footer": words(value.get("message_template_footer")),
        "buttons": [_template_button(table(button)) for button in rows(value.get("message_template_buttons"))] or None,
    }
    return _event("template_components", place, details)


def _template_button(button: dict[str, Any]) -> dict[str, Any]:
    found = {
        name: words(button.get(f"message_template_button_{name}")) for name in ("type", "text", "url", "phone_number")
    }
    return {key: value for key, value in found.items() if value}


def read_phone_quality(place: Place) -> Event:
    """A number's sending limit changed. In spite of the field's name this carries no quality colour."""
    value = place.value
    details = {
        "event": words(value.get("event")),
        "display_phone_number": digits(value.get("display_phone_number")),
        "limit": words(value.get("max_daily_conversations_per_business")) or words(value.get("current_limit")),
        "previous": words(value.get("old_limit")),
        "waba_id": place.account_ref,
    }
    return _event("phone_quality", place, details)


def read_account(place: Place) -> Event:
    """News about the account, its numbers, flows or payments, with Meta's object whole."""
    value = place.value
    details = {
        "field": place.name,
        "event": words(value.get("event")) or words(value.get("alert_type")) or place.name,
        "display_phone_number": digits(value.get("display_phone_number")) or digits(value.get("phone_number")),
        "waba_id": place.account_ref,
        "value": value,
    }
    reason = _meaningful(value.get("rejection_reason")) or _meaningful(value.get("reason"))
    return _event("account", place, details, status=words(value.get("decision")), reason=reason)


def read_preference(preference: dict[str, Any], place: Place, pointer: str) -> Event:
    """A person stopped or resumed marketing messages."""
    address = digits(preference.get("wa_id"))
    scoped = user_id(preference.get("user_id"))
    choice = words(preference.get("value"))
    if (address is None and scoped is None) or choice is None:
        raise Unreadable("the preference names no person or no choice")
    person = place.person(address, scoped)
    found = {"category": words(preference.get("category")), "value": choice, "detail": words(preference.get("detail"))}
    return Event(
        "user_preference",
        pointer,
        place.channel_ref,
        place.account_ref,
        direction="in",
        from_=address,
        from_user_id=scoped or person.user_id,
        profile_name=person.name,
        username=person.username,
        timestamp=moment(preference.get("timestamp")),
        details={key: text for key, text in found.items() if text is not None},
    )


def read_user_id_change(change: dict[str, Any], place: Place, pointer: str) -> Event:
    """A person got a new user id; the old one is worth nothing from now on."""
    ids = table(change.get("user_id"))
    address, new = digits(change.get("wa_id")), user_id(ids.get("current"))
    if new is None:
        raise Unreadable("the change names no new user id")
    return Event(
        "system",
        pointer,
        place.channel_ref,
        place.account_ref,
        direction="in",
        from_=address,
        from_user_id=user_id(ids.get("previous")),
        timestamp=moment(change.get("timestamp")),
        text=words(change.get("detail")),
        details={"event": "user_id_update", "new_user_id": new},
    )


def read_contact_sync(item: dict[str, Any], place: Place, pointer: str) -> Event:
    """The business added, changed or removed an entry of its phone's address book."""
    contact = table(item.get("contact"))
    address = digits(contact.get("phone_number"))
    if address is None:
        raise Unreadable("the contact has no number")
    return Event(
        "contact",
        pointer,
        place.channel_ref,
        place.account_ref,
        from_=address,
        profile_name=words(contact.get("full_name")) or words(contact.get("first_name")),
        timestamp=moment(table(item.get("metadata")).get("timestamp")),
        details={"action": words(item.get("action")) or "add"},
    )


def read_group(group: dict[str, Any], place: Place, pointer: str) -> Event:
    """A group was made, changed or left. Meta labels some removals as creations, so the object comes whole."""
    return Event(
        "group",
        pointer,
        place.channel_ref,
        place.account_ref,
        timestamp=moment(group.get("timestamp")),
        details={
            "event": words(group.get("type")) or place.name,
            "group_id": ident(group.get("group_id")),
            "field": place.name,
            "value": group,
        },
    )

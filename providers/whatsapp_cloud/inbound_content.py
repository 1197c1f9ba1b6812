"""What one message says, by its type. Used for customers' messages, echoes of our own, and edits of both."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from providers import cleaning
from providers.types import MalformedPayload
from providers.whatsapp_cloud.inbound_place import error_title, first_error
from providers.whatsapp_cloud.reading import ident, rows, table, words

Fields = dict[str, Any]  # keyword arguments of Event

MEDIA = ("image", "video", "audio", "voice", "document", "sticker")
LONGEST_FILENAME = 200
# Control characters, path separators, and the marks that turn the reading direction around to hide an extension.
_UNFIT_IN_FILENAME = re.compile("[\x00-\x1f\x7f/\\\\:\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_VCARD_LINE = re.compile(r"^(FN|TEL)(?:;[^:\r\n]*)?:(.+)$", re.IGNORECASE | re.MULTILINE)


class NoContent(ValueError):
    """The message's type promises content that is not there. The text is the reason."""


def content_of(message: dict[str, Any]) -> Fields:
    """The fields a message's content fills. What cannot be read is `other`: people must see that something came."""
    kind = words(message.get("type")) or next((name for name in READERS if name in message), "")
    reader = READERS.get(kind)
    if reader is None:
        return {"kind": "other", "reason": f"unknown type {kind[:60]}" if kind else "no type", **_error(message)}
    try:
        fields = reader(message)
    except NoContent as problem:
        unsupported = bool(rows(message.get("errors")))
        fields = {"kind": "unsupported" if unsupported else "other", "reason": str(problem)}
    return fields | _error(message) if "errors" in message else fields


def _error(message: dict[str, Any]) -> Fields:
    error = first_error(message.get("errors"))
    return {"error_code": ident(error.get("code")), "error_title": error_title(error)} if error else {}


def _part(message: dict[str, Any], name: str) -> dict[str, Any]:
    part = message.get(name)
    if type(part) is not dict:
        raise NoContent(f"no {name} in it")
    return part


def _text(message: dict[str, Any]) -> Fields:
    body = _part(message, "text").get("body")
    if type(body) is not str:
        raise NoContent("no text in it")
    return {"kind": "text", "text": body}


def _media(message: dict[str, Any]) -> Fields:
    name = next((kind for kind in MEDIA if kind in message), "file")
    part = _part(message, name)
    kind = "voice" if name == "audio" and part.get("voice") is True else name
    mime = words(part.get("mime_type"))
    found = {
        "kind": kind,
        "id": ident(part.get("id")),
        "mime_type": mime.split(";")[0].strip().lower() if mime else None,  # audio/ogg; codecs=opus
        "filename": _filename(part.get("filename")),
        "url": words(part.get("url")),
        "animated": part.get("animated") if type(part.get("animated")) is bool else None,
    }
    media = {key: value for key, value in found.items() if value is not None}
    return {"kind": kind, "media": media, "text": words(part.get("caption"))}


def _filename(value: Any) -> str | None:
    """A name safe to show and to save under: customers choose it."""
    name = words(value)
    if name is None:
        return None
    last = re.split(r"[/\\]", name)[-1]
    return _UNFIT_IN_FILENAME.sub("", last).strip(" .")[-LONGEST_FILENAME:] or None


def _location(message: dict[str, Any]) -> Fields:
    part = _part(message, "location")
    location: dict[str, Any] = {}
    for key, limit in (("latitude", 90), ("longitude", 180)):
        number = _coordinate(part.get(key))
        if number is None or not -limit <= number <= limit:
            raise NoContent(f"no {key} in it")
        location[key] = number
    for key in ("name", "address"):
        if words(part.get(key)):
            location[key] = part[key]
    return {"kind": "location", "location": location}


def _coordinate(value: Any) -> float | int | None:
    if type(value) is str:
        try:
            value = float(value)
        except ValueError:
            return None
    return value if type(value) in {int, float} else None


def _contacts(message: dict[str, Any]) -> Fields:
    contacts = [_shared_contact(contact) for contact in rows(message.get("contacts")) if type(contact) is dict]
    if not contacts:
        raise NoContent("no contacts in it")
    return {"kind": "contacts", "contacts": contacts}


def _shared_contact(contact: dict[str, Any]) -> dict[str, Any]:
    """Name and first number; a contact shared on request has both in a vCard only."""
    name = table(contact.get("name"))
    shown = words(name.get("formatted_name")) or " ".join(
        part for part in (words(name.get("first_name")), words(name.get("last_name"))) if part
    )
    phones = [table(phone) for phone in rows(contact.get("phones"))]
    numbers = [words(phone.get("phone")) or ident(phone.get("wa_id")) for phone in phones]
    vcard = words(contact.get("vcard"))
    if vcard and not (shown and any(numbers)):
        lines = [(key.upper(), text.strip()) for key, text in _VCARD_LINE.findall(vcard)]
        shown = shown or next((text for key, text in lines if key == "FN"), "")
        numbers = numbers or [text for key, text in lines if key == "TEL"]
    known = [number for number in numbers if number]
    found = {
        "name": shown or None,
        "phone": known[0] if known else None,
        "phones": known if len(known) > 1 else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _button(message: dict[str, Any]) -> Fields:
    part = _part(message, "button")
    title, payload = words(part.get("text")), ident(part.get("payload"))
    if title is None and payload is None:
        raise NoContent("no button in it")
    return {"kind": "button_reply", "text": title or payload, "reply": _reply(payload, title, None, "template")}


def _interactive(message: dict[str, Any]) -> Fields:
    part = _part(message, "interactive")
    kind = words(part.get("type")) or next((name for name in _ANSWERS if name in part), "")
    if kind == "nfm_reply":
        return _flow_reply(_part(part, "nfm_reply"))
    if kind not in _ANSWERS:
        return {"kind": "other", "reason": f"unknown interactive type {kind[:60]}"}
    answer = _part(part, kind)
    title, reply_id = words(answer.get("title")), ident(answer.get("id"))
    reply = _reply(reply_id, title, words(answer.get("description")), "interactive")
    return {"kind": kind, "text": title or reply_id, "reply": reply}


_ANSWERS = ("button_reply", "list_reply")


def _reply(reply_id: str | None, title: str | None, description: str | None, source: str) -> dict[str, Any]:
    found = {"id": reply_id, "title": title, "description": description, "source": source}
    return {key: value for key, value in found.items() if value is not None}


def _flow_reply(answer: dict[str, Any]) -> Fields:
    """A finished form. Its answers are JSON inside a string; text that is no JSON is kept as it is."""
    response = answer.get("response_json")
    if type(response) is str:
        try:
            response = cleaning.load(response)
        except MalformedPayload:
            response = cleaning.clean_text(response)
    text = words(answer.get("body"))
    return {"kind": "flow_reply", "text": text, "flow_response": response, "reply": _reply(None, text, None, "flow")}


def _order(message: dict[str, Any]) -> Fields:
    order = _part(message, "order")
    return {"kind": "order", "order": order, "text": words(order.get("text"))}


def _unsupported(message: dict[str, Any]) -> Fields:
    what = words(table(message.get("unsupported")).get("type"))
    fields: Fields = {"kind": "unsupported", "text": words(table(message.get("text")).get("body"))}
    return fields | {"details": {"unsupported_type": what}} if what else fields


READERS: dict[str, Callable[[dict[str, Any]], Fields]] = {
    "text": _text,
    **dict.fromkeys(MEDIA, _media),
    "location": _location,
    "contacts": _contacts,
    "button": _button,
    "interactive": _interactive,
    "order": _order,
    "unsupported": _unsupported,
}

"""Why WhatsApp would refuse a message, found out before it is sent and in words an agent understands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from providers.types import Outbound
from providers.whatsapp_cloud import interactive_limits
from providers.whatsapp_cloud.capabilities import CAPTIONED, MAX_CAPTION, MAX_TEXT, MAX_TOKEN, MEDIA_KINDS, capabilities
from providers.whatsapp_cloud.interactive_limits import length
from providers.whatsapp_cloud.reading import digits, rows, table, user_id

MAX_CONTACTS = 257  # Meta's reference does not say; the highest number a client library allows
MAX_FILENAME = 240
TEMPLATE_NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:[_-][A-Za-z]{2,4})?")
UNFIT_PARAMETER = re.compile(r"[\n\r\t]| {4}")


def refuse(outbound: Outbound) -> str | None:
    """The first thing that WhatsApp would not accept, or None."""
    return next(_complaints(outbound), None)


def _complaints(outbound: Outbound) -> Iterator[str]:
    if outbound.kind not in capabilities.kinds:
        yield f"WhatsApp cannot send messages of the kind {outbound.kind}."
        return
    yield from _recipient(outbound)
    if len(outbound.token) > MAX_TOKEN:
        yield f"The correlation token has more than {MAX_TOKEN} characters."
    if outbound.kind in MEDIA_KINDS:
        yield from _media(outbound)
    else:
        yield from _CONTENT[outbound.kind](outbound.content)


def _recipient(outbound: Outbound) -> Iterator[str]:
    if outbound.to:
        # Short numbers exist in tests and as service numbers, so only the longest is checked (E.164: 15 digits).
        number = digits(outbound.to)
        if number is None or len(number) > 15:
            yield "The recipient is not a phone number."
    elif user_id(outbound.to_user_id) is None:
        yield "The message has no recipient."


def _media(outbound: Outbound) -> Iterator[str]:
    reference, kind = outbound.media, outbound.kind
    if reference is None or not (reference.id or reference.link):
        yield "The file is missing."
        return
    if not reference.id and not reference.link.startswith(("https://", "http://")):
        yield "The file's link must start with https://."
    allowed = capabilities.media_types[kind]
    mime = reference.mime_type.split(";")[0].strip().lower()
    if allowed and mime and mime not in allowed:
        yield f"WhatsApp does not take {mime} as {kind}; it takes {', '.join(sorted(allowed))}."
    caption = outbound.content.get("caption")
    if caption:
        if kind not in CAPTIONED:
            yield f"WhatsApp shows no caption with {kind}. Send the text as a message of its own."
        yield from length(caption, "The caption", MAX_CAPTION)
    filename = outbound.content.get("filename")
    if filename:
        yield from length(filename, "The file's name", MAX_FILENAME)


def _text(content: dict[str, Any]) -> Iterator[str]:
    yield from length(content.get("text"), "The text", MAX_TEXT)


def _location(content: dict[str, Any]) -> Iterator[str]:
    for key, limit in (("latitude", 90), ("longitude", 180)):
        value = content.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not -limit <= value <= limit:
            yield f"The {key} must be a number between -{limit} and {limit}."


def _contacts(content: dict[str, Any]) -> Iterator[str]:
    contacts = rows(content.get("contacts"))
    if not 1 <= len(contacts) <= MAX_CONTACTS:
        yield f"WhatsApp allows 1 to {MAX_CONTACTS} contacts in a message."
    for contact in contacts:
        yield from length(table(table(contact).get("name")).get("formatted_name"), "A contact's name", 512)


def _reaction(content: dict[str, Any]) -> Iterator[str]:
    yield from length(content.get("target"), "The message to react to", 512)
    emoji = content.get("emoji")
    if emoji is not None and (not isinstance(emoji, str) or len(emoji) > 16):
        yield "A reaction is a single emoji."


def _template(content: dict[str, Any]) -> Iterator[str]:
    name, language = content.get("name"), content.get("language")
    if not isinstance(name, str) or not TEMPLATE_NAME.fullmatch(name):
        yield "A template's name has lower-case letters, digits and underscores only."
    if not isinstance(language, str) or not LANGUAGE.fullmatch(language):
        yield "The template's language is not a language code such as en_GB."
    components = content.get("components") or []
    if not isinstance(components, list):
        yield "The template's components must be a list."
        return
    for component in components:
        if not isinstance(component, dict):
            yield "A component of the template is not an object."
            continue
        for part in (component, *_parts_of_cards(component)):
            for parameter in rows(part.get("parameters")):
                yield from _parameter(table(parameter))


def _parts_of_cards(component: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for card in rows(component.get("cards")):
        yield from (table(part) for part in rows(table(card).get("components")))


def _parameter(parameter: dict[str, Any]) -> Iterator[str]:
    if parameter.get("type") != "text":
        return
    text = parameter.get("text")
    if not isinstance(text, str) or not text:
        yield "A value of the template is empty."
    elif UNFIT_PARAMETER.search(text):
        yield "A template's value must not hold line breaks, tabs or four spaces in a row."


_CONTENT: dict[str, Callable[[dict[str, Any]], Iterator[str]]] = {
    "text": _text,
    "location": _location,
    "contacts": _contacts,
    "reaction": _reaction,
    "interactive": interactive_limits.complaints,
    "template": _template,
}

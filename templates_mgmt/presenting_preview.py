"""A template as the phone of a customer shows it, with samples where values will be. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from django.utils.safestring import SafeString

from workspaces.formatting import formatted

from .content import VARIABLE, Button, Card, Content, Header

ICONS = {
    "QUICK_REPLY": "arrow-uturn-left",
    "URL": "arrow-top-right-on-square",
    "PHONE_NUMBER": "phone",
    "COPY_CODE": "clipboard-document",
    "OTP": "clipboard-document",
}
HEADER_ICONS = {"IMAGE": "photo", "VIDEO": "film", "DOCUMENT": "document-text", "LOCATION": "map-pin"}
WORDS = {"IMAGE": "Image", "VIDEO": "Video", "DOCUMENT": "Document", "LOCATION": "Location"}
COPY_CODE_TEXT = "Copy offer code"  # WhatsApp's own words on that button, which nobody can change

# A value keeps its place through the formatting between two characters that no keyboard writes.
OPEN, CLOSE, MISSING = "\ue000", "\ue001", "\ue002"
TAGS = {OPEN: '<mark class="phone__value">', MISSING: '<mark class="phone__gap">', CLOSE: "</mark>"}
MARKS = str.maketrans({OPEN: None, CLOSE: None, MISSING: None})

FileUrl = Callable[[str], str]


def phone(content: Content, variables: Mapping[str, Any], file_url: FileUrl) -> dict[str, Any]:
    """The message, its header, buttons and cards. `file_url` turns the id of an attached file into its address."""
    seen = _Seen(variables, file_url)
    return {
        **_part("", content.header, content.body, content.buttons, seen),
        "footer": content.footer,
        "cards": [
            _part(f"card.{number}.", card.header, card.body, card.buttons, seen)
            for number, card in enumerate(content.cards)
        ],
        "unsupported": content.unsupported,
        "empty": not (content.header or content.body or content.footer or content.buttons or content.cards),
    }


class _Seen:
    """Looks up what stands at a place."""

    def __init__(self, variables: Mapping[str, Any], file_url: FileUrl) -> None:
        self._variables = variables
        self._file_url = file_url

    def _known(self, key: str) -> Mapping[str, Any]:
        found = self._variables.get(key)
        return found if isinstance(found, Mapping) else {}

    def value(self, key: str) -> str:
        """What the preview writes: the sample, or the text that will always stand there."""
        known = self._known(key)
        fixed = known.get("value") if known.get("source") == "fixed" else ""
        return str(known.get("sample") or fixed or known.get("fallback") or "")

    def file(self, key: str) -> str:
        name = str(self._known(key).get("file") or "")
        return self._file_url(name) if name else ""

    def html(self, place: str, text: str) -> SafeString:
        """The text with its values, marked as such; a variable without any stands there by its name."""

        def put(found: Any) -> str:
            value = self.value(f"{place}:{found[1]}").translate(MARKS)
            return f"{OPEN}{value}{CLOSE}" if value else f"{MISSING}{{{{{found[1]}}}}}{CLOSE}"

        html = str(formatted(VARIABLE.sub(put, text.translate(MARKS))))
        for mark, tag in TAGS.items():
            html = html.replace(mark, tag)
        return SafeString(html)

    def plain(self, place: str, text: str) -> str:
        return VARIABLE.sub(lambda found: self.value(f"{place}:{found[1]}") or found[0], text)


def _part(prefix: str, header: Header | None, body: str, buttons: list[Button], seen: _Seen) -> dict[str, Any]:
    return {
        "header": _header(f"{prefix}header", header, seen) if header else None,
        "body": seen.html(f"{prefix}body", body),
        "buttons": [_button(f"{prefix}button.{at}", button, seen) for at, button in enumerate(buttons)],
    }


def _header(place: str, header: Header, seen: _Seen) -> dict[str, Any]:
    if header.format == "TEXT":
        return {"kind": "text", "html": _without_marks(place, header.text, seen)}
    return {
        "kind": header.format.lower(),
        "word": WORDS.get(header.format, header.format.title()),
        "icon": HEADER_ICONS.get(header.format, "document"),
        "url": seen.file(f"{place}:media"),
    }


def _without_marks(place: str, text: str, seen: _Seen) -> SafeString:
    """A header is shown as typed: phones format the body alone."""
    parts, at = [], 0
    for found in VARIABLE.finditer(text):
        value = seen.value(f"{place}:{found[1]}")
        css, shown = ("phone__value", value) if value else ("phone__gap", found[0])
        parts += [escape(text[at : found.start()]), f'<mark class="{css}">{escape(shown)}</mark>']
        at = found.end()
    return SafeString("".join([*parts, escape(text[at:])]))


def _button(place: str, button: Button, seen: _Seen) -> dict[str, Any]:
    fallback = COPY_CODE_TEXT if button.type == "COPY_CODE" else "" if button.is_supported else "Not shown here"
    return {
        "text": button.text or fallback,
        "icon": ICONS.get(button.type, "question-mark-circle"),
        "detail": seen.plain(place, button.url) or button.phone_number,
    }


def excerpt(content: Content) -> str:
    """One line of the text, for lists."""
    first: list[Card] = content.cards[:1]
    text = content.body or "".join(card.body for card in first)
    return " ".join(text.split())[:160]

"""What a template says, as records: its parts, and the places where values go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["standard", "carousel", "authentication"]
PlaceKind = Literal["text", "media", "location", "code"]

# A number or a name between double braces. Anything else, `{{7*7}}` included, is plain text.
VARIABLE = re.compile(r"\{\{[ ]{0,3}([1-9][0-9]{0,3}|[A-Za-z_][A-Za-z0-9_]{0,99})[ ]{0,3}\}\}")

TEXT = "TEXT"
LOCATION = "LOCATION"
MEDIA_FORMATS = ("IMAGE", "VIDEO", "DOCUMENT")
HEADER_FORMATS = (TEXT, *MEDIA_FORMATS, LOCATION)
QUICK_REPLY = "QUICK_REPLY"
URL = "URL"
PHONE_NUMBER = "PHONE_NUMBER"
COPY_CODE = "COPY_CODE"
OTP = "OTP"
BUTTON_TYPES = (QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE, OTP)


@dataclass(frozen=True, slots=True)
class Header:
    """What stands on top; `text` is used by the format TEXT alone."""

    format: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """One button. A type outside BUTTON_TYPES is kept as it came, in `raw`, and never changed."""

    type: str
    text: str = ""
    url: str = ""
    phone_number: str = ""
    code: str = ""  # a copy code button's sample
    otp_type: str = ""  # COPY_CODE, ONE_TAP or ZERO_TAP, of an authentication template's button
    autofill_text: str = ""
    supported_apps: list[dict[str, Any]] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_supported(self) -> bool:
        return self.type in BUTTON_TYPES


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a carousel."""

    header: Header | None = None
    body: str = ""
    buttons: list[Button] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Content:
    """A whole template. `raw` is the list it was read from, so that parts nobody here knows survive a rewrite."""

    header: Header | None = None
    body: str = ""
    footer: str = ""
    buttons: list[Button] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    kind: Kind = "standard"
    add_security_recommendation: bool = False
    code_expiration_minutes: int | None = None
    unsupported: list[str] = field(default_factory=list)  # names of parts that can be kept but not edited
    raw: list[Any] = field(default_factory=list, repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """One spot that takes a value. Buttons and cards count from 0 in keys and from 1 in labels."""

    key: str  # "body:1", "header:media", "card.0.button.1:1"
    place: str  # "body", "header", "card.0.button.1"
    name: str  # "1", "first_name", "media", "location", "code"
    label: str  # for people: "Body {{1}}"
    kind: PlaceKind = "text"
    format: str = ""  # of media: IMAGE, VIDEO or DOCUMENT


def variable_names(text: str) -> list[str]:
    """The variables of a text, each once: numbers by value, names in order of appearance."""
    names = list(dict.fromkeys(VARIABLE.findall(text)))
    if all(name.isdigit() for name in names):
        return sorted(names, key=int)
    return names


def places(content: Content) -> list[Place]:
    """Every spot that takes a value, from top to bottom.

    The code of an authentication template is one place, `body:1`, though it is sent twice.
    """
    if content.kind == "authentication":
        return [Place("body:1", "body", "1", "Code", "code")]
    found = [*_part_places("", "", content.header, content.body, content.buttons)]
    for number, card in enumerate(content.cards):
        found += _part_places(f"card.{number}.", f"Card {number + 1} ", card.header, card.body, card.buttons)
    return found


def type_of(part: Any) -> str:
    """A component's type in capitals; Meta's own examples mix both."""
    name = part.get("type") if isinstance(part, dict) else None
    return name.upper() if isinstance(name, str) else ""


def is_understood(part: Any) -> bool:
    """Whether `Content` can hold everything this component says. One that it cannot is never rewritten."""
    shape = _SHAPES.get(type_of(part))
    return shape is not None and shape(part)


def _is_text(part: dict[str, Any]) -> bool:
    return isinstance(part.get("text", ""), str)


def _is_header(part: dict[str, Any]) -> bool:
    form = part.get("format")
    return isinstance(form, str) and form.upper() in HEADER_FORMATS and _is_text(part)


def _is_buttons(part: dict[str, Any]) -> bool:
    listed = part.get("buttons")
    return isinstance(listed, list) and all(isinstance(entry, dict) for entry in listed)


def _is_carousel(part: dict[str, Any]) -> bool:
    listed = part.get("cards")
    return bool(listed) and isinstance(listed, list) and all(_is_card(entry) for entry in listed)


def _is_card(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("components"), list)


_SHAPES: dict[str, Callable[[dict[str, Any]], bool]] = {
    "HEADER": _is_header,
    "BODY": _is_text,
    "FOOTER": _is_text,
    "BUTTONS": _is_buttons,
    "CAROUSEL": _is_carousel,
}


def _part_places(prefix: str, said: str, header: Header | None, body: str, buttons: list[Button]) -> Iterator[Place]:
    if header is not None:
        yield from _header_places(f"{prefix}header", _sentence(f"{said}header"), header)
    yield from _text_places(f"{prefix}body", _sentence(f"{said}body"), body)
    for index, button in enumerate(buttons):
        place, label = f"{prefix}button.{index}", _sentence(f"{said}button {index + 1}")
        if button.type == URL:
            yield from _text_places(place, f"{label} link", button.url)
        elif button.type == COPY_CODE:
            yield Place(f"{place}:code", place, "code", f"{label} code", "code")


def _header_places(place: str, label: str, header: Header) -> Iterator[Place]:
    if header.format == TEXT:
        yield from _text_places(place, label, header.text)
    elif header.format == LOCATION:
        yield Place(f"{place}:location", place, "location", f"{label} location", "location")
    else:
        yield Place(f"{place}:media", place, "media", f"{label} {header.format.lower()}", "media", header.format)


def _text_places(place: str, label: str, text: str) -> Iterator[Place]:
    for name in variable_names(text):
        yield Place(f"{place}:{name}", place, name, f"{label} {{{{{name}}}}}")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]

"""A template message as its bubble shows it: header, text, buttons and cards, and which button was tapped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from workspaces.formatting import formatted, visible

from .presenting import Shown

BUTTON_ICONS = {
    "quick_reply": "arrow-uturn-left",
    "url": "arrow-top-right-on-square",
    "phone_number": "phone",
    "copy_code": "clipboard-document",
    "otp": "clipboard-document",
}
WORDS = {"image": "Photo", "video": "Video", "document": "Document"}
ICONS = {"image": "photo", "video": "film", "document": "document-text"}
MAP = "https://www.openstreetmap.org/?mlat={latitude:.6f}&mlon={longitude:.6f}#map=16/{latitude:.6f}/{longitude:.6f}"

SrcOf = Callable[[str], str]  # place → address of its file, empty when there is none to look at


@dataclass(frozen=True, slots=True)
class Media(Shown):
    kind: str
    word: str
    icon: str
    src: str
    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Button(Shown):
    text: str
    icon: str
    href: str  # where a link leads; empty for the others
    detail: str  # the number that is called, the code that is copied
    tapped: bool


@dataclass(frozen=True, slots=True)
class Part(Shown):
    """A whole message, or one card of it."""

    head: str
    media: Media | None
    spot: dict[str, str] | None
    html: SafeString
    foot: str
    buttons: list[Button]


@dataclass(frozen=True, slots=True)
class Template(Shown):
    whole: Part
    cards: list[Part]
    label: str


def template(content: Mapping[str, Any], text: str, *, src_of: SrcOf, tapped: Collection[str] = ()) -> Template:
    """What `content["shown"]` says. `tapped` are payloads and words of buttons that came back as answers."""
    shown = _table(content.get("shown"))
    body = str(shown.get("body") or text)
    cards = [
        _part(_table(card), f"card.{number}.", src_of, tapped) for number, card in enumerate(_rows(shown, "cards"))
    ]
    label = " · ".join(str(content[name]) for name in ("name", "language") if content.get(name))
    return Template(_part({**shown, "body": body}, "", src_of, tapped), cards, label)


def _part(shown: Mapping[str, Any], prefix: str, src_of: SrcOf, tapped: Collection[str]) -> Part:
    header = _table(shown.get("header"))
    kind = str(header.get("type") or "")
    return Part(
        head=visible(str(header.get("text") or "")) if kind == "text" else "",
        media=_media(kind, header, f"{prefix}header:media", src_of) if kind in WORDS else None,
        spot=_spot(_table(header.get("location"))) if kind == "location" else None,
        html=formatted(str(shown.get("body") or "")),
        foot=visible(str(shown.get("footer") or "")),
        buttons=[_button(_table(button), tapped) for button in _rows(shown, "buttons")],
    )


def _media(kind: str, header: Mapping[str, Any], place: str, src_of: SrcOf) -> Media:
    file = _table(header.get("media"))
    name = visible(str(file.get("filename") or ""))
    return Media(kind, WORDS[kind], ICONS[kind], src_of(place) if file else "", name or WORDS[kind], place)


def _spot(location: Mapping[str, Any]) -> dict[str, str]:
    try:
        latitude, longitude = float(location["latitude"]), float(location["longitude"])
    except (KeyError, TypeError, ValueError):
        return {"name": "Location", "detail": "", "href": ""}
    return {
        "name": visible(str(location.get("name") or "Location")),
        "detail": visible(str(location.get("address") or f"{latitude:.6f}, {longitude:.6f}")),
        "href": MAP.format(latitude=latitude, longitude=longitude),
    }


def _button(button: Mapping[str, Any], tapped: Collection[str]) -> Button:
    kind, text, url = (str(button.get(name) or "") for name in ("type", "text", "url"))
    answers = button.get("payload") or text
    return Button(
        text=visible(text),
        icon=BUTTON_ICONS.get(kind, ""),
        href=url if url.startswith(("https://", "http://")) and "{{" not in url else "",
        detail=visible(str(button.get("phone_number") or button.get("code") or "")),
        tapped=kind == "quick_reply" and answers in tapped,
    )


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _rows(shown: Mapping[str, Any], name: str) -> list[Any]:
    found = shown.get(name)
    return found if isinstance(found, list) else []

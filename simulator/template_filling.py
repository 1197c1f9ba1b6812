"""A template message as the customer reads it."""

from __future__ import annotations

import re
from typing import Any

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MEDIA = ("image", "video", "document")


def filled(components: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    """Header, text, footer, buttons and cards with the values of a send put in."""
    sent = body.get("components") or []
    shown = _filled(components, sent)
    for part in components:
        if part["type"] == "CAROUSEL":
            given = {int(card.get("card_index", at)): card for at, card in enumerate(cards_of(sent))}
            shown["cards"] = [
                _filled(card["components"], given.get(at, {}).get("components") or [])
                for at, card in enumerate(part["cards"])
            ]
    return shown


def cards_of(sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cards of a send."""
    for part in sent:
        if str(part.get("type", "")).lower() == "carousel":
            return part.get("cards") or []
    return []


def parameters_of(sent: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The parameters of a send by place: ("body", ""), ("header", ""), ("button", "0") …"""
    places = {}
    for part in sent:
        kind = str(part.get("type", "")).lower()
        index = str(part.get("index", "0")) if kind == "button" else ""
        places[kind, index] = part.get("parameters") or []
    return places


def media_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The files that a template message shows, in header and cards: the very objects, so that they can be marked."""
    shown = body.get("shown") or {}
    held = [part.get("media") for part in (shown, *shown.get("cards", []))]
    return [medium for medium in held if medium]


def _filled(components: list[dict[str, Any]], sent: list[dict[str, Any]]) -> dict[str, Any]:
    given = parameters_of(sent)
    shown: dict[str, Any] = {"header": "", "media": None, "location": None, "text": "", "footer": "", "buttons": []}
    for part in components:
        kind = part["type"]
        if kind == "BODY":
            shown["text"] = _fill(part["text"], given.get(("body", ""), []))
        elif kind == "FOOTER":
            shown["footer"] = part["text"]
        elif kind == "BUTTONS":
            shown["buttons"] = [
                _button(button, given.get(("button", str(index)), [])) for index, button in enumerate(part["buttons"])
            ]
        elif kind == "HEADER":
            _put_header(part, given.get(("header", ""), []), shown)
    return shown


def _put_header(part: dict[str, Any], parameters: list[dict[str, Any]], shown: dict[str, Any]) -> None:
    if part.get("format", "TEXT") == "TEXT":
        shown["header"] = _fill(part.get("text", ""), parameters)
        return
    first = parameters[0] if parameters else {}
    kind = str(first.get("type", "")).lower()
    if kind in MEDIA:
        shown["media"] = {"type": kind, **(first.get(kind) or {})}
    elif kind == "location":
        shown["location"] = first.get("location")


def _button(button: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    first = parameters[0] if parameters else {}
    kind = button["type"]
    shown = {"type": kind, "text": button.get("text") or ("Copy offer code" if kind == "COPY_CODE" else "")}
    if kind == "QUICK_REPLY":
        shown["payload"] = first.get("payload") or shown["text"]
    elif kind == "URL":
        shown["url"] = _fill(button["url"], parameters)
    elif kind == "PHONE_NUMBER":
        shown["phone_number"] = button.get("phone_number", "")
    elif kind == "COPY_CODE":
        shown["code"] = first.get("coupon_code", "")
    return shown


def _fill(text: str, parameters: list[dict[str, Any]]) -> str:
    named = {parameter.get("parameter_name"): parameter for parameter in parameters}

    def value(match: re.Match[str]) -> str:
        name = match[1]
        parameter = named.get(name)
        if parameter is None and name.isdigit() and 0 < int(name) <= len(parameters):
            parameter = parameters[int(name) - 1]
        return _parameter_text(parameter) if parameter else match[0]

    return PLACEHOLDER.sub(value, text)


def _parameter_text(parameter: dict[str, Any]) -> str:
    kind = parameter.get("type", "text")
    if kind == "text":
        return str(parameter.get("text", ""))
    return str((parameter.get(kind) or {}).get("fallback_value", ""))

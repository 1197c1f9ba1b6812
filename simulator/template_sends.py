"""Does a template message fit the template it names?

Codes: developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes (read 2026-09).
"""

from __future__ import annotations

import re
from typing import Any

from simulator.errors import GraphError
from simulator.records import Template
from simulator.template_filling import MEDIA, PLACEHOLDER, cards_of, parameters_of

UNFIT = re.compile(r"[\n\t]| {4,}")
BODY_LIMIT, HEADER_LIMIT, CODE_LIMIT = 1024, 60, 20
COUPON = re.compile(r"[A-Za-z0-9_-]+")
Places = dict[tuple[str, str], list[dict[str, Any]]]


def check(templates: list[Template], body: dict[str, Any]) -> Template:
    """Return the template that `body` names. Raises GraphError when it may not be sent or does not fit."""
    template = _find(templates, body)
    sent = body.get("components") or []
    _check_parts(template.components, sent, "")
    for part in template.components:
        if part["type"] == "CAROUSEL":
            _check_cards(part["cards"], cards_of(sent))
    return template


def check_filled(shown: dict[str, Any]) -> None:
    """Refuse a template whose texts got too long by their values. Raises GraphError 132005."""
    for name, limit in (("text", BODY_LIMIT), ("header", HEADER_LIMIT)):
        if len(shown[name]) > limit:
            raise GraphError(132005, f"{name} is too long once its parameters are put in: {len(shown[name])}")


def _find(templates: list[Template], body: dict[str, Any]) -> Template:
    name, language = body.get("name"), (body.get("language") or {}).get("code")
    if not name or not language:
        raise GraphError(131008, "Required parameter template['name'] or template['language']['code'] is missing.")
    for template in templates:
        if template.name == name and template.language == language:
            if template.status == "PAUSED":
                raise GraphError(132015, f"template name ({name}) is paused")
            if template.status == "DISABLED":
                raise GraphError(132016, f"template name ({name}) is disabled")
            if template.is_sendable:
                return template
    raise GraphError(132001, f"template name ({name}) does not exist in {language}")


def _check_parts(components: list[dict[str, Any]], sent: list[dict[str, Any]], where: str) -> None:
    """Check the values of a template, or of one card of it."""
    places = parameters_of(sent)
    parts = {part["type"]: part for part in components}
    _texts(f"{where}body", parts.get("BODY", {}).get("text", ""), places.get(("body", ""), []))
    _header(f"{where}header", parts.get("HEADER", {"format": "TEXT"}), places.get(("header", ""), []))
    _buttons(f"{where}buttons", parts.get("BUTTONS", {}).get("buttons", []), places)


def _check_cards(cards: list[dict[str, Any]], sent: list[dict[str, Any]]) -> None:
    if len(sent) != len(cards):
        raise GraphError(132012, f"carousel: got {len(sent)} cards, the template has {len(cards)}")
    given = {int(card.get("card_index", at)): card for at, card in enumerate(sent)}
    if sorted(given) != list(range(len(cards))):
        raise GraphError(132012, "carousel: every card_index must be there once, counting from 0")
    for at, card in enumerate(cards):
        _check_parts(card["components"], given[at].get("components") or [], f"cards[{at}]: ")


def _texts(where: str, text: str, parameters: list[dict[str, Any]]) -> None:
    wanted = list(dict.fromkeys(PLACEHOLDER.findall(text)))
    if len(parameters) != len(wanted):
        raise GraphError(
            132000, f"{where}: number of localizable_params ({len(parameters)}) does not match the expected number of "
            f"params ({len(wanted)})",
        )  # fmt: skip
    if wanted and not wanted[0].isdigit():
        names = [parameter.get("parameter_name") for parameter in parameters]
        if not all(names):
            raise GraphError(100, "Parameter name is missing or empty")
        if set(names) != set(wanted):
            raise GraphError(132012, f"{where}: parameter names must be {', '.join(wanted)}")
    for parameter in parameters:
        _text(where, parameter)


def _text(where: str, parameter: dict[str, Any]) -> None:
    if parameter.get("type", "text") != "text":
        return
    value = parameter.get("text")
    if value is None or value == "":
        raise GraphError(131008, "Parameter of type text is missing text value")
    if not isinstance(value, str):
        raise GraphError(132012, f"{where}: text parameter without text")
    if UNFIT.search(value):
        raise GraphError(132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces")


def _header(where: str, part: dict[str, Any], parameters: list[dict[str, Any]]) -> None:
    wanted = part.get("format", "TEXT")
    if wanted == "TEXT":
        _texts(where, part.get("text", ""), parameters)
        return
    first = parameters[0] if parameters else {}
    got = str(first.get("type", "")).upper() or "UNKNOWN"
    if got != wanted:
        raise GraphError(132012, f"{where}: Format mismatch, expected {wanted}, received {got}")
    value = first.get(wanted.lower())
    if not isinstance(value, dict):
        raise GraphError(131008, f"Parameter of type {wanted.lower()} is missing {wanted.lower()} value")
    if wanted.lower() in MEDIA and bool(value.get("id")) == bool(value.get("link")):
        raise GraphError(131009, f"{where}: exactly one of id and link is required")
    if wanted == "LOCATION" and any(value.get(name) in (None, "") for name in ("latitude", "longitude")):
        raise GraphError(131008, f"{where}: a location needs latitude and longitude")


def _buttons(where: str, buttons: list[dict[str, Any]], places: Places) -> None:
    for kind, at in places:
        if kind == "button" and not (at.isdecimal() and int(at) < len(buttons)):
            raise GraphError(132012, f"{where}: the template has no button at index {at}")
    for index, button in enumerate(buttons):
        _button(where, index, button, places.get(("button", str(index)), []))


def _button(where: str, index: int, button: dict[str, Any], parameters: list[dict[str, Any]]) -> None:
    kind, name = button["type"], f"{where}[{index}]"
    needs_value = kind == "COPY_CODE" or (kind == "URL" and PLACEHOLDER.search(button["url"]))
    if needs_value and not parameters:
        shown = kind.replace("_", " ").title()
        raise GraphError(131008, f"{where}: Button at index {index} of type {shown} requires a parameter")
    if kind == "URL":
        _texts(name, button["url"], parameters)
    elif kind == "COPY_CODE":
        _coupon(name, parameters[0])
    elif len(parameters) > 1:
        raise GraphError(132000, f"{name}: takes at most one parameter")
    elif kind == "QUICK_REPLY" and parameters and not isinstance(parameters[0].get("payload"), str):
        raise GraphError(131008, f"{name}: a quick reply takes a parameter of type payload")


def _coupon(where: str, parameter: dict[str, Any]) -> None:
    code = parameter.get("coupon_code")
    if parameter.get("type") != "coupon_code" or not isinstance(code, str) or not code:
        raise GraphError(131008, f"{where}: Parameter of type coupon_code is missing coupon_code value")
    if len(code) > CODE_LIMIT or not COUPON.fullmatch(code):
        raise GraphError(132012, f"{where}: coupon_code takes up to {CODE_LIMIT} letters and digits")

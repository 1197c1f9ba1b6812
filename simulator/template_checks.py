"""Would a submitted template be taken in for review? Its texts, with the real subcodes.

Rules: developers.facebook.com/documentation/business-messaging/whatsapp/templates/components (read 2026-09). Subcodes:
…/whatsapp/support/error-codes (read 2026-09).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from simulator.errors import TemplateError, missing_field, too_long
from simulator.languages import LANGUAGES
from simulator.template_buttons import check_buttons

NAME = re.compile(r"[a-z0-9_]{1,512}")
PLACEHOLDER = re.compile(r"\{\{([^{}]*)\}\}")
POSITION = re.compile(r"[1-9][0-9]?")
PARAMETER_NAME = re.compile(r"[a-z][a-z0-9_]*")
EMOJI = re.compile(r"[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
EDGE = re.compile(r"^[\W_]*(?=\{\{)|(?<=\}\})[\W_]*$")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
FORMATS = ("POSITIONAL", "NAMED")
MEDIA = ("IMAGE", "VIDEO", "DOCUMENT")
KNOWN = ("HEADER", "BODY", "FOOTER", "BUTTONS", "CAROUSEL", "LIMITED_TIME_OFFER", "CALL_PERMISSION_REQUEST")
BODY_LIMIT, CARD_BODY_LIMIT, SHORT_LIMIT = 1024, 160, 60
WORDS_PER_VARIABLE = 2
MAX_CARDS = 10
HandleCheck = Callable[[Any, str], bool]  # is this the handle of an uploaded sample, and of that media format


def check_identity(wanted: dict[str, Any]) -> None:
    """Check name, language, category and parameter format. Raises TemplateError."""
    name = wanted.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise TemplateError("Invalid template name", "name takes only lowercase letters, numbers and underscores.")
    if wanted.get("language") not in LANGUAGES:
        raise TemplateError("Invalid language", f"language {wanted.get('language')!r} is not supported.")
    if wanted.get("category") not in CATEGORIES:
        raise TemplateError("Invalid category", "category must be one of " + ", ".join(CATEGORIES) + ".")
    if wanted.get("parameter_format", "POSITIONAL") not in FORMATS:
        raise TemplateError("Invalid parameter format", "parameter_format must be POSITIONAL or NAMED.")


def check_components(components: Any, *, category: str, named: bool, knows_handle: HandleCheck) -> None:
    """Check all parts of a template that is no authentication template. Raises TemplateError."""
    if not isinstance(components, list) or not components:
        raise missing_field("components")
    parts = _by_type(components, KNOWN)
    if "BODY" not in parts:
        raise missing_field("BODY", of="components")
    _body(parts["BODY"], BODY_LIMIT, named)
    if "HEADER" in parts:
        _header(parts["HEADER"], named, knows_handle)
    if "FOOTER" in parts:
        _footer(parts["FOOTER"])
    if "BUTTONS" in parts:
        check_buttons(parts["BUTTONS"].get("buttons"), named=named)
    if "CAROUSEL" in parts:
        if category != "MARKETING":
            raise TemplateError("Invalid category", "Carousel templates must be in the MARKETING category.")
        _carousel(parts, named, knows_handle)


def _by_type(components: list[Any], known: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    parts: dict[str, dict[str, Any]] = {}
    for position, part in enumerate(components):
        kind = str(part.get("type", "")).upper() if isinstance(part, dict) else ""
        if kind not in known:
            raise TemplateError("Invalid component", f"components[{position}] must be one of {', '.join(known)}.")
        if kind in parts:
            raise TemplateError("Invalid component", f"There can be only one component of type {kind}.")
        parts[kind] = part
    return parts


def _body(part: dict[str, Any], limit: int, named: bool) -> None:
    text = _text(part, "BODY", limit)
    names = placeholders(text, "BODY", 2388072, named=named)
    if "\n\n\n" in text:
        raise TemplateError("Message Body Format Is Incorrect", "Too many line breaks in a row.", subcode=2388072)
    if not names:
        return
    bare = EDGE.sub("", text.strip())
    if bare.startswith("{{") or bare.endswith("}}"):
        raise TemplateError(
            "Leading or Trailing Params Not Allowed", "Variables can't be at the start or end of the template.",
            subcode=2388299,
        )  # fmt: skip
    if "}}{{" in re.sub(r"\}\}\s+\{\{", "}}{{", text):
        raise TemplateError("Message Body Format Is Incorrect", "Variables can't follow each other.", subcode=2388072)
    if len(re.findall(r"\w+", PLACEHOLDER.sub(" ", text))) <= WORDS_PER_VARIABLE * len(names):
        raise TemplateError(
            "Parameter Words Ratio Exceeds Limit",
            "This template has too many variables for its length. Reduce the number of variables or lengthen it.",
            subcode=2388293,
        )  # fmt: skip
    _body_example(_example(part), names, named)


def _body_example(given: dict[str, Any], names: list[str], named: bool) -> None:
    if named:
        rows = given.get("body_text_named_params") or []
        shown = {row.get("param_name") for row in rows if isinstance(row, dict) and row.get("example")}
        if shown != set(names):
            raise missing_field("example", of="component of type BODY")
        return
    rows = given.get("body_text")
    sets = rows if isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows) else [[]]
    if any(len(row) != len(names) or not all(row) for row in sets):
        raise missing_field("example", of="component of type BODY")


def _header(part: dict[str, Any], named: bool, knows_handle: HandleCheck) -> None:
    kind = str(part.get("format", "")).upper()
    if kind in MEDIA:
        _sample(part, kind, knows_handle)
    elif kind == "TEXT":
        _header_text(part, named)
    elif kind != "LOCATION":
        raise _wrong_header(f"format {kind or 'none'} is not one of TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION.")


def _header_text(part: dict[str, Any], named: bool) -> None:
    text = _text(part, "HEADER", SHORT_LIMIT)
    if "\n" in text or "*" in text or EMOJI.search(text):
        raise _wrong_header("The header can't have new lines, formatting characters, emojis or asterisks.")
    names = placeholders(text, "HEADER", 2388047, named=named)
    if len(names) > 1:
        raise _wrong_header("The header can have one variable at most.")
    example = _example(part)
    if names and not example.get("header_text_named_params" if named else "header_text"):
        raise missing_field("example", of="component of type HEADER")


def _sample(part: dict[str, Any], kind: str, knows_handle: HandleCheck) -> None:
    example = _example(part)
    handles = example.get("header_handle")
    if not isinstance(handles, list) or not handles:
        raise missing_field("example", of="component of type HEADER")
    if not knows_handle(handles[0], kind):
        raise TemplateError("Invalid parameter", f"The header handle is not an uploaded {kind.lower()} of this app.")


def _example(part: dict[str, Any]) -> dict[str, Any]:
    example = part.get("example")
    return example if isinstance(example, dict) else {}


def _footer(part: dict[str, Any]) -> None:
    text = _text(part, "FOOTER", SHORT_LIMIT)
    if PLACEHOLDER.search(text) or "\n" in text or EMOJI.search(text):
        reason = "The footer can't have variables, new lines or emojis."
        raise TemplateError("Message Footer Format Is Incorrect", reason, subcode=2388073)


def _carousel(parts: dict[str, dict[str, Any]], named: bool, knows_handle: HandleCheck) -> None:
    if set(parts) - {"BODY", "CAROUSEL"}:
        raise TemplateError("Invalid component", "Carousel templates have a BODY and a CAROUSEL and nothing else.")
    cards = parts["CAROUSEL"].get("cards")
    if not isinstance(cards, list) or not 2 <= len(cards) <= MAX_CARDS:
        raise TemplateError("Invalid carousel", f"A carousel must have between 2 and {MAX_CARDS} cards.")
    shapes = set()
    for position, card in enumerate(cards):
        inner = card.get("components") if isinstance(card, dict) else None
        if not isinstance(inner, list):
            raise missing_field("components", of=f"cards[{position}]")
        found = _by_type(inner, ("HEADER", "BODY", "BUTTONS"))
        shapes.add(_card(found, named, knows_handle))
    if len(shapes) > 1:
        raise TemplateError("Invalid carousel", "All cards must have the same components and the same buttons.")


def _card(parts: dict[str, dict[str, Any]], named: bool, knows_handle: HandleCheck) -> tuple[Any, ...]:
    """Check one card and say what it is made of."""
    header = str(parts.get("HEADER", {}).get("format", "")).upper()
    if header not in ("IMAGE", "VIDEO"):
        raise _wrong_header("Every card needs a header of format IMAGE or VIDEO.")
    _sample(parts["HEADER"], header, knows_handle)
    if "BODY" in parts:
        _body(parts["BODY"], CARD_BODY_LIMIT, named)
    buttons = parts.get("BUTTONS", {}).get("buttons") or []
    if buttons:
        check_buttons(buttons, named=named, of_card=True)
    return (header, "BODY" in parts, tuple(button["type"] for button in buttons))


def placeholders(text: str, where: str, subcode: int, *, named: bool) -> list[str]:
    """The variables of a text in the order of their first use. Raises TemplateError for an odd one."""
    names = list(dict.fromkeys(match.strip() for match in PLACEHOLDER.findall(text)))
    form = PARAMETER_NAME if named else POSITION
    stray = PLACEHOLDER.sub("", text)
    if "{{" in stray or "}}" in stray or not all(form.fullmatch(name) for name in names):
        raise TemplateError("Invalid variables", f"{where} has variables in the wrong format.", subcode=subcode)
    if not named and sorted(map(int, names)) != list(range(1, len(names) + 1)):
        raise TemplateError("Invalid variables", f"The variables of {where} must count up from 1.", subcode=subcode)
    return names


def _text(part: dict[str, Any], kind: str, limit: int) -> str:
    text = part.get("text")
    if not isinstance(text, str) or not text.strip():
        raise missing_field("text", of=f"component of type {kind}")
    if len(text) > limit:
        raise too_long(kind, len(text), limit)
    return text


def _wrong_header(message: str) -> TemplateError:
    return TemplateError("Message Header Format Is Incorrect", message, subcode=2388047)

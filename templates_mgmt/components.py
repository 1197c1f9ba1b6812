"""Meta's list of components, read into `Content` and written back. Pure.

The list is the stored form. Whatever this module does not know is named in `Content.unsupported` and comes out of
`write` exactly as it went into `read`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .content import (
    COPY_CODE,
    OTP,
    TEXT,
    URL,
    Button,
    Card,
    Content,
    Header,
    Place,
    is_understood,
    places,
    type_of,
    variable_names,
)
from .writing import write

__all__ = ["Button", "Card", "Content", "Header", "Place", "places", "read", "samples", "write"]

# Once made, Meta lists the button of an authentication template as a link to this address.
OTP_LINK = "https://www.whatsapp.com/otp/code/"

# Meta sets these words; they come back translated once the template exists there.
CODE_TEXT = "{{1}} is your verification code."
SECURITY_TEXT = "For your security, do not share this code."
EXPIRY_TEXT = "This code expires in {minutes} minutes."
OTP_BUTTON_TEXTS = {"COPY_CODE": "Copy code", "ONE_TAP": "Autofill", "ZERO_TAP": "Copy code"}


def read(components: Any) -> Content:
    """What a list of components says. Never raises: a part of a strange shape is unsupported, not an error."""
    entries = components if isinstance(components, list) else []
    parts = _by_type(entries)
    if _is_authentication(parts):
        return _authentication(parts, entries)
    header, body, buttons = _message_parts(parts)
    cards = _cards(parts.get("CAROUSEL"))
    footer = parts.get("FOOTER") or {}
    return Content(
        header=header,
        body=body,
        footer=_text(footer.get("text")),
        buttons=buttons,
        cards=cards,
        kind="carousel" if cards else "standard",
        unsupported=list(dict.fromkeys(_unsupported(entries))),
        raw=entries,
    )


def samples(components: Any) -> dict[str, str]:
    """The sample values that Meta's list carries, by the key of their place."""
    content = read(components)
    found = dict(_part_samples("", content.raw))
    for number, card in enumerate(content.cards):
        found |= dict(_part_samples(f"card.{number}.", card.raw.get("components", [])))
    if content.kind == "authentication":
        return {key: sample for key, sample in found.items() if key == "body:1"}
    return found


def _by_type(entries: list[Any]) -> dict[str, dict[str, Any]]:
    """The first component of each type; Meta allows one."""
    parts: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if is_understood(entry):
            parts.setdefault(type_of(entry), entry)
    return parts


def _message_parts(parts: dict[str, dict[str, Any]]) -> tuple[Header | None, str, list[Button]]:
    body = parts.get("BODY") or {}
    return _header(parts.get("HEADER")), _text(body.get("text")), _buttons(parts.get("BUTTONS"))


def _header(part: dict[str, Any] | None) -> Header | None:
    if part is None:
        return None
    form = _text(part.get("format")).upper()
    return Header(form, _text(part.get("text")) if form == TEXT else "")


def _buttons(part: dict[str, Any] | None) -> list[Button]:
    return [_button(entry) for entry in part["buttons"]] if part else []


def _button(entry: dict[str, Any]) -> Button:
    example = entry.get("example")
    apps = entry.get("supported_apps")
    return Button(
        type=type_of(entry),
        text=_text(entry.get("text")),
        url=_text(entry.get("url")),
        phone_number=_text(entry.get("phone_number")),
        code=_text(example[0] if isinstance(example, list) and example else example),
        otp_type=_text(entry.get("otp_type")).upper(),
        autofill_text=_text(entry.get("autofill_text")),
        supported_apps=[app for app in apps if isinstance(app, dict)] if isinstance(apps, list) else [],
        raw=entry,
    )


def _cards(part: dict[str, Any] | None) -> list[Card]:
    return [Card(*_message_parts(_by_type(entry["components"])), raw=entry) for entry in part["cards"]] if part else []


def _is_authentication(parts: dict[str, dict[str, Any]]) -> bool:
    """Told by the marks only such templates have: components do not say their category."""
    return (
        "add_security_recommendation" in (parts.get("BODY") or {})
        or "code_expiration_minutes" in (parts.get("FOOTER") or {})
        or any(button.type == OTP or button.url.startswith(OTP_LINK) for button in _buttons(parts.get("BUTTONS")))
    )


def _authentication(parts: dict[str, dict[str, Any]], entries: list[Any]) -> Content:
    body, footer = parts.get("BODY") or {}, parts.get("FOOTER") or {}
    secure = body.get("add_security_recommendation") is True
    minutes = footer.get("code_expiration_minutes")
    minutes = minutes if isinstance(minutes, int) and not isinstance(minutes, bool) else None
    text = f"{CODE_TEXT} {SECURITY_TEXT}" if secure else CODE_TEXT
    return Content(
        body=_text(body.get("text")) or text,
        footer=_text(footer.get("text")) or ("" if minutes is None else EXPIRY_TEXT.format(minutes=minutes)),
        buttons=[_otp_button(button) for button in _buttons(parts.get("BUTTONS"))],
        kind="authentication",
        add_security_recommendation=secure,
        code_expiration_minutes=minutes,
        unsupported=list(dict.fromkeys(_unsupported(entries))),
        raw=entries,
    )


def _otp_button(button: Button) -> Button:
    """The button as it was asked for, whether it is listed that way or as the link Meta made of it."""
    if button.type not in {OTP, URL}:
        return button
    asked = button.otp_type or "".join(parse_qs(urlsplit(button.url).query).get("otp_type", [])).upper()
    kind = asked if asked in OTP_BUTTON_TEXTS else COPY_CODE
    return Button(
        type=OTP,
        text=button.text or OTP_BUTTON_TEXTS[kind],
        url=button.url,
        otp_type=kind,
        autofill_text=button.autofill_text,
        supported_apps=button.supported_apps,
        raw=button.raw,
    )


def _unsupported(entries: Iterable[Any]) -> Iterator[str]:
    """The names of parts that cannot be shown or changed here."""
    seen: set[str] = set()
    for entry in entries:
        name = type_of(entry)
        if not is_understood(entry) or name in seen:
            form = _text(entry.get("format")).upper() if name == "HEADER" else ""
            yield f"{form} HEADER" if form else name or "UNKNOWN"
            continue
        seen.add(name)
        if name == "BUTTONS":
            yield from (f"{button.type or 'UNKNOWN'} button" for button in _buttons(entry) if not button.is_supported)
        elif name == "CAROUSEL":
            for card in entry["cards"]:
                yield from _unsupported(card["components"])


def _part_samples(prefix: str, entries: list[Any]) -> Iterator[tuple[str, str]]:
    parts = _by_type(entries)
    for part, place in (("HEADER", "header"), ("BODY", "body")):
        component = parts.get(part) or {}
        example = component.get("example")
        if isinstance(example, dict):
            yield from _text_samples(f"{prefix}{place}", _text(component.get("text")), f"{place}_text", example)
    for index, button in enumerate(_buttons(parts.get("BUTTONS"))):
        if button.type == COPY_CODE and button.code:
            yield f"{prefix}button.{index}:code", button.code
        names = variable_names(button.url) if button.type == URL else []
        if names and button.code:
            start = button.url.split("{{")[0]
            yield f"{prefix}button.{index}:{names[0]}", button.code.removeprefix(start)


def _text_samples(place: str, text: str, field: str, example: dict[str, Any]) -> Iterator[tuple[str, str]]:
    named = example.get(f"{field}_named_params")
    for entry in named if isinstance(named, list) else []:
        if isinstance(entry, dict) and _text(entry.get("param_name")):
            yield f"{place}:{entry['param_name']}", _text(entry.get("example"))
    listed = example.get(field)
    if isinstance(listed, list) and listed and isinstance(listed[0], list):
        listed = listed[0]  # of a body: a list of lists
    for name, sample in zip(variable_names(text), listed if isinstance(listed, list) else [], strict=False):
        yield f"{place}:{name}", _text(sample)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""

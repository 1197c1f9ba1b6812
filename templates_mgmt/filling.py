"""Templates with values put in: what is sent, and what is shown. Pure.

Replacement is by plain text and happens once: what a value contains is never looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import values as given_values
from .components import read
from .content import COPY_CODE, LOCATION, OTP, PHONE_NUMBER, QUICK_REPLY, TEXT, URL, VARIABLE, Button, Content, Header
from .content import variable_names as names_in
from .values import Unfillable, Value, complaints, is_file, position, resolve

__all__ = ["Filled", "Unfillable", "Value", "fill", "preview", "problems", "resolve", "values_from"]

# Parts nobody here can fill, which WhatsApp also takes without values.
SENT_WITHOUT_VALUES = frozenset({"FLOW button", "CATALOG button", "VOICE_CALL button"})
OF_A_FILE = ("file", "id", "link", "filename")


@dataclass(frozen=True, slots=True)
class Filled:
    """A template ready to go out."""

    components: list[dict[str, Any]]  # the provider's form: Outbound.content["components"]
    shown: dict[str, Any]  # header, body, footer, buttons, cards, for the thread
    text: str  # the body in plain words


def fill(components: Any, parameter_format: str, values: Mapping[str, Any], *, quick: bool = False) -> Filled:
    """Put values into a template. Raises Unfillable for the first value that is missing or would be refused.

    `components` is the stored list, or the `Content` read from it once for many recipients. A quick template goes out
    as an ordinary message, so its values may have several lines.
    """
    content = _content(components)
    for complaint in _unfillable(content, values, quick):
        raise complaint
    shown = preview(content, values)
    return Filled(_sent(content, parameter_format.lower() == "named", values), shown, shown["body"])


def problems(components: Any, values: Mapping[str, Any], *, quick: bool = False) -> list[Unfillable]:
    """Everything that keeps a template from being sent with these values, from top to bottom."""
    return _unfillable(_content(components), values, quick)


def values_from(
    components: Any,
    parameter_format: str,
    *,
    header: Sequence[Value] = (),
    body: Sequence[Value] = (),
    buttons: Sequence[Value] = (),
    named: Mapping[str, Value] | None = None,
    cards: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Value]:
    """Values in order, by name (of the variable, or the whole key) or per card, by the keys of their places.

    A card is `{"header": …, "body": […], "buttons": […]}`. Raises Unfillable when there are too many, too few, or
    one for a variable that the template does not have. `parameter_format` is not needed to tell them apart.
    """
    return given_values.values_from(
        _content(components), header=header, body=body, buttons=buttons, named=named, cards=cards
    )


def preview(content: Content, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the recipient sees. A variable without a value stands there as it is written."""
    return {
        **_shown("", content.header, content.body, content.buttons, values),
        "footer": content.footer,
        "cards": [
            _shown(f"card.{number}.", card.header, card.body, card.buttons, values)
            for number, card in enumerate(content.cards)
        ],
    }


def _content(components: Any) -> Content:
    return components if isinstance(components, Content) else read(components)


def _unfillable(content: Content, values: Mapping[str, Any], quick: bool) -> list[Unfillable]:
    beyond = [name for name in content.unsupported if name not in SENT_WITHOUT_VALUES]
    return [
        *(Unfillable("", name, "unsupported") for name in beyond),
        *complaints(content, values, quick=quick),
    ]


def _replaced(place: str, text: str, values: Mapping[str, Any]) -> str:
    def value(found: Any) -> str:
        said = values.get(f"{place}:{found[1]}")
        return said if isinstance(said, str) and said else found[0]

    return VARIABLE.sub(value, text)


def _file(value: Any) -> dict[str, Any]:
    said = {"link": value} if isinstance(value, str) else value
    return {name: said[name] for name in OF_A_FILE if said.get(name)}


def _shown(
    prefix: str, header: Header | None, body: str, buttons: list[Button], values: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "header": _shown_header(f"{prefix}header", header, values) if header else None,
        "body": _replaced(f"{prefix}body", body, values),
        "buttons": [_shown_button(f"{prefix}button.{index}", button, values) for index, button in enumerate(buttons)],
    }


def _shown_header(place: str, header: Header, values: Mapping[str, Any]) -> dict[str, Any]:
    if header.format == TEXT:
        return {"type": "text", "text": _replaced(place, header.text, values)}
    if header.format == LOCATION:
        return {"type": "location", "location": position(values.get(f"{place}:location")) or {}}
    value = values.get(f"{place}:media")
    return {"type": header.format.lower(), "media": _file(value) if is_file(value) else {}}


def _shown_button(place: str, button: Button, values: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": button.type.lower(), "text": button.text}
    if button.type == QUICK_REPLY and "card." in place:
        shown["payload"] = place
    elif button.type == URL:
        shown["url"] = _replaced(place, button.url, values)
    elif button.type == PHONE_NUMBER:
        shown["phone_number"] = button.phone_number
    elif button.type == COPY_CODE:
        shown |= {"text": button.text or "Copy offer code", "code": values.get(f"{place}:code") or button.code}
    elif button.type == OTP:
        shown["code"] = values.get("body:1") or ""
    return shown


def _sent(content: Content, is_named: bool, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    sent = _sent_message("", content.header, content.body, content.buttons, is_named, values)
    if content.cards:
        cards = [
            {
                "card_index": number,
                "components": _sent_message(f"card.{number}.", card.header, card.body, card.buttons, is_named, values),
            }
            for number, card in enumerate(content.cards)
        ]
        sent.append({"type": "carousel", "cards": cards})
    return sent


def _sent_message(
    prefix: str, header: Header | None, body: str, buttons: list[Button], is_named: bool, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Only parts that have values: Meta answers 132000 to any other."""
    sent = []
    if header and (parameters := _header_parameters(f"{prefix}header", header, is_named, values)):
        sent.append({"type": "header", "parameters": parameters})
    if parameters := _text_parameters(f"{prefix}body", body, is_named, values):
        sent.append({"type": "body", "parameters": parameters})
    for index, button in enumerate(buttons):
        if wanted := _button_parameter(f"{prefix}button.{index}", button, values):
            sub_type, parameter = wanted
            # The index is text in Meta's schema.
            sent.append({"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [parameter]})
    return sent


def _text_parameters(place: str, text: str, is_named: bool, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "text"} | ({"parameter_name": name} if is_named else {}) | {"text": values[f"{place}:{name}"]}
        for name in names_in(text)
    ]


def _header_parameters(place: str, header: Header, is_named: bool, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    if header.format == TEXT:
        return _text_parameters(place, header.text, is_named, values)
    if header.format == LOCATION:
        return [{"type": "location", "location": position(values[f"{place}:location"])}]
    form = header.format.lower()
    file = _file(values[f"{place}:media"])
    if form != "document":
        file.pop("filename", None)
    return [{"type": form, form: file}]


def _button_parameter(place: str, button: Button, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
    if button.type == OTP:
        return "url", {"type": "text", "text": values["body:1"]}
    if button.type == COPY_CODE:
        return "copy_code", {"type": "coupon_code", "coupon_code": values[f"{place}:code"]}
    if button.type == URL and (names := names_in(button.url)):
        return "url", {"type": "text", "text": values[f"{place}:{names[0]}"]}
    if button.type == QUICK_REPLY and "card." in place:
        # What comes back when it is tapped; cards mostly carry the same words.
        return "quick_reply", {"type": "payload", "payload": place}
    if button.type == "FLOW":
        # Meta's own default for a flow nobody follows up.
        return "flow", {"type": "action", "action": {"flow_token": "unused"}}
    return None

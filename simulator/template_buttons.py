"""Would a submitted template's buttons be taken in for review?

Limits: developers.facebook.com/documentation/business-messaging/whatsapp/templates/components#buttons (read 2026-09).
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from simulator.errors import TemplateError, missing_field, too_long

KINDS = (
    "QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "FLOW", "CATALOG", "MPM", "SPM", "VOICE_CALL",
)  # fmt: skip
CARD_KINDS = ("QUICK_REPLY", "URL", "PHONE_NUMBER")
MOST = {"URL": 2, "PHONE_NUMBER": 1, "COPY_CODE": 1, "FLOW": 1, "CATALOG": 1, "VOICE_CALL": 1}
IN_ALL, IN_A_CARD = 10, 2
TEXT, ADDRESS, NUMBER, CODE = 25, 2000, 20, 20
UNFIT = re.compile(r"[\n*_~`]|\{\{|[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")
VARIABLE = re.compile(r"\{\{[^{}]*\}\}")


def check_buttons(buttons: Any, *, named: bool, of_card: bool = False) -> None:
    """Check all buttons of a template or card. Raises TemplateError."""
    most = IN_A_CARD if of_card else IN_ALL
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= most:
        raise TemplateError("Invalid buttons", f"There must be between 1 and {most} buttons.")
    kinds = [_kind(button, CARD_KINDS if of_card else KINDS) for button in buttons]
    for kind, limit in MOST.items():
        if kinds.count(kind) > limit:
            raise TemplateError("Invalid buttons", f"There can be at most {limit} of type {kind}.")
    runs = [kind for kind, _ in groupby("reply" if kind == "QUICK_REPLY" else "action" for kind in kinds)]
    if len(runs) > 2:
        raise TemplateError("Invalid buttons", "Quick replies must stand together, before or after the other buttons.")
    for position, (kind, button) in enumerate(zip(kinds, buttons, strict=True)):
        _check(position, kind, button)


def _kind(button: Any, known: tuple[str, ...]) -> str:
    kind = str(button.get("type", "")) if isinstance(button, dict) else ""
    if kind not in known:
        raise TemplateError("Invalid buttons", f"A button's type must be one of {', '.join(known)}.")
    return kind


def _check(position: int, kind: str, button: dict[str, Any]) -> None:
    where = f"buttons[{position}]"
    if kind != "COPY_CODE":
        text = _field(button, "text", where, TEXT)
        if UNFIT.search(text):
            raise TemplateError(
                "Message Button Format Is Incorrect",
                f"{where}: the text can't have variables, new lines, emojis or formatting characters.",
                subcode=2388060,
            )
    if kind == "URL":
        _address(button, where)
    elif kind == "PHONE_NUMBER":
        number = _field(button, "phone_number", where, NUMBER)
        if not re.fullmatch(r"\+?[0-9][0-9 ()-]*", number):
            raise TemplateError("Invalid buttons", f"{where}: {number!r} is not a phone number.")
    elif kind == "COPY_CODE":
        example = button.get("example")
        code = example[0] if isinstance(example, list) and example else example
        if not isinstance(code, str) or not code:
            raise missing_field("example", "component of type BUTTONS")
        if len(code) > CODE:
            raise too_long(f"{where}['example']", len(code), CODE)


def _address(button: dict[str, Any], where: str) -> None:
    address = _field(button, "url", where, ADDRESS)
    if not address.startswith(("https://", "http://")):
        raise TemplateError("Invalid buttons", f"{where}: {address!r} is not a valid URL.")
    variables = VARIABLE.findall(address)
    if not variables:
        return
    if len(variables) > 1 or not address.endswith(variables[0]):
        raise TemplateError("Invalid buttons", f"{where}: a URL takes one variable, at its end.")
    example = button.get("example")
    if not isinstance(example, list) or not example or not example[0]:
        raise missing_field("example", "component of type BUTTONS")


def _field(button: dict[str, Any], name: str, where: str, limit: int) -> str:
    value = button.get(name)
    if not isinstance(value, str) or not value.strip():
        raise missing_field(name, "component of type BUTTONS")
    if len(value) > limit:
        raise too_long(f"{where}['{name}']", len(value), limit)
    return value

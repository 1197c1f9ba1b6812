"""Values of custom fields: what people type, what is stored, what is shown."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from .models import CustomField

Kind = CustomField.Kind
LONGEST_TEXT = 500
WORDS_FOR_YES = frozenset({"yes", "y", "true", "1", "on", "ja", "oui", "sí", "si", "sim", "نعم"})
WORDS_FOR_NO = frozenset({"no", "n", "false", "0", "off", "nein", "non", "não", "nao", "لا"})
DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫", "01234567890123456789.")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")


class NotAValue(ValueError):
    """What was typed does not fit the field; the text says what would."""


def read(kind: str, choices: Sequence[str], typed: str) -> str | int | float | bool | None:
    """What to store for something typed; None for nothing. Raises NotAValue.

    Text and choices are stored as strings, numbers as numbers, dates as "2026-11-21", yes or no as a boolean.
    """
    typed = " ".join(typed.replace("\x00", "").split()) if kind != Kind.TEXT else typed.replace("\x00", "").strip()
    if not typed:
        return None
    if kind == Kind.NUMBER:
        return _number(typed)
    if kind == Kind.DATE:
        return _date(typed)
    if kind == Kind.YES_NO:
        return _yes_no(typed)
    if kind == Kind.CHOICE:
        return _choice(typed, choices)
    if len(typed) > LONGEST_TEXT:
        raise NotAValue(f"This is longer than {LONGEST_TEXT} characters.")
    return typed


def _number(typed: str) -> int | float:
    plain = typed.translate(DIGITS).replace(" ", "").replace("٬", "")
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    if not NUMBER.fullmatch(plain) or len(plain) > 20:
        raise NotAValue("This is not a number. Write it like 1250 or 12.5.")
    number = float(plain)
    return int(plain) if re.fullmatch(r"[+-]?\d{1,15}", plain) else _whole(number)


def _whole(number: float) -> int | float:
    return int(number) if math.isfinite(number) and number.is_integer() and abs(number) < 1e15 else number


def _date(typed: str) -> str:
    plain = typed.translate(DIGITS)
    try:
        if found := DAY_FIRST.fullmatch(plain):
            day, month, year = map(int, found.groups())
            return date(year, month, day).isoformat()
        return date.fromisoformat(plain[:10] if re.fullmatch(r"\d{4}-\d\d-\d\d[T ].*", plain) else plain).isoformat()
    except ValueError:
        raise NotAValue("This is not a date. Write it like 2026-11-21.") from None


def _yes_no(typed: str) -> bool:
    folded = typed.casefold()
    if folded in WORDS_FOR_YES:
        return True
    if folded in WORDS_FOR_NO:
        return False
    raise NotAValue("This is neither yes nor no.")


def _choice(typed: str, choices: Sequence[str]) -> str:
    folded = typed.casefold()
    for choice in choices:
        if choice.casefold() == folded:
            return choice
    raise NotAValue(f"This is not one of: {', '.join(choices)}.")


def shown(kind: str, value: Any) -> str:
    """A stored value as people read it; '' for none."""
    if value is None or value == "":
        return ""
    if kind == Kind.YES_NO:
        return "Yes" if value is True else "No"
    if kind == Kind.DATE:
        try:
            at = date.fromisoformat(str(value))
        except ValueError:
            return str(value)
        return f"{at.day} {at:%b %Y}"
    return str(value)


def typed(kind: str, value: Any) -> str:
    """A stored value as the input of a form wants it."""
    if kind == Kind.YES_NO and isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)

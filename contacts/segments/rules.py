"""The rules of a segment: pure data, checked against a whitelist of fields, comparisons and values.

{"match": "all", "groups": [{"match": "any", "conditions": [{"field": "tag", "op": "has", "value": 12}]}]}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from .vocabulary import CONSENT_STATES, CUSTOM, IN_DAYS, OPS, WITHOUT_VALUE, Book

MATCHES = ("all", "any")
MOST_GROUPS = 10
MOST_CONDITIONS = 30  # altogether
LONGEST_TEXT = 200
MOST_DAYS = 3650


class BadRules(ValueError):
    """The rules cannot be understood; the text says what is wrong with which condition."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. `broken` says in words why it cannot be answered any more, '' when it can."""

    field: str
    op: str
    value: str | int | float | bool | None = None
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    match: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    match: str
    groups: tuple[Group, ...]

    @property
    def conditions(self) -> Iterable[Condition]:
        return (condition for group in self.groups for condition in group.conditions)

    @property
    def problems(self) -> list[str]:
        """Why these rules can match nobody until somebody repairs them."""
        return list(dict.fromkeys(condition.broken for condition in self.conditions if condition.broken))

    def as_json(self) -> dict[str, Any]:
        """The form that is stored."""
        return {
            "match": self.match,
            "groups": [
                {"match": group.match, "conditions": [_stored(condition) for condition in group.conditions]}
                for group in self.groups
            ],
        }


def _stored(condition: Condition) -> dict[str, Any]:
    made = {"field": condition.field, "op": condition.op}
    return made if condition.op in WITHOUT_VALUE else {**made, "value": condition.value}


def parse(raw: object, book: Book, *, stored: bool = False) -> Rules:
    """Rules from JSON or a form. Raises BadRules for anything outside the whitelist.

    With `stored`, a condition over a field, tag or channel that is gone comes back as broken instead, so that a saved
    segment can say so; its shape is checked all the same.
    """
    rules = _object(raw, "The rules")
    groups = _list(rules.get("groups"), "The groups")
    if len(groups) > MOST_GROUPS:
        raise BadRules(f"Use at most {MOST_GROUPS} groups.")
    made = tuple(_group(group, book, stored) for group in groups)
    total = sum(len(group.conditions) for group in made)
    if not total:
        raise BadRules("Add at least one condition.")
    if total > MOST_CONDITIONS:
        raise BadRules(f"Use at most {MOST_CONDITIONS} conditions.")
    return Rules(_match(rules), tuple(group for group in made if group.conditions))


def _group(raw: object, book: Book, stored: bool) -> Group:
    group = _object(raw, "A group")
    conditions = _list(group.get("conditions"), "The conditions")
    if len(conditions) > MOST_CONDITIONS:
        raise BadRules(f"Use at most {MOST_CONDITIONS} conditions.")
    return Group(_match(group), tuple(_condition(condition, book, stored) for condition in conditions))


def _condition(raw: object, book: Book, stored: bool) -> Condition:
    given = _object(raw, "A condition")
    name, op = str(given.get("field", "")), str(given.get("op", ""))
    kind = book.kind_of(name)
    if not kind:
        missing = _missing_field(name, book)
        if not stored:
            raise BadRules(missing)
        return Condition(name[:60], op[:20], _plain(given.get("value")), missing)
    if op not in OPS[kind]:
        raise BadRules(f"{book.label_of(name)} cannot be compared with “{op[:20]}”.")
    if op in WITHOUT_VALUE:
        return Condition(name, op)
    try:
        return Condition(name, op, _value(name, kind, op, given.get("value"), book))
    except _Gone as gone:
        if not stored:
            raise BadRules(str(gone)) from None
        return Condition(name, op, _plain(given.get("value")), str(gone))


def _missing_field(name: str, book: Book) -> str:
    key = name.removeprefix(CUSTOM)
    if key in book.archived:
        return f"The field “{book.archived[key]}” is archived."
    return f"The field “{key[:60]}” does not exist any more." if name else "Choose a field for every condition."


class _Gone(Exception):
    """A value names something that was deleted."""


def _value(name: str, kind: str, op: str, given: object, book: Book) -> str | int | float | bool:
    label = book.label_of(name)
    if op in IN_DAYS:
        return _whole(given, label, 0 if op in ("past_days", "next_days") else 1, MOST_DAYS)
    if kind in ("date", "moment", "maybe_moment"):
        return _day(given, label)
    if kind == "tag":
        number = _whole(given, label, 0, 2**31 - 1)
        if number not in book.tags:
            raise _Gone("A tag in these rules was deleted.")
        return number
    if kind == "number":
        return _number(given, label)
    if kind in ("yes_no", "state"):
        return _yes_no(given, label)
    text = _text(given, label)
    if kind == "channel" and text not in book.channels:
        raise _Gone("A kind of channel in these rules does not exist any more.")
    if kind == "broadcast" and text not in book.broadcasts:
        raise _Gone("A broadcast in these rules does not exist any more.")
    if kind == "consent" and text not in CONSENT_STATES:
        raise BadRules(f"{label}: choose one of the states.")
    if kind == "choice" and text not in book.choices_of(name):
        raise _Gone(f"The choice “{text[:80]}” of the field “{label}” does not exist any more.")
    return text


def _text(given: object, label: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise BadRules(f"{label}: write what to compare with.")
    if len(given) > LONGEST_TEXT or "\x00" in given:
        raise BadRules(f"{label}: write at most {LONGEST_TEXT} characters.")
    return given.strip()


def _whole(given: object, label: str, least: int, most: int) -> int:
    if isinstance(given, str) and re.fullmatch(r"\s*\d{1,10}\s*", given):
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        what = f"write a whole number from {least} to {most:,}" if most <= MOST_DAYS else "choose one"
        raise BadRules(f"{label}: {what}.")
    return given


def _number(given: object, label: str) -> int | float:
    if isinstance(given, str) and re.fullmatch(r"\s*[+-]?\d{1,15}(\.\d{1,9})?\s*", given):
        given = float(given) if "." in given else int(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or not abs(given) < 1e16:
        raise BadRules(f"{label}: write a number.")
    return given


def _day(given: object, label: str) -> str:
    try:
        return date.fromisoformat(given.strip() if isinstance(given, str) else "").isoformat()
    except ValueError:
        raise BadRules(f"{label}: write a date like 2026-11-21.") from None


def _yes_no(given: object, label: str) -> bool:
    if given in (True, "yes"):
        return True
    if given in (False, "no"):
        return False
    raise BadRules(f"{label}: choose yes or no.")


def _object(raw: object, what: str) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise BadRules(f"{what} cannot be read.")
    return raw


def _list(raw: object, what: str) -> list[Any]:
    if not isinstance(raw, list):
        raise BadRules(f"{what} cannot be read.")
    return raw


def _match(raw: Mapping[str, Any]) -> str:
    match = raw.get("match", "all")
    if match not in MATCHES:
        raise BadRules("Choose whether all or any of the conditions must hold.")
    return str(match)


def _plain(value: object) -> str | int | float | bool | None:
    return value if isinstance(value, str | int | float | bool) else None

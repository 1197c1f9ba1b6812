"""The rules of a segment as a form shows them, as a form sends them back, and as a sentence."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from workspaces.places import countries, time_zones

from . import languages
from .segments.rules import MOST_CONDITIONS, MOST_GROUPS, Condition, Rules
from .segments.vocabulary import BUILT_IN, CONSENT_STATES, CUSTOM, IN_DAYS, OPS, WITHOUT_VALUE, Book

FIRST_FIELD = "tag"
MOST_BROADCASTS = 200  # offered, the newest; an older one that is chosen already stays
CODES: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "language": languages.choices,
    "country": countries,
    "time_zone": time_zones,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One condition in the form. `input` says what its value is typed into: none, text, number, date or select."""

    id: str
    group: str
    field: str
    op: str
    value: str
    fields: list[tuple[str, list[tuple[str, str]]]]
    ops: list[tuple[str, str]]
    input: str
    choices: list[tuple[str, str]]
    label: str
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """One group in the form."""

    id: str
    match: str
    rows: list[Row] = field(default_factory=list)


def fresh_id() -> str:
    """A name for a row that no other row of the form has."""
    return str(secrets.randbelow(10**9))


def boxes_of(rules: Rules, book: Book) -> list[Box]:
    """Saved rules as a form."""
    made = []
    for group in rules.groups:
        name = fresh_id()
        made.append(Box(name, group.match, [row(book, name, condition=each) for each in group.conditions]))
    return made


def first_boxes(book: Book) -> list[Box]:
    """A form to begin with: one group of one condition."""
    name = fresh_id()
    return [Box(name, "all", [row(book, name)])]


def row(book: Book, group: str, *, id: str = "", condition: Condition | None = None) -> Row:
    """One condition as a form shows it; a comparison that the field does not know becomes its first."""
    condition = condition or Condition(FIRST_FIELD, "has")
    kind = book.kind_of(condition.field)
    ops = OPS.get(kind, {condition.op: "cannot be compared"})
    op = condition.op if condition.op in ops else next(iter(ops))
    choices = _choices(book, condition.field, kind, op)
    shown = "" if condition.value is None else _typed(condition.value)
    if choices and shown and shown not in dict(choices):
        choices = [(shown, _name_of(book, kind, shown)), *choices]
    return Row(
        id=id or fresh_id(),
        group=group,
        field=condition.field,
        op=op,
        value=shown,
        fields=_fields(book, condition.field),
        ops=list(ops.items()),
        input=_input(kind, op, choices),
        choices=choices,
        label=book.label_of(condition.field),
        broken=condition.broken,
    )


def _typed(value: str | int | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _name_of(book: Book, kind: str, value: str) -> str:
    """A value that is chosen and not offered."""
    return "Deleted" if kind == "tag" else book.broadcasts.get(value, "Deleted") if kind == "broadcast" else value


def _fields(book: Book, present: str) -> list[tuple[str, list[tuple[str, str]]]]:
    built_in = [(name, label) for name, (label, _) in BUILT_IN.items()]
    custom = [(f"{CUSTOM}{key}", label) for key, (label, _, _) in book.fields.items()]
    groups = [("Every contact", built_in)] + ([("Custom fields", custom)] if custom else [])
    if present and not book.kind_of(present):
        groups.append(("Not in use any more", [(present, book.label_of(present))]))
    return groups


def _choices(book: Book, name: str, kind: str, op: str) -> list[tuple[str, str]]:
    if op in WITHOUT_VALUE:
        return []
    if kind == "tag":
        return sorted(((str(pk), label) for pk, label in book.tags.items()), key=lambda tag: tag[1].casefold())
    if kind == "channel":
        return list(book.channels.items())
    if kind == "consent":
        return list(CONSENT_STATES.items())
    if kind == "broadcast":
        return list(book.broadcasts.items())[:MOST_BROADCASTS]
    if kind in ("yes_no", "state"):
        return [("yes", "yes"), ("no", "no")]
    if kind == "choice":
        return [(word, word) for word in book.choices_of(name)]
    return list(CODES[name]()) if name in CODES else []


def _input(kind: str, op: str, choices: list[tuple[str, str]]) -> str:
    if op in WITHOUT_VALUE or not kind:
        return "none"
    if op in IN_DAYS:
        return "days"
    if choices or kind in ("tag", "choice", "broadcast"):
        return "select"
    if kind in ("date", "moment", "maybe_moment"):
        return "date"
    return "number" if kind == "number" else "text"


def read(form: QueryDict | Mapping[str, Any]) -> dict[str, Any]:
    """What a form sent, in the shape that `segments.parse` checks."""
    given: Any = form
    groups = [_id(each) for each in given.getlist("group")[: MOST_GROUPS + 1]]
    rows = [_id(each) for each in given.getlist("row")[: MOST_CONDITIONS + 1]]
    return {
        "match": given.get("match", "all"),
        "groups": [
            {
                "match": given.get(f"g-{group}-match", "all"),
                "conditions": [_condition(given, each) for each in rows if given.get(f"r-{each}-group") == group],
            }
            for group in groups
        ],
    }


def _condition(given: Any, name: str) -> dict[str, Any]:
    return {part: given.get(f"r-{name}-{part}", "") for part in ("field", "op", "value")}


def _id(written: str) -> str:
    return written[:12] if written.isdecimal() else "0"


def boxes_again(form: Any, book: Book) -> list[Box]:
    """A form as it was sent, understood or not."""
    made = []
    for group in map(_id, form.getlist("group")[:MOST_GROUPS]):
        box = Box(group, form.get(f"g-{group}-match", "all"))
        for name in map(_id, form.getlist("row")[:MOST_CONDITIONS]):
            if form.get(f"r-{name}-group") == group:
                box.rows.append(row_again(form, book, name, group))
        made.append(box)
    return made


def row_again(form: Any, book: Book, name: str, group: str) -> Row:
    """One row as it was sent, with the comparisons and choices of the field it names now."""
    sent = _condition(form, name)
    kind = book.kind_of(sent["field"])
    value = sent["value"][:200]
    if kind and sent["op"] not in OPS[kind]:
        value = ""  # another field was chosen: what was compared with the old one means nothing here
    return row(book, group, id=name, condition=Condition(sent["field"][:60], sent["op"][:20], value))


def in_words(rules: Rules, book: Book) -> str:
    """Rules as one line for a list."""
    joined = {"all": " and ", "any": " or "}
    groups = []
    for group in rules.groups:
        words = joined[group.match].join(_in_words(condition, book) for condition in group.conditions)
        groups.append(f"({words})" if len(rules.groups) > 1 and len(group.conditions) > 1 else words)
    return joined[rules.match].join(groups)


def _in_words(condition: Condition, book: Book) -> str:
    label, kind = book.label_of(condition.field), book.kind_of(condition.field)
    words = OPS[kind][condition.op] if kind else "cannot be answered"
    if condition.op in WITHOUT_VALUE or not kind:
        return f"{label} {words}"
    shown = "" if condition.value is None else _typed(condition.value)
    shown = dict(_choices(book, condition.field, kind, condition.op)).get(shown, shown)
    if kind == "tag":
        return f"{'has' if condition.op == 'has' else 'has not'} the tag {shown}"
    if kind == "broadcast":
        return f"{words} “{book.broadcasts.get(shown, shown)}”"
    if condition.op in IN_DAYS:
        return f"{label} {words.removesuffix(' days:')} {shown} days"
    return f"{label} {words} {shown}"

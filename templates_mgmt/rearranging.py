"""The editor's buttons that add, remove and move parts: a draft in, a draft out. Pure.

A variable is known by its place, and a part that moves takes its variables along.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .content import VARIABLE, Button, Card, Header, variable_names
from .typed import CARD_BUTTONS, EDITABLE_BUTTONS, FEWEST_CARDS, MOST_BUTTONS, MOST_CARDS, Draft

OF_BUTTON = re.compile(r"^button\.(\d+)(:.+)$")
OF_CARD = re.compile(r"^card\.(\d+)(\..+)$")
OF_CARD_BUTTON = re.compile(r"^(card\.\d+\.)button\.(\d+)(:.+)$")
STARTING_LINK = "https://"


def rearranged(draft: Draft, act: str) -> Draft:
    """The draft after one of the editor's buttons, named like "button-up:2". What makes no sense changes nothing."""
    verb, _, what = act.partition(":")
    change = ACTS.get(verb)
    return change(draft, what) if change else draft


def _at(what: str, length: int) -> int | None:
    return int(what) if what.isdecimal() and len(what) < 4 and int(what) < length else None


def _renamed(variables: dict[str, Any], rename: Callable[[str], str | None]) -> dict[str, Any]:
    """Variables under the keys that `rename` gives; None drops one."""
    return {new: value for key, value in variables.items() if (new := rename(key)) is not None}


def _order(length: int, at: int, by: int) -> list[int]:
    """The old positions in their new order, with one moved by `by`; `by` 0 removes it."""
    order = list(range(length))
    if by == 0:
        del order[at]
    elif 0 <= at + by < length:
        order[at], order[at + by] = order[at + by], order[at]
    return order


def _follow(pattern: re.Pattern[str], order: list[int], part: str) -> Callable[[str], str | None]:
    def rename(key: str) -> str | None:
        found = pattern.match(key)
        if not found:
            return key
        *before, number, rest = found.groups()
        if int(number) not in order:
            return None
        return f"{''.join(before)}{part}.{order.index(int(number))}{rest}"

    return rename


# --- the buttons under a message -------------------------------------------------------------------------------------


def _new_button(kind: str) -> Button:
    return Button(kind, url=STARTING_LINK if kind == "URL" else "")


def _add_button(draft: Draft, kind: str) -> Draft:
    if kind not in EDITABLE_BUTTONS or len(draft.content.buttons) >= MOST_BUTTONS:
        return draft
    return replace(draft, content=replace(draft.content, buttons=[*draft.content.buttons, _new_button(kind)]))


def _move_button(by: int) -> Callable[[Draft, str], Draft]:
    def move(draft: Draft, what: str) -> Draft:
        buttons = draft.content.buttons
        if (at := _at(what, len(buttons))) is None:
            return draft
        order = _order(len(buttons), at, by)
        content = replace(draft.content, buttons=[buttons[old] for old in order])
        variables = _renamed(draft.variables, _follow(OF_BUTTON, order, "button"))
        return replace(draft, content=content, variables=variables)

    return move


# --- cards -----------------------------------------------------------------------------------------------------------


def lost_to_cards(draft: Draft, act: str) -> str:
    """What the act "layout:carousel" would take away, in words, or '': a carousel has none of its own."""
    content = draft.content
    if act != "layout:carousel" or content.kind != "standard":
        return ""
    parts = {"the header": content.header, "the footer": content.footer, "the buttons": content.buttons}
    return " and ".join(words for words, part in parts.items() if part)


def _lay_out(draft: Draft, layout: str) -> Draft:
    content = draft.content
    if layout in {"carousel", "carousel-anyway"} and content.kind == "standard":
        cards = [Card(Header("IMAGE"), buttons=[_new_button("QUICK_REPLY")]) for _ in range(FEWEST_CARDS)]
        made = replace(content, kind="carousel", header=None, footer="", buttons=[], cards=cards)
    elif layout == "standard" and content.kind == "carousel":
        made = replace(content, kind="standard", cards=[])
    else:
        return draft
    return replace(draft, content=made)


def _with_cards(draft: Draft, cards: list[Card], **more: Any) -> Draft:
    return replace(draft, content=replace(draft.content, cards=cards), **more)


def _add_card(draft: Draft, _: str) -> Draft:
    cards = draft.content.cards
    if not cards or len(cards) >= MOST_CARDS:
        return draft
    like = cards[-1]
    return _with_cards(draft, [*cards, Card(like.header, buttons=[_new_button(each.type) for each in like.buttons])])


def _move_card(by: int) -> Callable[[Draft, str], Draft]:
    def move(draft: Draft, what: str) -> Draft:
        cards = draft.content.cards
        at = _at(what, len(cards))
        if at is None or (by == 0 and len(cards) <= FEWEST_CARDS):
            return draft
        order = _order(len(cards), at, by)
        variables = _renamed(draft.variables, _follow(OF_CARD, order, "card"))
        return _with_cards(draft, [cards[old] for old in order], variables=variables)

    return move


def _add_card_button(draft: Draft, kind: str) -> Draft:
    cards = draft.content.cards
    if kind not in CARD_BUTTONS or any(len(card.buttons) >= MOST_BUTTONS for card in cards):
        return draft
    return _with_cards(draft, [replace(card, buttons=[*card.buttons, _new_button(kind)]) for card in cards])


def _remove_card_button(draft: Draft, what: str) -> Draft:
    cards = draft.content.cards
    longest = max((len(card.buttons) for card in cards), default=0)
    if (at := _at(what, longest)) is None:
        return draft
    order = _order(longest, at, 0)
    kept = [[button for number, button in enumerate(card.buttons) if number != at] for card in cards]
    cards = [replace(card, buttons=buttons) for card, buttons in zip(cards, kept, strict=True)]
    return _with_cards(draft, cards, variables=_renamed(draft.variables, _follow(OF_CARD_BUTTON, order, "button")))


# --- variables -------------------------------------------------------------------------------------------------------


def next_variable(text: str, parameter_format: str) -> str:
    """The variable that an "insert" button adds to a text: the next number, or a name to be changed."""
    known = variable_names(text)
    if parameter_format != "named":
        return f"{{{{{max([int(name) for name in known if name.isdigit()], default=0) + 1}}}}}"
    names = (f"value_{number}" for number in range(1, 1000))
    return f"{{{{{next(name for name in ['name', *names] if name not in known)}}}}}"


def _insert(draft: Draft, place: str) -> Draft:
    content = draft.content
    if place == "body":
        return replace(draft, content=replace(content, body=_extended(content.body, draft.parameter_format)))
    if place == "header" and content.header is not None and content.header.format == "TEXT":
        header = replace(content.header, text=_extended(content.header.text, draft.parameter_format))
        return replace(draft, content=replace(content, header=header))
    return draft


def _extended(text: str, parameter_format: str) -> str:
    space = " " if text and not text[-1].isspace() else ""
    return f"{text}{space}{next_variable(text, parameter_format)}"


def _renumber(draft: Draft, parameter_format: str) -> Draft:
    """The other way to write variables: each name becomes a number or the other way round, with what is known of it."""
    if parameter_format not in {"positional", "named"}:
        return draft
    content, renames = draft.content, {}

    def rewritten(place: str, text: str) -> str:
        names = variable_names(text)
        wanted = {}
        for number, name in enumerate(names, 1):
            if parameter_format == "positional":
                wanted[name] = str(number)
            else:
                wanted[name] = name if not name.isdigit() else f"value_{name}"
        renames.update({f"{place}:{name}": f"{place}:{new}" for name, new in wanted.items()})
        return VARIABLE.sub(lambda found: f"{{{{{wanted[found[1]]}}}}}", text)

    header = content.header and replace(content.header, text=rewritten("header", content.header.text))
    cards = [replace(card, body=rewritten(f"card.{at}.body", card.body)) for at, card in enumerate(content.cards)]
    content = replace(content, header=header, body=rewritten("body", content.body), cards=cards)
    variables = _renamed(draft.variables, lambda key: renames.get(key, key))
    return replace(draft, content=content, variables=variables, parameter_format=parameter_format)


ACTS: dict[str, Callable[[Draft, str], Draft]] = {
    "button-add": _add_button,
    "button-up": _move_button(-1),
    "button-down": _move_button(1),
    "button-remove": _move_button(0),
    "layout": _lay_out,
    "card-add": _add_card,
    "card-up": _move_card(-1),
    "card-down": _move_card(1),
    "card-remove": _move_card(0),
    "card-button-add": _add_card_button,
    "card-button-remove": _remove_card_button,
    "insert": _insert,
    "format": _renumber,
}

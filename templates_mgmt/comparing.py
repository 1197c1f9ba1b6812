"""What changed between two texts of a template, part by part and word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

from .components import read
from .content import Button, Card, Content, Header

# Words, runs of spaces and single marks: a variable such as {{1}} stays in one piece.
PIECES = re.compile(r"\{\{[^{}\n]{1,100}\}\}|\w+|\s+|[^\w\s]")

BUTTON_WORDS = {
    "QUICK_REPLY": "Quick reply",
    "URL": "Link",
    "PHONE_NUMBER": "Call",
    "COPY_CODE": "Copy code",
    "OTP": "One-time code",
}
HEADER_WORDS = {"IMAGE": "Picture", "VIDEO": "Video", "DOCUMENT": "Document", "LOCATION": "Location"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: the same on both sides, or only on its own."""

    mark: Literal["same", "removed", "added"]
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that is not the same. A part that is new has no `before`, one that is gone no `after`."""

    label: str  # "Body", "Button 2", "Card 1 text"
    before: list[Piece]
    after: list[Piece]

    def __iter__(self) -> Iterator[Any]:
        yield from (self.label, self.before, self.after)


def differences(old: Any, new: Any, *, old_category: str = "", new_category: str = "") -> list[Difference]:
    """The parts in which two texts differ, from top to bottom, those that are gone last.

    A text is a list of components, or the `Content` read from one.
    """
    before = _parts(old) | ({"Category": old_category.capitalize()} if old_category else {})
    after = _parts(new) | ({"Category": new_category.capitalize()} if new_category else {})
    labels = [*after, *(label for label in before if label not in after)]
    return [
        Difference(label, *marked(before.get(label, ""), after.get(label, "")))
        for label in labels
        if before.get(label, "") != after.get(label, "")
    ]


def marked(before: str, after: str) -> tuple[list[Piece], list[Piece]]:
    """Two texts cut into what they share and what only one has. Each side joined gives its text back."""
    old, new = PIECES.findall(before), PIECES.findall(after)
    left: list[Piece] = []
    right: list[Piece] = []
    # Without autojunk: in a long text it would take the most frequent words for noise.
    for verb, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if a < b:
            left.append(Piece("same" if verb == "equal" else "removed", "".join(old[a:b])))
        if c < d:
            right.append(Piece("same" if verb == "equal" else "added", "".join(new[c:d])))
    return left, right


def _parts(text: Any) -> dict[str, str]:
    """Every part under its name, as one text each."""
    content = text if isinstance(text, Content) else read(text)
    parts = _message("", content.header, content.body, content.buttons)
    if content.footer:
        parts["Footer"] = content.footer
    if content.kind == "authentication":
        parts["Security advice"] = "Yes" if content.add_security_recommendation else "No"
    for number, card in enumerate(content.cards, start=1):
        parts |= _card(number, card)
    for number, name in enumerate(content.unsupported, start=1):
        parts[f"Part not shown here {number}"] = name.replace("_", " ").lower()
    return parts


def _card(number: int, card: Card) -> dict[str, str]:
    return _message(f"Card {number} ", card.header, card.body, card.buttons)


def _message(said: str, header: Header | None, body: str, buttons: list[Button]) -> dict[str, str]:
    parts: dict[str, str] = {}
    if header is not None:
        parts[_sentence(f"{said}header")] = HEADER_WORDS.get(header.format, header.text)
    if body:
        parts[_sentence(f"{said}body")] = body
    for number, button in enumerate(buttons, start=1):
        parts[_sentence(f"{said}button {number}")] = _button(button)
    return parts


def _button(button: Button) -> str:
    kind = BUTTON_WORDS.get(button.type, button.type.replace("_", " ").capitalize())
    details = [button.text, button.url if button.type != "OTP" else "", button.phone_number]
    details += [button.otp_type.replace("_", " ").lower(), button.autofill_text]
    details += [str(app.get("package_name") or "") for app in button.supported_apps]
    return ": ".join([kind, " · ".join(detail for detail in details if detail)]).removesuffix(": ")


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]

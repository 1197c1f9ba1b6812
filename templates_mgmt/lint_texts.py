"""What can be wrong with a text that has variables. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .content import URL, VARIABLE, Content, variable_names
from .lint_rules import VARIABLE_NAME

PUNCTUATION = re.compile(r"[\W_]+")
WORD = re.compile(r"[^\W_]+")
# Scripts written without spaces: about two characters to a word.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
BRACES = re.compile(r"\{\{[^{}]{0,40}\}{0,2}|\}\}")
SINGLE_BRACES = re.compile(r"\{\s?\w{1,30}\s?\}")


@dataclass(frozen=True, slots=True)
class Complaint:
    """A rule that is broken, where, and the figures of its sentence."""

    code: str
    place: str
    figures: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, code: str, place: str, **figures: Any) -> Complaint:
        return cls(code, place, tuple(figures.items()))


def braced(name: str) -> str:
    """A variable as it is written."""
    return f"{{{{{name}}}}}"


def plain(text: str) -> str:
    """A text without its variables."""
    return VARIABLE.sub(" ", text)


def text_complaints(place: str, where: str, text: str) -> Iterator[Complaint]:
    """Where the variables of a text stand, and how many there are."""
    yield from _edges(place, where, text)
    found = list(VARIABLE.finditer(text))
    for one, other in pairwise(found):
        if not text[one.end() : other.start()].strip():
            yield Complaint.of("adjacent", place, first=one[0], second=other[0])
    yield from _ratio(place, where, text, len(found))
    if re.search(r"\n[ \t]*\n[ \t]*\n", text):
        yield Complaint.of("blank_lines", place, where=where)


def _edges(place: str, where: str, text: str) -> Iterator[Complaint]:
    spaced = VARIABLE.sub("\0", text.strip())
    for edge, at, around in (("start", 0, spaced.partition("\0")[0]), ("end", -1, spaced.rpartition("\0")[2])):
        if "\0" not in spaced:
            return
        if spaced[at] == "\0":
            yield Complaint.of("edges", place, where=where, edge=edge)
        elif PUNCTUATION.fullmatch(around):
            yield Complaint.of("edges_punctuation", place, where=where, edge=edge)


def _ratio(place: str, where: str, text: str, count: int) -> Iterator[Complaint]:
    """Meta's 2388293 names no number; twice as many words as variables and one more always passed."""
    words = word_count(plain(text))
    if count > words:
        yield Complaint.of("variables_outnumber", place, where=where, count=count, words=words)
    elif count and words < 2 * count + 1:
        yield Complaint.of("variables_ratio", place, where=where, count=count, words=words, wanted=2 * count + 1)


def word_count(text: str) -> int:
    """How many words a text has, in scripts without spaces too."""
    unspaced = len(UNSPACED.findall(text))
    return len(WORD.findall(UNSPACED.sub(" ", text))) + (unspaced + 1) // 2


def variable_complaints(content: Content, is_named: bool) -> Iterator[Complaint]:
    """Names, numbers and braces of all variables. Each text counts its numbers for itself."""
    texts = list(_texts(content))
    names = [(place, name) for place, text in texts for name in variable_names(text) if "button." not in place]
    if {name.isdigit() for _, name in names} == {True, False}:
        yield Complaint.of("mixed", names[0][0])
    for place, text in texts:
        yield from _naming(place, variable_names(text), is_named)
        yield from brace_complaints(place, text)
        for found in VARIABLE.finditer(text):
            if " " in found[0]:
                yield Complaint.of("variable_spaces", place, wanted=braced(found[1]))


def _naming(place: str, names: list[str], is_named: bool) -> Iterator[Complaint]:
    for at, name in enumerate(names, start=1):
        variable = braced(name)
        if not name.isdigit() and not VARIABLE_NAME.fullmatch(name):
            yield Complaint.of("variable_name", place, variable=variable)
        if "button." in place:
            continue  # a link's one variable has its own form
        if is_named and name.isdigit():
            yield Complaint.of("named_format", place, variable=variable)
        elif not is_named and not name.isdigit():
            yield Complaint.of("numbered_format", place, variable=variable)
        elif name.isdigit() and int(name) != at:
            yield Complaint.of("gap", place, variable=variable)
            return


def brace_complaints(place: str, text: str, code: str = "braces") -> Iterator[Complaint]:
    """Braces that make no variable. In a quick template they are merely odd."""
    left = plain(text)
    for found in BRACES.finditer(left):
        yield Complaint.of(code, place, text=found[0].strip())
    if code == "braces" and (single := SINGLE_BRACES.search(BRACES.sub(" ", left))):
        yield Complaint.of("braces_single", place, text=single[0])


def _texts(content: Content) -> Iterator[tuple[str, str]]:
    """Every text that may have variables, with its place."""
    parts = [("", content.header, content.body, content.buttons)]
    parts += [(f"card.{number}.", card.header, card.body, card.buttons) for number, card in enumerate(content.cards)]
    for prefix, header, body, buttons in parts:
        if header:
            yield f"{prefix}header", header.text
        yield f"{prefix}body", body
        yield from ((f"{prefix}button.{at}", button.url) for at, button in enumerate(buttons) if button.type == URL)

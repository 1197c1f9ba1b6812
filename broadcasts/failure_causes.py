"""Why people did not get a message, in plain words with what to do: provider's codes and our own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.registry import adapter

from .reasons import LEFT_OUT, SKIPPED

# What ended here without an answer of the provider's.
OURS = {
    "": ("No reason was given.", ""),
    "outcome_unknown": (
        "The provider never said whether it took the message.",
        "Ask the person before sending it again: it may have arrived.",
    ),
    "expired": ("It waited for more than a day.", "Send it to them again if it is still of use."),
    "erased": ("The person was erased before their turn came.", ""),
    "credits": ("There were no credits left.", "Top up, then make a new draft for those who failed."),
}
SKIPPED_HINTS = {
    "opted_out": "Nothing to do: nobody who stopped marketing is written to.",
    "no_consent": "Nothing to do: marketing needs their consent.",
    "blocked": "Unblock them first if that was a mistake.",
    "no_window": "Use a template, which needs no open window.",
    "unfilled": "Give the variable a fallback, then make a new draft for them.",
}
LEFT_OUT_HINTS = {
    "no_address": "Add a number to these people.",
    "no_consent": "Record their consent if they gave it.",
    "recent": "They can be written to once the time you chose has passed.",
    "no_window": "Use a template, which needs no open window.",
}


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause and how many people it concerns."""

    code: str  # as rows and filters name it
    text: str
    action: str
    count: int
    number: str = ""  # the provider's own, for whoever asks them about it
    passing: bool = False  # trying again later may help


def failed(channel_kind: str, counts: Mapping[str, int]) -> list[Cause]:
    """Failures by cause, the most frequent first."""
    return _sorted([_failed(channel_kind, code, count) for code, count in counts.items()])


def skipped(counts: Mapping[str, int]) -> list[Cause]:
    """Those whose turn came too late for them, by cause."""
    return _sorted([_ours(code, count, SKIPPED, SKIPPED_HINTS) for code, count in counts.items()])


def left_out(counts: Mapping[str, int]) -> list[Cause]:
    """Those the audience's rules left out, by rule."""
    return _sorted([_ours(code, count, LEFT_OUT, LEFT_OUT_HINTS) for code, count in counts.items()])


def in_words(stage: str, code: str, channel_kind: str) -> Cause:
    """One recipient's cause; `stage` is failed, skipped or left_out."""
    if stage == "failed":
        return _failed(channel_kind, code, 1)
    return (skipped if stage == "skipped" else left_out)({code: 1})[0]


def _failed(channel_kind: str, code: str, count: int) -> Cause:
    if code in OURS:
        return Cause(code, *OURS[code], count=count, passing=code in ("expired", "credits"))
    said = adapter(channel_kind).explain(code)
    return Cause(code, said.text, said.action, count, code if code.isdigit() else "", said.retry)


def _ours(code: str, count: int, words: Mapping[str, str], hints: Mapping[str, str]) -> Cause:
    return Cause(code, f"{words.get(code, code or 'No reason was given')}.", hints.get(code, ""), count)


def _sorted(causes: list[Cause]) -> list[Cause]:
    return sorted(causes, key=lambda cause: (-cause.count, cause.code))

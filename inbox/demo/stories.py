"""The words in which demo conversations are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MINUTE, HOUR, DAY = 1, 60, 24 * 60  # all ages are in minutes before now


@dataclass(frozen=True, slots=True)
class Line:
    """One message. `by` is the key of a member, empty for the customer."""

    ago: int
    kind: str
    text: str = ""
    by: str = ""
    content: dict[str, Any] = field(default_factory=dict)
    status: str = "read"  # of our own messages
    error: str = ""
    reactions: dict[str, str] = field(default_factory=dict)
    file: str = ""  # what inbox.demo.files should make
    template: str = ""  # name:language of a demo template, filled with `values`
    values: dict[str, str] = field(default_factory=dict)
    taps: str = ""  # the button of the last template that the customer tapped


@dataclass(frozen=True, slots=True)
class Story:
    name: str
    number: str
    lines: list[Line]
    assigned: str = ""
    unread: int = 0
    resolved: bool = False
    user_id: str = ""
    username: str = ""
    always_open: bool = False  # scripts find its reply window open on any later day too


@dataclass(frozen=True, slots=True)
class Person:
    key: str
    name: str
    email: str
    role: str


@dataclass(frozen=True, slots=True)
class Team:
    slug: str
    name: str
    country: str
    time_zone: str
    people: list[Person]
    channel_name: str
    verified_name: str
    phone_number_id: str
    waba_id: str
    number: str
    stories: list[Story]


def customer(ago: int, text: str, kind: str = "text", **more: Any) -> Line:
    return Line(ago, kind, text, **more)


def taps(ago: int, button: str) -> Line:
    """The customer taps a button of the template before."""
    content = {"reply": {"id": button, "title": button, "source": "template"}}
    return Line(ago, "button_reply", button, content=content, taps=button)


def sends(by: str, ago: int, template: str, *, status: str = "read", **values: str) -> Line:
    """A member sends a template; values by place, with "_" for the colon and the dots."""
    return Line(ago, "template", by=by, template=template, status=status, values=values)


def team(by: str, ago: int, text: str, kind: str = "text", **more: Any) -> Line:
    return Line(ago, kind, text, by=by, **more)

"""Where in a webhook a reader stands: which number and account it is about, and who the people in it are."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from providers.whatsapp_cloud.reading import digits, ident, moment, rows, table, user_id, words


class Unreadable(ValueError):
    """An element lacks what it cannot do without. The text is the reason shown to administrators."""


class Person(NamedTuple):
    """One entry of `contacts`."""

    address: str | None
    user_id: str | None
    name: str | None
    username: str | None


NOBODY = Person(None, None, None, None)


@dataclass(slots=True)
class Place:
    """The surroundings of the elements of one change."""

    pointer: str  # entry/0/changes/0
    name: str  # of the change: messages, account_update ...
    value: dict[str, Any]
    channel_ref: str | None
    account_ref: str | None
    own_number: str | None
    at: datetime | None  # entry.time, which only account notifications carry
    people: list[Person] = field(default_factory=list)

    def person(self, address: str | None, known_user_id: str | None) -> Person:
        """The contact with this address or user id. Never by position: Meta's order promises nothing."""
        for person in self.people:
            if (address and person.address == address) or (known_user_id and person.user_id == known_user_id):
                return person
        if len(self.people) == 1:
            only = self.people[0]
            nameless = only.address is None and only.user_id is None
            if nameless or (address is None and known_user_id is None):
                return only
        return NOBODY


def place_of(pointer: str, name: str, entry: dict[str, Any], value: dict[str, Any]) -> Place:
    """Read what every kind of change may carry around its elements."""
    metadata = table(value.get("metadata"))
    contacts = value.get("contacts")
    return Place(
        pointer,
        name,
        value,
        ident(metadata.get("phone_number_id")),
        ident(entry.get("id")),
        digits(metadata.get("display_phone_number")),
        moment(entry.get("time")),
        [_person(contact) for contact in contacts if type(contact) is dict] if type(contacts) is list else [],
    )


def _person(contact: dict[str, Any]) -> Person:
    profile = table(contact.get("profile"))
    username = words(profile.get("username")) or words(contact.get("username"))
    address = digits(contact.get("wa_id"))
    scoped = user_id(contact.get("user_id")) or (None if address else user_id(contact.get("wa_id")))
    return Person(address, scoped, words(profile.get("name")), username.removeprefix("@") if username else None)


def first_error(value: Any) -> dict[str, Any]:
    """The first error object of an `errors` list."""
    found = rows(value)
    return table(found[0]) if found else {}


def error_title(error: dict[str, Any]) -> str | None:
    """The short text of an error, from wherever this one has it."""
    return words(error.get("title")) or words(error.get("message")) or error_details(error)


def error_details(error: dict[str, Any]) -> str | None:
    """The long text of an error; older payloads have it one level higher."""
    return words(table(error.get("error_data")).get("details")) or words(error.get("details"))

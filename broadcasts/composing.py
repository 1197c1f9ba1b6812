"""What one person of a broadcast gets: the template or text with their values in it.

A `Composer` reads the template, its files and the custom fields once; composing for a person then costs no query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from contacts import values as contact_values
from contacts.models import CustomField
from inbox.template_files import TemplateMedia
from templates_mgmt import components, filling
from templates_mgmt.content import Content, places
from templates_mgmt.models import MessageTemplate, TemplateFile

from .models import Broadcast

REMEMBERED = 2_000  # filled messages kept for people with the same values


class Unfilled(ValueError):
    """This person's message cannot be made: a value is missing or would be refused. `str()` is a sentence."""


@dataclass(frozen=True, slots=True)
class Composed:
    """A message as it is stored; `content` may be shared by several people and must not be changed."""

    kind: str
    content: dict[str, Any]
    text: str


class Named(Protocol):
    """What of a contact goes into messages."""

    name: str
    email: str
    language: str
    fields: Any


class Reachable(Protocol):
    """What of an identity does."""

    phone: str


class Composer:
    """Makes the messages of one broadcast. Use it inside the workspace's scope."""

    def __init__(self, broadcast: Broadcast) -> None:
        self._broadcast = broadcast
        self._translation = broadcast.translation
        self._known: dict[tuple[tuple[str, str], ...], Composed] = {}

    def message(self, contact: Named, identity: Reachable) -> Composed:
        """The message for this person. Raises Unfilled."""
        if self._translation is None:
            return Composed("text", {"text": self._broadcast.text}, self._broadcast.text)
        found = {**self.fixed, **filling.resolve(self._from_fields, self.known(contact, identity))}
        key = tuple((name, str(found.get(name, ""))) for name in self._from_fields)
        if key not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[key] = self._filled(found)
        return self._known[key]

    def known(self, contact: Named, identity: Reachable) -> dict[str, str]:
        """Contact field → text for the fields this message uses, as far as the person has them."""
        words = contact.name.split()
        found = {
            "name": " ".join(words),
            "first_name": words[0] if words else "",
            "email": contact.email,
            "phone": identity.phone,
            "language": contact.language,
        }
        for name, (key, kind) in self._custom.items():
            if (value := contact.fields.get(key)) is not None:
                found[name] = " ".join(contact_values.shown(kind, value).split())
        return {name: text for name, text in found.items() if text}

    @cached_property
    def content(self) -> Content:
        """The template, read once."""
        return components.read(self._translation.components if self._translation else [])

    @cached_property
    def variables(self) -> dict[str, dict[str, Any]]:
        """Place → where its value comes from: as the broadcast says, else as the template does."""
        if self._translation is None:
            return {}
        own, given = self._translation.variables, self._broadcast.variables
        chosen = {place.key: given.get(place.key) or own.get(place.key) for place in places(self.content)}
        return {key: dict(spec) for key, spec in chosen.items() if isinstance(spec, dict) and spec}

    @cached_property
    def media(self) -> dict[str, TemplateMedia]:
        """Place → the stored file that is sent there."""
        named = {place: str(spec["file"]) for place, spec in self.variables.items() if spec.get("file")}
        if not named or self._translation is None:
            return {}
        files = TemplateFile.objects.filter(
            workspace_id=self._broadcast.workspace_id,
            template_id=self._translation.template_id,
            uuid__in=set(named.values()),
        )
        by_uuid = {str(file.uuid): file for file in files}
        return {
            place: TemplateMedia(file.kind, file.file, file.mime_type, file.filename, file.size)
            for place, uuid in named.items()
            if (file := by_uuid.get(uuid))
        }

    @cached_property
    def is_quick(self) -> bool:
        return self._translation is not None and self._translation.template.kind == MessageTemplate.Kind.QUICK

    @cached_property
    def _from_fields(self) -> dict[str, dict[str, Any]]:
        return {place: spec for place, spec in self.variables.items() if spec.get("source") == "field"}

    @cached_property
    def fixed(self) -> dict[str, Any]:
        rest = {
            place: spec
            for place, spec in self.variables.items()
            if place not in self._from_fields and "file" not in spec
        }
        files = {place: {"id": place, "filename": file.filename} for place, file in self.media.items()}
        return {**filling.resolve(rest, {}), **files}

    @cached_property
    def _custom(self) -> dict[str, tuple[str, str]]:
        """`field.<key>` → key and kind, for the custom fields in use."""
        named = {str(spec.get("value")) for spec in self._from_fields.values()}
        keys = {name.removeprefix("field.") for name in named if name.startswith("field.")}
        if not keys:
            return {}
        kinds = CustomField.objects.filter(workspace_id=self._broadcast.workspace_id, key__in=keys)
        return {f"field.{key}": (key, kind) for key, kind in kinds.values_list("key", "kind")}

    def _filled(self, found: Mapping[str, Any]) -> Composed:
        translation = self._translation
        assert translation is not None
        try:
            filled = filling.fill(self.content, translation.parameter_format, found, quick=self.is_quick)
        except filling.Unfillable as error:
            raise Unfilled(str(error)) from error
        if self.is_quick:
            return Composed("text", {"text": filled.text}, filled.text)
        content: dict[str, Any] = {
            "name": translation.template.name,
            "language": translation.language,
            "components": filled.components,
            "shown": filled.shown,
        }
        if self.media:
            content["media"] = {place: file.stored() for place, file in self.media.items()}
        return Composed("template", content, filled.text)


def gaps(broadcast: Broadcast) -> list[str]:
    """What must be decided before anybody's message can be made: places without a value, or with an unfit one.

    A place that takes a field of the contact may be empty for some people; those are left out when their turn comes.
    """
    composer = Composer(broadcast)
    if composer.is_quick and any(place.kind == "media" for place in places(composer.content)):
        return ["Quick templates with a file cannot be broadcast. Choose an approved template."]
    stand_in = {
        place.key: "x"
        for place in places(composer.content)
        if composer.variables.get(place.key, {}).get("source") == "field"
    }
    found = {**composer.fixed, **stand_in}
    return [str(problem) for problem in filling.problems(composer.content, found, quick=composer.is_quick)]

"""The message step: numbers, templates, where the values of a template come from, and how it looks to real people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contacts.models import Contact, Identity
from contacts.presenting_rows import display_name
from inbox import template_fields
from inbox.known_values import known_of
from templates_mgmt import components, filling, presenting, using
from templates_mgmt.content import Content, Place
from templates_mgmt.models import MessageTemplate, TemplateFile, TemplateTranslation
from templates_mgmt.presenting_preview import HEADER_ICONS, WORDS, excerpt, phone
from workspaces.formatting import formatted, visible
from workspaces.models import Channel, Workspace

from .forms import LOCATION
from .models import Broadcast

MOST_TEMPLATES = 300
ACCEPT = {"IMAGE": "image/jpeg,image/png", "VIDEO": "video/mp4,video/3gpp"}

__all__ = ["channels", "chosen", "defaults", "field_labels", "fields", "preview", "templates"]


def channels(workspace: Workspace, broadcast: Broadcast) -> list[dict[str, Any]]:
    """The connected numbers."""
    found = Channel.objects.filter(workspace_id=workspace.pk, disconnected_at=None).order_by("name")
    return [
        {
            "uuid": each.uuid,
            "label": f"{each.name}, {each.address}" if each.address else each.name,
            "chosen": each.pk == broadcast.channel_id,
        }
        for each in found
    ]


def templates(workspace: Workspace, broadcast: Broadcast) -> list[dict[str, Any]]:
    """What the number can send to many, recently used first; the chosen one stays even when it cannot be sent."""
    if broadcast.channel is None:
        return []
    rows = list(using.sendable(workspace, broadcast.channel).exclude(category="authentication")[:MOST_TEMPLATES])
    if broadcast.translation and broadcast.translation_id not in {each.pk for each in rows}:
        rows.insert(0, broadcast.translation)
    return [_template(each, each.pk == broadcast.translation_id) for each in rows]


def _template(translation: TemplateTranslation, is_chosen: bool) -> dict[str, Any]:
    text = visible(excerpt(components.read(translation.components)))
    language = presenting.language_name(translation.language)
    return {
        "uuid": translation.uuid,
        "name": translation.template.name,
        "language": language,
        "category": _category(translation),
        "text": text,
        "words": f"{translation.template.name} {language} {text}".lower(),
        "chosen": is_chosen,
    }


def _category(translation: TemplateTranslation) -> str:
    quick = translation.template.kind == MessageTemplate.Kind.QUICK
    return "Quick template" if quick else presenting.category(translation)


def chosen(broadcast: Broadcast) -> dict[str, Any] | None:
    """The template that was chosen, and why it cannot be sent now, if so."""
    if broadcast.translation is None:
        return None
    problem = using.why_not(broadcast.translation, broadcast.channel) if broadcast.channel else ""
    return {**_template(broadcast.translation, True), "problem": problem}


def defaults(translation: TemplateTranslation) -> dict[str, Any]:
    """What a broadcast starts from: the template's own sources and files; what is asked for each time is left open."""
    found: dict[str, Any] = {}
    for place in components.places(components.read(translation.components)):
        spec = translation.variables.get(place.key)
        spec = spec if isinstance(spec, Mapping) else {}
        if place.kind == "media":
            found[place.key] = {"file": spec["file"]} if spec.get("file") else {}
        elif spec.get("source") == "field":
            found[place.key] = {name: spec.get(name, "") for name in ("source", "value", "fallback")}
        else:
            found[place.key] = {"source": "fixed", "value": spec.get("value", "") or spec.get("fallback", "")}
    return found


def field_labels(workspace_id: int) -> list[tuple[str, str]]:
    """The contact fields a value can come from."""
    return template_fields.choices(workspace_id)


def fields(workspace: Workspace, broadcast: Broadcast) -> list[dict[str, Any]]:
    """One entry for each place of the chosen template."""
    translation = broadcast.translation
    if translation is None:
        return []
    named = files_of(broadcast)
    address = presenting.file_url(workspace, translation.template)
    return [
        _field(place, broadcast.variables.get(place.key), translation.variables.get(place.key), named, address)
        for place in components.places(components.read(translation.components))
    ]


def _field(place: Place, stored: Any, own: Any, named: Mapping[str, TemplateFile], address: Any) -> dict[str, Any]:
    spec = stored if isinstance(stored, Mapping) else {}
    file = named.get(str(spec.get("file", "")))
    source = f"field:{spec.get('value', '')}" if spec.get("source") == "field" else "fixed"
    value = spec.get("value", "") if source == "fixed" else ""
    location = value if isinstance(value, Mapping) else {}
    return {
        "key": place.key,
        "id": place.key.replace(".", "-").replace(":", "-"),
        "label": place.label,
        "kind": place.kind,
        "word": WORDS.get(place.format, "File"),
        "icon": HEADER_ICONS.get(place.format, "document"),
        "accept": ACCEPT.get(place.format, ""),
        "file": visible(file.filename) if file else "",
        "file_url": address(str(file.uuid)) if file else "",
        "source": source,
        "value": value if isinstance(value, str) else "",
        "fallback": str(spec.get("fallback", "") or ""),
        "sample": visible(str(own.get("sample") or "")) if isinstance(own, Mapping) else "",
        "parts": [{"part": part, "label": label, "value": location.get(part, "")} for part, label in LOCATION],
    }


def files_of(broadcast: Broadcast) -> dict[str, TemplateFile]:
    """The stored files its values name."""
    if broadcast.translation is None:
        return {}
    specs = [spec for spec in broadcast.variables.values() if isinstance(spec, Mapping)]
    named = {str(spec["file"]) for spec in specs if spec.get("file")}
    found = TemplateFile.objects.filter(
        workspace_id=broadcast.workspace_id, template_id=broadcast.translation.template_id, uuid__in=named
    )
    return {str(each.uuid): each for each in found}


def preview(workspace: Workspace, broadcast: Broadcast, people: Sequence[Contact], at: int) -> dict[str, Any]:
    """The message as one of these people gets it, or with the template's samples when there is nobody."""
    number = at % len(people) if people else 0
    person = people[number] if people else None
    identity = _identity(broadcast, person)
    if person is None or identity is None:
        return {"phone": _phone(workspace, broadcast, None), "person": "", "at": 0, "of": 0, "complaints": []}
    known = known_of(person, identity)
    return {
        "phone": _phone(workspace, broadcast, known),
        "person": display_name(person, [identity]),
        "complaints": _complaints(broadcast, known),
        "at": number,
        "number": number + 1,
        "of": len(people),
        "before": (number - 1) % len(people),
        "after": (number + 1) % len(people),
    }


def _identity(broadcast: Broadcast, person: Contact | None) -> Identity | None:
    if person is None:
        return None
    found = Identity.objects.filter(workspace_id=person.workspace_id, contact_id=person.pk)
    if broadcast.channel is not None:
        found = found.filter(channel_kind=broadcast.channel.kind)
    return found.order_by("pk").first()


def _phone(workspace: Workspace, broadcast: Broadcast, known: Mapping[str, str] | None) -> dict[str, Any]:
    translation = broadcast.translation
    if translation is None:
        body = formatted(broadcast.text)
        return {"header": None, "body": body, "footer": "", "buttons": [], "cards": [], "empty": not broadcast.text}
    content = components.read(translation.components)
    values = filling.resolve(broadcast.variables, known or {})
    shown = {key: _shown(value) for key, value in values.items()}
    if known is None:
        shown = {**_samples(content, translation), **shown}
    return phone(content, shown, presenting.file_url(workspace, translation.template))


def _shown(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {"file": value.get("file", "")}
    return {"sample": value}


def _samples(content: Content, translation: TemplateTranslation) -> dict[str, Any]:
    own = translation.variables
    return {
        place.key: own[place.key] for place in components.places(content) if isinstance(own.get(place.key), Mapping)
    }


def _complaints(broadcast: Broadcast, known: Mapping[str, str]) -> list[str]:
    """Why this person's message would be refused."""
    translation = broadcast.translation
    if translation is None:
        return []
    values = filling.resolve(broadcast.variables, known)
    quick = translation.template.kind == MessageTemplate.Kind.QUICK
    return [str(problem) for problem in filling.problems(translation.components, values, quick=quick)]

"""The template picker beside an open conversation: what can be chosen, and one chosen template being filled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db.models import Func, JSONField, Q, QuerySet, TextField
from django.db.models.functions import Cast

from templates_mgmt import components, filling, languages, using
from templates_mgmt.content import Content, Place
from templates_mgmt.models import MessageTemplate, TemplateTranslation
from workspaces.access import allows
from workspaces.formatting import visible

from . import presenting_templates, template_sending
from .presenting import Shown
from .presenting_pages import Desk
from .presenting_rows import display_name
from .template_sending import Sheet, Value

MOST = 50  # rows; more are found by searching
QUICK = "quick"
LOCATION_PARTS = (("latitude", "Latitude"), ("longitude", "Longitude"), ("name", "Name"), ("address", "Address"))


class Texts(Func):
    """Everything people read in a list of components: what stands under `text` at any depth."""

    template = "jsonb_path_query_array(%(expressions)s, '$.**.text')"
    output_field = JSONField()


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for."""

    words: str = ""
    language: str = ""
    category: str = ""

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Wanted:
        words = " ".join(params.get("q", "").split())[:100]
        return cls(words, params.get("language", "")[:16], params.get("category", "")[:14])


@dataclass(frozen=True, slots=True)
class Field(Shown):
    """One place that takes a value."""

    key: str
    name: str  # of the form field
    id: str
    label: str
    kind: str  # text, lines, code, location, media
    value: str
    parts: list[dict[str, str]]  # of a location
    accept: str
    own: str  # the file's name when the template brings one
    hint: str
    error: str


def offered(desk: Desk) -> QuerySet[TemplateTranslation]:
    """What can be sent here now: approved ones of the channel's account, and quick ones while the window is open."""
    found = using.sendable(desk.member.workspace, desk.conversation.channel)
    if desk.window == "closed":
        found = found.filter(template__kind=MessageTemplate.Kind.PROVIDER)
    return found


def choices(desk: Desk, wanted: Wanted, *, current: str = "") -> dict[str, Any]:
    """The list with its filters; recently used first."""
    everything = offered(desk)
    found = everything
    if wanted.words:
        named = Q(template__name__icontains=wanted.words)
        found = found.annotate(said=Cast(Texts("components"), TextField())).filter(
            named | Q(said__icontains=wanted.words)
        )
    if wanted.language:
        found = found.filter(language=wanted.language)
    if wanted.category == QUICK:
        found = found.filter(template__kind=MessageTemplate.Kind.QUICK)
    elif wanted.category:
        found = found.filter(template__kind=MessageTemplate.Kind.PROVIDER, category=wanted.category)
    rows = list(found[: MOST + 1])
    codes = everything.order_by().exclude(language="").values_list("language", flat=True).distinct()
    base = f"{desk.base}templates/"
    return {
        "picker": {"list": base, "name": display_name(desk.conversation), "back": desk.base},
        "wanted": wanted,
        "rows": [_row(translation, base, desk, current) for translation in rows[:MOST]],
        "cut": len(rows) > MOST,
        "is_filtered": wanted != Wanted(),
        "languages": [(code, language_name(code)) for code in sorted(codes)],
        "categories": _categories(desk),
        "closed": desk.window == "closed",
        "manages": f"/w/{desk.member.workspace.slug}/templates/"
        if allows(desk.member.role, "manage_templates")
        else "",
    }


def _categories(desk: Desk) -> list[tuple[str, str]]:
    found = [(category.value, category.label) for category in MessageTemplate.Category]
    return found if desk.window == "closed" else [*found, (QUICK, "Quick templates")]


def _row(translation: TemplateTranslation, base: str, desk: Desk, current: str) -> dict[str, Any]:
    content = components.read(translation.components)
    quick = template_sending.is_quick(translation)
    text = content.body or (content.cards[0].body if content.cards else "")
    used = translation.last_used_at
    return {
        "href": f"{base}{translation.uuid}/",
        "id": f"t-{translation.uuid}",
        "name": translation.template.name,
        "facts": [
            "Quick" if quick else _category(translation),
            *([language_name(translation.language)] if translation.language else []),
            *([f"Used {desk.calendar.short(used)}"] if used else []),
        ],
        "text": visible(" ".join(text.split())[:140]),
        "is_current": str(translation.uuid) == current,
    }


def _category(translation: TemplateTranslation) -> str:
    word = translation.category or translation.template.category
    return dict(MessageTemplate.Category.choices).get(word, word.capitalize())


def language_name(code: str) -> str:
    """The language in words, its code where nobody knows it."""
    return languages.name(code) if code else ""


def filling_in(
    desk: Desk,
    translation: TemplateTranslation,
    *,
    given: Mapping[str, Value] | None = None,
    error: str = "",
    error_key: str = "",
    cid: str = "",
    anyway: bool = False,
) -> dict[str, Any]:
    """One chosen template: its fields with what is known, and how it will look."""
    content = components.read(translation.components)
    sheet = Sheet(translation, desk.conversation)
    values: dict[str, Value] = {**sheet.brought, **(given or {})}
    fields = [
        _field(place, translation, values, error=error if place.key == error_key else "", own=sheet.own_files)
        for place in components.places(content)
    ]
    return {
        "chosen": _chosen(desk, translation) | {"has_files": any(field.kind == "media" for field in fields)},
        "fields": fields,
        "error": error,
        "anyway": anyway,
        "cid": cid or str(uuid4()),
        "conversation": str(desk.conversation.uuid),
        **preview(desk, sheet, given=given or {}),
    }


def _chosen(desk: Desk, translation: TemplateTranslation) -> dict[str, Any]:
    base, quick = f"{desk.base}templates/{translation.uuid}/", template_sending.is_quick(translation)
    return {
        "name": translation.template.name,
        "language": language_name(translation.language),
        "category": "Quick template" if quick else _category(translation),
        "quick": quick,
        "urls": {"send": f"{base}send/", "preview": f"{base}preview/", "list": f"{desk.base}templates/"},
    }


def preview(desk: Desk, sheet: Sheet, *, given: Mapping[str, Value]) -> dict[str, Any]:
    """How the customer will see it, and what a provider would refuse. What is missing stands there as a variable."""
    translation, values = sheet.translation, sheet.values(given, sheet.files(given, {}))
    shown = filling.preview(components.read(translation.components), values)
    base = f"/w/{desk.member.workspace.slug}/templates/{translation.template.uuid}/files/"
    addresses = {place: f"{base}{file.uuid}/" for place, file in sheet.own_files.items()}
    view = presenting_templates.template({"shown": shown}, "", src_of=lambda place: addresses.get(place, ""))
    found = filling.problems(translation.components, values, quick=template_sending.is_quick(translation))
    return {
        "phone": {"view": view, "id": ""},
        "plain": shown["body"],
        "complaints": [str(problem) for problem in found if problem.reason != "missing"],
        "unsendable": using.why_not(translation, desk.conversation.channel),
        "clock": desk.calendar.clock(desk.calendar.now),
    }


def _field(
    place: Place, translation: TemplateTranslation, values: Mapping[str, Value], *, error: str, own: Mapping[str, Any]
) -> Field:
    spec = translation.variables.get(place.key)
    spec = spec if isinstance(spec, dict) else {}
    value = values.get(place.key, "")
    quick = template_sending.is_quick(translation)
    file = own.get(place.key)
    return Field(
        key=place.key,
        name=f"value.{place.key}",
        id="value-" + place.key.replace(".", "-").replace(":", "-"),
        label=place.label,
        kind="lines" if quick and place.kind == "text" else place.kind,
        value=value if isinstance(value, str) else "",
        parts=_location(value) if place.kind == "location" else [],
        accept={"IMAGE": "image/jpeg,image/png", "VIDEO": "video/mp4,video/3gpp"}.get(place.format, ""),
        own=visible(file.filename) if file else "",
        hint=f"For example {visible(str(spec['sample']))}" if spec.get("sample") and place.kind != "media" else "",
        error=error,
    )


def _location(value: Value) -> list[dict[str, str]]:
    known = value if isinstance(value, dict) else {}
    return [{"part": part, "label": label, "value": str(known.get(part, ""))} for part, label in LOCATION_PARTS]


def given_in(posted: Mapping[str, str], content: Content) -> dict[str, Value]:
    """The values of a posted form by their places; a file or a location that was left empty is not given."""
    found: dict[str, Value] = {}
    for place in components.places(content):
        name = f"value.{place.key}"
        if place.kind == "location":
            parts = {part: posted.get(f"{name}.{part}", "").strip() for part, _ in LOCATION_PARTS}
            if any(parts.values()):
                found[place.key] = {part: text for part, text in parts.items() if text}
        elif place.kind != "media" and name in posted:
            found[place.key] = posted[name].replace("\r\n", "\n").strip()
    return found

"""What the editor of one language shows: its fields, the preview, and what the linter says beside each part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from workspaces.models import Workspace

from . import components, contact_fields, lint_rules, linting, presenting, rearranging
from .content import Button, Card, Content, Place, places
from .linting import Finding
from .models import MessageTemplate, TemplateTranslation, TemplateVersion
from .presenting_preview import HEADER_ICONS, WORDS, phone
from .typed import CARD_BUTTONS, CARD_FORMATS, EDITABLE_BUTTONS, MOST_CARDS, Draft

Kind = MessageTemplate.Kind
BUTTON_WORDS = {
    "QUICK_REPLY": "Quick reply",
    "URL": "Open a link",
    "PHONE_NUMBER": "Call a number",
    "COPY_CODE": "Copy a code",
}
CATEGORIES = {
    "marketing": "Offers, news, invitations: “20 % off until Sunday”. People need to have agreed to marketing.",
    "utility": "About something a person did or asked for: “Your order 4711 has shipped”.",
    "authentication": "A one-time code, with the provider's own fixed text.",
}
HEADERS = ("TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION")
QUICK_HEADERS = ("IMAGE", "VIDEO", "DOCUMENT")
ACCEPT = {"IMAGE": "image/jpeg,image/png", "VIDEO": "video/mp4", "DOCUMENT": "application/pdf"}
OTP_TYPES = {
    "COPY_CODE": "Copy the code",
    "ONE_TAP": "One tap fills it in (Android)",
    "ZERO_TAP": "Filled in without a tap (Android)",
}


def saved_draft(version: TemplateVersion) -> Draft:
    """The stored draft as the editor works with it."""
    return Draft(components.read(version.components), version.variables, version.category, version.parameter_format)


def stored(draft: Draft) -> list[dict[str, Any]]:
    """The draft as components, for saving."""
    return components.write(draft.content, draft.variables, draft.parameter_format)


def findings(draft: Draft, translation: TemplateTranslation) -> list[Finding]:
    """What the linter says about the draft, errors first."""
    template = translation.template
    found = linting.lint(
        draft.content,
        name=template.name,
        language=translation.language,
        category=draft.category,
        parameter_format=draft.parameter_format,
        variables=draft.variables,
        kind=template.kind,
    )
    return sorted(found, key=lambda finding: finding.level != "error")


def preview(draft: Draft, translation: TemplateTranslation, workspace: Workspace) -> dict[str, Any]:
    """The phone, what the linter says, and the list of variables: what one request of a typing person refreshes."""
    found = findings(draft, translation)
    template = translation.template
    return {
        "phone": phone(draft.content, draft.variables, presenting.file_url(workspace, template)),
        "findings": [_finding(each, draft) for each in found],
        "error_count": sum(each.level == "error" for each in found),
        "variables": variables(draft, workspace),
        "variable_keys": " ".join(place.key for place in _text_places(draft.content)),
        "quick": template.kind == Kind.QUICK,
        "limits": lint_rules.LIMITS,
    }


def _finding(finding: Finding, draft: Draft) -> dict[str, Any]:
    return {
        "level": finding.level,
        "text": finding.text,
        "source": finding.source,
        "anchor": anchor(finding.place, draft),
    }


def anchor(place: str, draft: Draft) -> str:
    """The id of the field that a place is written in, '' for what has none."""
    if any(each.key == place for each in places(draft.content)):
        return f"v-{place}" if not place.endswith((":media", ":location")) else f"at-{place.partition(':')[0]}"
    known = {"header", "body", "footer", "buttons", "cards", "category"}
    part = place.partition(":")[0]
    return f"at-{part}" if part.split(".")[0] in {*known, "button", "card"} else ""


def page(
    translation: TemplateTranslation, version: TemplateVersion, draft: Draft, workspace: Workspace
) -> dict[str, Any]:
    """Everything of the editor's page."""
    template, content = translation.template, draft.content
    attached = _Attached(draft, template, workspace)
    quick = template.kind == Kind.QUICK
    return {
        "template": template,
        "translation": translation,
        "version": version,
        "code": presenting.language_code(translation),
        "language_name": presenting.language_name(translation.language),
        "status": presenting.status_chip(translation),
        "direction": presenting.direction(translation.language),
        "draft": draft,
        "content": content,
        "categories": [
            (word, MessageTemplate.Category(word).label, CATEGORIES[word]) for word in _categories(draft, translation)
        ],
        "headers": [(word, WORDS.get(word, "Text")) for word in (QUICK_HEADERS if quick else HEADERS)],
        "header_format": content.header.format if content.header else "",
        "header_media": attached.field("header", content.header.format if content.header else ""),
        "buttons": _buttons(content.buttons),
        "button_kinds": [(kind, BUTTON_WORDS[kind]) for kind in EDITABLE_BUTTONS],
        "cards": [_card(at, card, len(content.cards), attached) for at, card in enumerate(content.cards)],
        "card_formats": [(word, WORDS[word]) for word in CARD_FORMATS],
        "card_format": content.cards[0].header.format if content.cards and content.cards[0].header else "IMAGE",
        "card_buttons": _buttons(content.cards[0].buttons) if content.cards else [],
        "card_button_kinds": [(kind, BUTTON_WORDS[kind]) for kind in CARD_BUTTONS],
        "can_add_card": len(content.cards) < MOST_CARDS,
        "otp": _otp(content),
        "fields": contact_fields.choices(workspace.pk),
        "next_variable": rearranging.next_variable(content.body, draft.parameter_format),
        **preview(draft, translation, workspace),
    }


def _categories(draft: Draft, translation: TemplateTranslation) -> Iterable[str]:
    """What can be chosen; the provider lets nobody change the category of an approved text."""
    if draft.category in {"marketing", "utility"} and translation.status != translation.Status.APPROVED:
        return ("marketing", "utility")
    return filter(None, [draft.category])


def _buttons(buttons: list[Button]) -> list[dict[str, Any]]:
    return [
        {
            "at": at,
            "number": at + 1,
            "button": button,
            "word": BUTTON_WORDS.get(button.type, button.type.replace("_", " ").lower() or "unknown"),
            "first": at == 0,
            "last": at == len(buttons) - 1,
        }
        for at, button in enumerate(buttons)
    ]


class _Attached:
    """The files of a template, by the fields that hold them."""

    def __init__(self, draft: Draft, template: MessageTemplate, workspace: Workspace) -> None:
        self._variables = draft.variables
        self._names = {str(file.uuid): file.filename for file in template.files.all()}
        self._url = presenting.file_url(workspace, template)

    def field(self, place: str, form: str) -> dict[str, Any] | None:
        """What the field of a header shows; None for a header that is no file."""
        if form not in ACCEPT:
            return None
        key = f"{place}:media"
        known = self._variables.get(key)
        name = str(known.get("file") or "") if isinstance(known, dict) else ""
        return {
            "place": place,
            "key": key,
            "file": name,
            "name": self._names.get(name, ""),
            "url": self._url(name) if name in self._names else "",
            "format": form,
            "word": WORDS[form].lower(),
            "icon": HEADER_ICONS[form],
            "accept": ACCEPT[form],
        }


def _card(at: int, card: Card, count: int, attached: _Attached) -> dict[str, Any]:
    return {
        "at": at,
        "number": at + 1,
        "body": card.body,
        "media": attached.field(f"card.{at}.header", card.header.format if card.header else "IMAGE"),
        "buttons": _buttons(card.buttons),
        "first": at == 0,
        "last": at == count - 1,
    }


def _otp(content: Content) -> dict[str, Any]:
    button = content.buttons[0] if content.buttons else Button("OTP")
    app = button.supported_apps[0] if button.supported_apps else {}
    return {
        "types": OTP_TYPES.items(),
        "type": button.otp_type or "COPY_CODE",
        "text": button.raw.get("text", "") if button.raw else "",
        "autofill_text": button.autofill_text,
        "package_name": app.get("package_name", ""),
        "signature_hash": app.get("signature_hash", ""),
    }


def _text_places(content: Content) -> list[Place]:
    return [place for place in places(content) if place.kind in {"text", "code"}]


def variables(draft: Draft, workspace: Workspace) -> list[dict[str, Any]]:
    """Each variable with its sample and where its value comes from."""
    shown = []
    for place in _text_places(draft.content):
        known = draft.variables.get(place.key)
        known = known if isinstance(known, dict) else {}
        source = known.get("source", "ask")
        chosen = f"field:{known.get('value', '')}" if source == "field" else source
        shown.append({"place": place, "sample": known.get("sample", ""), "chosen": chosen, **_rest(known, source)})
    return shown


def _rest(known: Mapping[str, Any], source: str) -> dict[str, Any]:
    return {"value": known.get("value", "") if source == "fixed" else "", "fallback": known.get("fallback", "")}

"""What somebody typed in the editor, read from its form, and the form with one part more, less or moved. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .content import (
    BUTTON_TYPES,
    COPY_CODE,
    HEADER_FORMATS,
    MEDIA_FORMATS,
    OTP,
    PHONE_NUMBER,
    QUICK_REPLY,
    TEXT,
    URL,
    Button,
    Card,
    Content,
    Header,
    places,
)

FORMATS = ("positional", "named")
SOURCES = ("ask", "fixed", "field")
CARD_FORMATS = ("IMAGE", "VIDEO")
OTP_TYPES = ("COPY_CODE", "ONE_TAP", "ZERO_TAP")
MOST_BUTTONS = 20  # what the form carries; how many may be submitted is the linter's to say
MOST_CARDS = 10
FEWEST_CARDS = 2
LONGEST = 10_000  # characters of one field, so that a form stays a form

Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A template as it stands in the editor."""

    content: Content
    variables: dict[str, Any] = field(default_factory=dict)
    category: str = ""
    parameter_format: str = "positional"


def read(form: Form, saved: Draft, *, quick: bool = False) -> Draft:
    """The draft in the form. Parts of `saved` that nobody here can edit are carried over untouched."""
    category = _category(form, saved)
    content = _authentication(form, saved) if category == "authentication" else _message(form, saved, quick=quick)
    chosen = form.get("parameter_format", saved.parameter_format)
    parameter_format = "named" if quick else chosen if chosen in FORMATS else "positional"
    return Draft(content, _variables(form, content, saved.variables), category, parameter_format)


def _category(form: Form, saved: Draft) -> str:
    """Authentication has a form of its own, so nothing becomes it or stops being it here."""
    asked = form.get("category", "")
    return asked if saved.category in {"marketing", "utility"} and asked in {"marketing", "utility"} else saved.category


def _text(form: Form, name: str) -> str:
    """A field with the line ends that providers use."""
    return form.get(name, "").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")[:LONGEST]


def _count(form: Form, name: str, most: int) -> int:
    written = form.get(name, "")
    return min(int(written), most) if written.isdecimal() and len(written) < 4 else 0


def _message(form: Form, saved: Draft, *, quick: bool) -> Content:
    body, old = _text(form, "body"), saved.content
    if form.get("layout") == "carousel" and not quick:
        return replace(old, kind="carousel", header=None, body=body, footer="", buttons=[], cards=_cards(form, old))
    header = _header(form.get("header", ""), _text(form, "header_text"))
    buttons = [] if quick else _buttons(form, "button", "buttons", old.buttons, MOST_BUTTONS)
    footer = "" if quick else _text(form, "footer")
    return replace(old, kind="standard", header=header, body=body, footer=footer, buttons=buttons, cards=[])


def _header(form: str, text: str) -> Header | None:
    return Header(form, text if form == TEXT else "") if form in HEADER_FORMATS else None


def _buttons(form: Form, prefix: str, counter: str, old: list[Button], most: int) -> list[Button]:
    made = []
    for at in range(_count(form, counter, most)):
        before = old[at] if at < len(old) else None
        if before is not None and not before.is_supported:
            made.append(before)
            continue
        made.append(_button(form, f"{prefix}-{at}", before))
    return made


def _button(form: Form, name: str, before: Button | None) -> Button:
    asked = form.get(f"{name}-type", "")
    kind = asked if asked in BUTTON_TYPES and asked != OTP else QUICK_REPLY
    return Button(
        type=kind,
        text=_text(form, f"{name}-text"),
        url=_text(form, f"{name}-url").strip() if kind == URL else "",
        phone_number=_text(form, f"{name}-phone").strip() if kind == PHONE_NUMBER else "",
        raw=before.raw if before is not None and before.type == kind else {},
    )


def _cards(form: Form, old: Content) -> list[Card]:
    """Cards of one carousel show the same kind of media and have the same kinds of buttons."""
    asked = form.get("card_format", "")
    header = Header(asked if asked in CARD_FORMATS else "IMAGE")
    made = []
    for at in range(_count(form, "cards", MOST_CARDS)):
        before = old.cards[at] if at < len(old.cards) else Card()
        buttons = _buttons(form, f"card-{at}-button", "card_buttons", before.buttons, MOST_BUTTONS)
        made.append(Card(header, _text(form, f"card-{at}-body"), buttons, before.raw))
    return made


def _authentication(form: Form, saved: Draft) -> Content:
    asked, minutes = form.get("otp_type", ""), form.get("code_expiration_minutes", "").strip()
    old = saved.content.buttons[0] if saved.content.buttons else Button(OTP)
    button = replace(
        old,
        type=OTP,
        otp_type=asked if asked in OTP_TYPES else "COPY_CODE",
        text=_text(form, "otp_text"),
        autofill_text=_text(form, "autofill_text") if asked in {"ONE_TAP", "ZERO_TAP"} else "",
        supported_apps=_apps(form) if asked in {"ONE_TAP", "ZERO_TAP"} else [],
    )
    return replace(
        saved.content,
        kind="authentication",
        header=None,
        buttons=[button],
        add_security_recommendation="add_security_recommendation" in form,
        code_expiration_minutes=int(minutes) if minutes.isdecimal() and len(minutes) < 6 else None,
    )


def _apps(form: Form) -> list[dict[str, Any]]:
    package, signature = _text(form, "package_name").strip(), _text(form, "signature_hash").strip()
    return [{"package_name": package, "signature_hash": signature}] if package or signature else []


def _variables(form: Form, content: Content, saved: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of each place: samples and sources as typed, files as attached before."""
    made: dict[str, Any] = {}
    for place in places(content):
        old = saved.get(place.key)
        known = dict(old) if isinstance(old, dict) else {}
        if place.kind == "media":
            made[place.key] = _media(form.get(f"v-{place.key}-file"), known)
        elif place.kind == "location":
            made[place.key] = {**known, "source": "ask"}
        else:
            made[place.key] = {**known, **_variable(form, f"v-{place.key}", known)}
    return made


def _media(asked: str | None, known: dict[str, Any]) -> dict[str, Any]:
    """An empty field takes the file away; another file is another one at the provider too."""
    if asked is None or asked == known.get("file", ""):
        return known
    return {}


def _variable(form: Form, name: str, known: Mapping[str, Any]) -> dict[str, Any]:
    if f"{name}-source" not in form and f"{name}-sample" not in form:  # it was not there when the form was drawn
        return {"sample": "", "source": "ask", "value": "", "fallback": "", **known}
    source, _, key = form.get(f"{name}-source", "ask").partition(":")
    source = source if source in SOURCES else "ask"
    return {
        "sample": _text(form, f"{name}-sample"),
        "source": source,
        "value": key[:60] if source == "field" else _text(form, f"{name}-value") if source == "fixed" else "",
        "fallback": _text(form, f"{name}-fallback") if source == "field" else "",
    }


def media_places(content: Content) -> dict[str, str]:
    """Form field → key of each place that takes a file."""
    return {f"f-{place.place}": place.key for place in places(content) if place.kind == "media"}


def with_file(draft: Draft, key: str, file: str) -> Draft:
    """The draft with an attached file at a media place."""
    return replace(draft, variables={**draft.variables, key: {"file": file}})


# Named so that the types and formats above have one home.
EDITABLE_BUTTONS = (QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE)
CARD_BUTTONS = (QUICK_REPLY, URL, PHONE_NUMBER)
QUICK_HEADERS = MEDIA_FORMATS

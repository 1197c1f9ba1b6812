"""What can be wrong with buttons. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from .content import COPY_CODE, OTP, PHONE_NUMBER, QUICK_REPLY, URL, VARIABLE, Button, variable_names
from .lint_rules import LIMITS, PHONE
from .lint_texts import Complaint

MOST = {URL: "url_buttons", PHONE_NUMBER: "phone_buttons", COPY_CODE: "code_buttons"}
OF_WHATSAPP = ("wa.me", "whatsapp.com")


def button_complaints(buttons: list[Button], category: str, variables: Mapping[str, Any]) -> Iterator[Complaint]:
    """The buttons below a message: how many, in which order, and each by itself."""
    if len(buttons) > LIMITS["buttons"]:
        yield Complaint.of("buttons_many", "buttons", count=len(buttons), limit=LIMITS["buttons"])
    for kind, name in MOST.items():
        count = sum(button.type == kind for button in buttons)
        if count > LIMITS[name]:
            yield Complaint.of(f"{name}_many", "buttons", count=count, limit=LIMITS[name])
    yield from _order(buttons)
    if any(button.type == OTP for button in buttons) and category != "authentication":
        yield Complaint.of("authentication_category", "category")
    if any(button.type == COPY_CODE for button in buttons) and category == "utility":
        yield Complaint.of("code_category", "buttons")
    yield from each_button("", buttons, variables)


def _order(buttons: list[Button]) -> Iterator[Complaint]:
    """Quick replies may stand first or last, and not between the others or in two groups."""
    replies = [at for at, button in enumerate(buttons) if button.type == QUICK_REPLY]
    together = not replies or replies[-1] - replies[0] + 1 == len(replies)
    if not together or (replies and replies[0] > 0 and replies[-1] < len(buttons) - 1):
        yield Complaint.of("buttons_order", "buttons")


def each_button(prefix: str, buttons: list[Button], variables: Mapping[str, Any]) -> Iterator[Complaint]:
    """Each button by itself, and whether two say the same."""
    for at, button in enumerate(buttons):
        place = f"{prefix}button.{at}"
        if button.type in {QUICK_REPLY, URL, PHONE_NUMBER}:
            yield from button_text(place, at + 1, button.text)
        if button.type == URL:
            yield from _link(place, at + 1, button.url)
        elif button.type == PHONE_NUMBER:
            yield from _phone(place, at + 1, button.phone_number)
        elif button.type == COPY_CODE:
            yield from _code(place, at + 1, button, variables)
    for text, count in Counter(button.text.strip().lower() for button in buttons).items():
        if count > 1 and text:
            said = next(button.text for button in buttons if button.text.strip().lower() == text)
            yield Complaint.of("button_twice", f"{prefix}buttons", text=said)


def button_text(place: str, number: int, text: str) -> Iterator[Complaint]:
    """The words on a button."""
    if not text.strip():
        yield Complaint.of("button_missing", place, number=number)
    if len(text) > LIMITS["button"]:
        yield Complaint.of("button_too_long", place, number=number, count=len(text), limit=LIMITS["button"])
    if variable_names(text):
        yield Complaint.of("button_variables", place, number=number)


def _link(place: str, number: int, url: str) -> Iterator[Complaint]:
    if not url.strip() or url == "https://":
        yield Complaint.of("url_missing", place, number=number)
        return
    if len(url) > LIMITS["url"]:
        yield Complaint.of("url_too_long", place, number=number, count=len(url), limit=LIMITS["url"])
    found = list(VARIABLE.finditer(url))
    fixed = url[: found[0].start()] if found else url
    site = _site(fixed)
    if len(found) > 1:
        yield Complaint.of("url_variables", place, number=number, count=len(found))
    if found and found[0].end() != len(url):
        yield Complaint.of("url_variable_last", place, number=number)
    if found and fixed.startswith("https://") and "/" not in fixed.removeprefix("https://"):
        yield Complaint.of("url_variable_site", place, number=number)
    elif not site:
        yield Complaint.of("url_form", place, number=number)
    if any(site == own or site.endswith(f".{own}") for own in OF_WHATSAPP):
        yield Complaint.of("url_whatsapp", place, number=number)


def _site(url: str) -> str:
    """The name of the site an address leads to; nothing when it is no whole https address."""
    try:
        parts = urlsplit(url)
        site = parts.hostname or ""
    except ValueError:
        return ""
    is_whole = parts.scheme == "https" and "." in site and not any(mark.isspace() for mark in url)
    return site if is_whole else ""


def _phone(place: str, number: int, phone: str) -> Iterator[Complaint]:
    if not phone.strip():
        yield Complaint.of("phone_missing", place, number=number)
    elif not PHONE.fullmatch("".join(mark for mark in phone if mark not in " ().-")) or len(phone) > LIMITS["phone"]:
        yield Complaint.of("phone_form", place, number=number)


def _code(place: str, number: int, button: Button, variables: Mapping[str, Any]) -> Iterator[Complaint]:
    spec = variables.get(f"{place}:code")
    sample = spec.get("sample") if isinstance(spec, Mapping) else None
    code = sample if isinstance(sample, str) and sample else button.code
    if not code.strip():
        yield Complaint.of("code_missing", place, number=number)
    elif len(code) > LIMITS["code"]:
        yield Complaint.of("code_too_long", place, number=number, count=len(code), limit=LIMITS["code"])

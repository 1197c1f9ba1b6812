"""What can be wrong with templates that have a form of their own: carousels, one-time codes, quick ones. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .content import OTP, PHONE_NUMBER, QUICK_REPLY, URL, Button, Card, Content
from .lint_buttons import button_text, each_button
from .lint_rules import LIMITS, PACKAGE, SIGNATURE
from .lint_texts import Complaint, brace_complaints, text_complaints

CARD_HEADERS = ("IMAGE", "VIDEO")
CARD_BUTTONS = (QUICK_REPLY, URL, PHONE_NUMBER)
MEDIA_WORDS = {"IMAGE": "picture", "VIDEO": "video", "DOCUMENT": "document"}


def carousel_complaints(content: Content, category: str) -> Iterator[Complaint]:
    """The cards of a carousel, and that nothing but a text stands above them."""
    if category != "marketing":
        yield Complaint.of("carousel_category", "category")
    for part, place in ((content.header, "header"), (content.footer, "footer"), (content.buttons, "buttons")):
        if part:
            yield Complaint.of("carousel_extra", place, part=place)
    count = len(content.cards)
    if not LIMITS["cards_least"] <= count <= LIMITS["cards_most"]:
        yield Complaint.of("cards_count", "cards", count=count, least=LIMITS["cards_least"], most=LIMITS["cards_most"])
    for number, card in enumerate(content.cards):
        if _shape(card) != _shape(content.cards[0]):
            yield Complaint.of("cards_alike", f"card.{number}", number=number + 1)
        yield from _card(f"card.{number}.", number + 1, card)


def _shape(card: Card) -> tuple[Any, ...]:
    """What has to be the same for all cards. Links with and without a variable are sent differently."""
    buttons = [(button.type, button.type == URL and "{{" in button.url) for button in card.buttons]
    return (card.header.format if card.header else "", bool(card.body.strip()), buttons)


def _card(prefix: str, number: int, card: Card) -> Iterator[Complaint]:
    if card.header is None or card.header.format not in CARD_HEADERS:
        yield Complaint.of("card_header", f"{prefix}header", number=number)
    place, limit = f"{prefix}body", LIMITS["card_body"]
    if len(card.body) > limit:
        yield Complaint.of("card_body_too_long", place, number=number, count=len(card.body), limit=limit)
    if (lines := card.body.count("\n") + 1) > LIMITS["card_lines"]:
        yield Complaint.of("card_lines", place, number=number, count=lines, limit=LIMITS["card_lines"])
    yield from text_complaints(place, f"The text of card {number}", card.body)
    if len(card.buttons) > (most := LIMITS["card_buttons"]):
        yield Complaint.of("card_buttons_many", f"{prefix}buttons", number=number, count=len(card.buttons), limit=most)
    for at, button in enumerate(card.buttons):
        if button.is_supported and button.type not in CARD_BUTTONS:
            yield Complaint.of("card_button_kind", f"{prefix}button.{at}")
    yield from each_button(prefix, card.buttons, {})


def authentication_complaints(content: Content, category: str) -> Iterator[Complaint]:
    """A template for one-time codes, whose text is the provider's."""
    if content.kind != "authentication":
        yield Complaint.of("authentication_form", "category")
        return
    if category != "authentication":
        yield Complaint.of("authentication_category", "category")
    if content.header is not None or content.cards:
        yield Complaint.of("authentication_form", "header")
    minutes = content.code_expiration_minutes
    least, most = LIMITS["expiry_least"], LIMITS["expiry_most"]
    if minutes is not None and not least <= minutes <= most:
        yield Complaint.of("otp_expiry", "footer", least=least, most=most)
    if len(content.buttons) != 1 or content.buttons[0].type != OTP:
        yield Complaint.of("otp_button", "buttons")
        return
    yield from _otp_button(content.buttons[0])


def _otp_button(button: Button) -> Iterator[Complaint]:
    for text in (button.text, button.autofill_text):
        if text:
            yield from button_text("button.0", 1, text)
    if button.otp_type not in {"ONE_TAP", "ZERO_TAP"} or button.url:
        return  # a template that came from the provider does not list the apps
    if len(button.supported_apps) > LIMITS["apps"]:
        yield Complaint.of("otp_apps_many", "button.0", count=len(button.supported_apps), limit=LIMITS["apps"])
    if not button.supported_apps or not all(_is_app(app) for app in button.supported_apps):
        yield Complaint.of("otp_app", "button.0")


def _is_app(app: Mapping[str, Any]) -> bool:
    package, signature = str(app.get("package_name") or ""), str(app.get("signature_hash") or "")
    return bool(PACKAGE.fullmatch(package) and SIGNATURE.fullmatch(signature))


def quick_complaints(content: Content, name: str, variables: Mapping[str, Any]) -> Iterator[Complaint]:
    """A template of the workspace's own: it only has to be something that can be sent."""
    if not name.strip():
        yield Complaint.of("quick_name_missing", "name")
    media = MEDIA_WORDS.get(content.header.format) if content.header else None
    if not content.body.strip() and not media:
        yield Complaint.of("quick_body_missing", "body")
    limit = LIMITS["quick_caption" if media else "quick_body"]
    if len(content.body) > limit:
        yield Complaint.of("quick_body_too_long", "body", count=len(content.body), limit=limit)
    spec = variables.get("header:media")
    if media and not (isinstance(spec, Mapping) and (spec.get("file") or spec.get("link"))):
        yield Complaint.of("quick_media_missing", "header:media", media=media)
    yield from brace_complaints("body", content.body, "quick_braces")

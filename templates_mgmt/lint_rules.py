"""What WhatsApp asks of a template, as data: each rule with where it is written down and when that was read.

An error keeps a template from being submitted; a warning does not. Where Meta only refuses and does not say why, the
rule is what integrators found, and the source is the page that names the refusal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]

READ = "2026-09"
DOCS = "https://developers.facebook.com/documentation/business-messaging/whatsapp"
COMPONENTS = f"{DOCS}/templates/components"
CATEGORIES = f"{DOCS}/templates/template-categorization"
LANGUAGES = f"{DOCS}/templates/supported-languages"
CAROUSEL = f"{DOCS}/templates/marketing-templates/media-card-carousel-templates"
COUPON = f"{DOCS}/templates/marketing-templates/coupon-templates"
AUTHENTICATION = f"{DOCS}/templates/authentication-templates/authentication-templates"
OVERVIEW = f"{DOCS}/templates/overview"
REFUSALS = f"{DOCS}/support/error-codes"
REJECTIONS = "https://developers.facebook.com/docs/whatsapp/message-templates/guidelines/#common-rejection-reasons"
READ_MORE = (
    "https://docs.bird.com/api/touchpoints-api/supported-projects/whatsapp-approved-message-templates"
    "/creating-whatsapp-message-templates/text-templates"
)
OURS = ""  # a quick template is the workspace's own

# Characters, except the last block: how many.
LIMITS = {
    "name": 512,
    "header": 60,
    "body": 1024,
    "footer": 60,
    "card_body": 160,
    "button": 25,
    "url": 2000,
    "phone": 20,
    "code": 20,
    "quick_body": 4096,
    "quick_caption": 1024,
    "buttons": 10,
    "url_buttons": 2,
    "phone_buttons": 1,
    "code_buttons": 1,
    "card_buttons": 2,
    "cards_least": 2,
    "cards_most": 10,
    "card_lines": 3,
    "expiry_least": 1,
    "expiry_most": 90,
    "apps": 5,
    "lines_before_read_more": 5,
    "characters_a_line": 45,  # about what a phone shows
}

NAME = re.compile(r"[a-z0-9_]+")
VARIABLE_NAME = re.compile(r"[a-z][a-z0-9_]*")
PHONE = re.compile(r"\+[1-9][0-9]{5,18}")
PACKAGE = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+")
SIGNATURE = re.compile(r"[A-Za-z0-9+/=]{11}")

# Words by which a utility template is taken for advertising, by language; those of English count in any.
PROMOTION_WORDS = {
    "en": "sale discount offer offers promo promotion coupon voucher deal deals cashback giveaway bonus free",
    "ar": "خصم خصومات تخفيض تخفيضات عرض عروض مجانا مجاني كوبون قسيمة هدية",
    "fr": "promo promotion promotions solde soldes remise réduction réductions offre offres gratuit gratuite cadeau",
    "es": "oferta ofertas descuento descuentos promoción promociones rebaja rebajas gratis cupón regalo",
    "pt": "oferta ofertas desconto descontos promoção promoções grátis cupom brinde",
    "de": "rabatt rabatte angebot angebote aktion gutschein gratis kostenlos geschenk",
    "it": "offerta offerte sconto sconti promozione promozioni gratis omaggio",
    "id": "diskon promo gratis penawaran kupon hadiah",
    "hi": "छूट ऑफ़र ऑफर सेल मुफ्त मुफ़्त कूपन",
    "ur": "رعایت پیشکش مفت سیل کوپن",
    "tr": "indirim kampanya fırsat ücretsiz kupon hediye",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for. The text is a sentence with room for the figures of the case."""

    level: Level
    text: str
    source: str
    read: str = READ


def _error(text: str, source: str = COMPONENTS) -> Rule:
    return Rule("error", text, source)


def _warning(text: str, source: str = COMPONENTS) -> Rule:
    return Rule("warning", text, source)


RULES: dict[str, Rule] = {
    # Name, language, category
    "name_missing": _error("Give the template a name.", OVERVIEW),
    "name_characters": _error("The name may only have small letters a to z, digits and underscores.", OVERVIEW),
    "name_too_long": _error("The name has {count} characters; {limit} are allowed.", OVERVIEW),
    "language_missing": _error("Choose the language of this text.", LANGUAGES),
    "language_unknown": _warning("“{language}” is not on WhatsApp's list of languages and may be refused.", LANGUAGES),
    "category_missing": _error("Choose a category: marketing, utility or authentication.", CATEGORIES),
    "unsupported_part": _warning(
        "This template has a part that is kept as it is and cannot be changed here: {part}.", COMPONENTS
    ),
    # Header
    "header_missing": _error("The header has no text."),
    "header_too_long": _error("The header has {count} characters; {limit} are allowed."),
    "header_variables": _error("The header has {count} variables; one is allowed."),
    "header_marks": _error("The header is plain text: no line breaks, emoji or marks such as * and ~.", REFUSALS),
    "media_missing": _error("Add a sample {media}: the reviewers need to see one."),
    # Body
    "body_missing": _error("Write the text of the message."),
    "body_too_long": _error("The body has {count} characters; {limit} are allowed."),
    "edges": _error("{where} may not {edge} with a variable. Put a word there.", REFUSALS),
    "edges_punctuation": _warning(
        "{where} {edge}s with a variable and punctuation only, which is often refused. Put a word there.",
        REFUSALS,
    ),
    "adjacent": _error("{first} and {second} stand side by side. Put a word between them.", REJECTIONS),
    "variables_outnumber": _error("{where} has more variables ({count}) than words ({words}).", REFUSALS),
    "variables_ratio": _warning(
        "{where} has few words for its variables: {words} for {count}. Write {wanted} or more, or it may be refused.",
        REFUSALS,
    ),
    "blank_lines": _warning("{where} has more than one empty line in a row, which is often refused.", REFUSALS),
    "read_more": _warning(
        "Only about {limit} lines of a marketing message show at once; the rest hides behind “Read more”.", READ_MORE
    ),
    "utility_promotion": _warning(
        "“{word}” sounds like an offer. WhatsApp may file this under marketing, which costs more.", CATEGORIES
    ),
    # Variables
    "mixed": _error("Variables are either all numbers or all names, not both.", OVERVIEW),
    "named_format": _error("This template uses names for variables; {variable} is a number.", OVERVIEW),
    "numbered_format": _error("This template uses numbers for variables; {variable} is a name.", OVERVIEW),
    "gap": _error("Variables count up from {{{{1}}}} without gaps; {variable} comes too early.", REJECTIONS),
    "variable_name": _error(
        "{variable}: names of variables start with a small letter and have only small letters, digits and underscores.",
        OVERVIEW,
    ),
    "variable_spaces": _error("Write {wanted} without spaces inside the braces.", REJECTIONS),
    "braces": _error("“{text}” is not a variable. Write {{{{1}}}} or {{{{name}}}}.", REJECTIONS),
    "braces_single": _warning("“{text}” is sent as it stands. A variable has two braces on each side.", REJECTIONS),
    "sample_missing": _error("{label} needs a sample: the reviewers need to see one."),
    "sample_refused": _error("Sample: {problem}"),
    # Footer
    "footer_too_long": _error("The footer has {count} characters; {limit} are allowed."),
    "footer_variables": _error("The footer cannot have variables."),
    # Buttons
    "buttons_many": _error("There are {count} buttons; {limit} are allowed."),
    "url_buttons_many": _error("There are {count} link buttons; {limit} are allowed."),
    "phone_buttons_many": _error("There are {count} buttons to call; {limit} is allowed."),
    "code_buttons_many": _error("There are {count} buttons to copy a code; {limit} is allowed.", COUPON),
    "buttons_order": _error("Quick replies must stand together, before or after the other buttons."),
    "button_missing": _error("Button {number} has no text."),
    "button_too_long": _error("Button {number} has {count} characters; {limit} are allowed."),
    "button_variables": _error("The text of button {number} cannot have variables.", REFUSALS),
    "button_twice": _warning("Two buttons say “{text}”: nobody can tell which one was tapped.", REFUSALS),
    "url_missing": _error("Button {number} has no link."),
    "url_form": _error("The link of button {number} must be a whole address that starts with https://."),
    "url_too_long": _error("The link of button {number} has {count} characters; {limit} are allowed."),
    "url_variables": _error("The link of button {number} has {count} variables; one is allowed."),
    "url_variable_last": _error("In the link of button {number} the variable must come last."),
    "url_variable_site": _error(
        "In the link of button {number} the variable would be part of the site's name. Put a / before it."
    ),
    "url_whatsapp": _error("Button {number} links into WhatsApp itself, which buttons may not.", REFUSALS),
    "phone_missing": _error("Button {number} has no phone number."),
    "phone_form": _error("The phone number of button {number} must look like +15550100200."),
    "code_missing": _error("Button {number} needs a sample code.", COUPON),
    "code_too_long": _error("The code of button {number} has {count} characters; {limit} are allowed.", COUPON),
    "code_category": _error("Buttons that copy a code are for marketing templates.", COUPON),
    # Carousel
    "carousel_category": _error("A carousel is for marketing templates.", CAROUSEL),
    "carousel_extra": _error("A carousel has a text above its cards, and no {part} of its own.", CAROUSEL),
    "cards_count": _error("A carousel has {least} to {most} cards; this one has {count}.", CAROUSEL),
    "cards_alike": _error(
        "Card {number} is not built like the first: every card needs the same header, text or none, and buttons.",
        CAROUSEL,
    ),
    "card_header": _error("Card {number} needs a picture or a video.", CAROUSEL),
    "card_body_too_long": _error("The text of card {number} has {count} characters; {limit} are allowed.", CAROUSEL),
    "card_lines": _warning("The text of card {number} has {count} lines; {limit} are allowed.", CAROUSEL),
    "card_buttons_many": _error("Card {number} has {count} buttons; {limit} are allowed.", CAROUSEL),
    "card_button_kind": _error("Cards have quick replies, links and buttons to call, nothing else.", CAROUSEL),
    # Authentication
    "authentication_form": _error(
        "An authentication template has WhatsApp's own text and a button for the code.", AUTHENTICATION
    ),
    "authentication_category": _error("A template with a one-time code is in the category authentication.", CATEGORIES),
    "otp_button": _error("An authentication template has exactly one button, the one for the code.", AUTHENTICATION),
    "otp_expiry": _error("The code may be valid for {least} to {most} minutes.", AUTHENTICATION),
    "otp_app": _error(
        "Filling in the code by itself needs the Android app: its package name and its signature of 11 characters.",
        AUTHENTICATION,
    ),
    "otp_apps_many": _error("There are {count} apps; {limit} are allowed.", AUTHENTICATION),
    # Quick templates
    "quick_name_missing": _error("Give the template a name.", OURS),
    "quick_body_missing": _error("Write the text of the message.", OURS),
    "quick_body_too_long": _error("The text has {count} characters; {limit} are allowed.", OURS),
    "quick_media_missing": _error("Add the {media} that is sent.", OURS),
    "quick_braces": _warning("“{text}” is sent as it stands: it is not a variable.", OURS),
}

"""What templates and their languages may be called."""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction

from providers.cleaning import clean_text

from .models import MessageTemplate
from .refusals import TemplateRefused

Kind = MessageTemplate.Kind

# WhatsApp: developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview (read 2026-09)
PROVIDER_NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,4})?")
MOST_CHARACTERS = 120  # of a quick template's name


def checked_name(kind: str, name: str) -> str:
    """A name as it is stored. Raises TemplateRefused."""
    if kind == Kind.QUICK:
        name = " ".join(clean_text(name).split())
        if not name:
            raise TemplateRefused("name", "Write a name.")
        if len(name) > MOST_CHARACTERS:
            raise TemplateRefused("name", f"A name has at most {MOST_CHARACTERS} characters.")
    elif not PROVIDER_NAME.fullmatch(name := name.strip()):
        text = "Use only small letters a to z, digits and underscores, at most 512 of them: order_shipped."
        raise TemplateRefused("name", text)
    return name


def checked_language(code: str, *, optional: bool = False) -> str:
    """A language code in the provider's spelling. Raises TemplateRefused."""
    code = code.strip().replace("-", "_")
    if not (optional and not code) and not LANGUAGE.fullmatch(code):
        raise TemplateRefused("language", "Choose a language.")
    return code


def save_named(template: MessageTemplate) -> None:
    """Save a template under its name. Raises TemplateRefused when another one has it."""
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError:
        if template.kind == Kind.QUICK:
            text = f"There is a quick template “{template.name}” already."
        else:
            text = f"This account has a template “{template.name}” already. Add a language to it, or take another name."
        raise TemplateRefused("name", text) from None

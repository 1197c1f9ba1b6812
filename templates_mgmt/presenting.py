"""Words and shapes that every page about templates shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.urls import reverse

from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from . import languages
from .models import MessageTemplate, TemplateTranslation

Status, Category = TemplateTranslation.Status, MessageTemplate.Category
ANY_LANGUAGE = "any"  # stands in addresses for a quick template that has none

TONES = {
    Status.APPROVED: "ok",
    Status.REJECTED: "bad",
    Status.DISABLED: "bad",
    Status.PAUSED: "warn",
    Status.IN_REVIEW: "info",
    Status.SUBMITTING: "info",
}
# A shape as well as a word and a colour.
ICONS = {
    Status.APPROVED: "check-circle",
    Status.REJECTED: "x-mark",
    Status.DISABLED: "no-symbol",
    Status.PAUSED: "pause",
    Status.IN_REVIEW: "clock",
    Status.SUBMITTING: "arrow-path",
    Status.DRAFT: "pencil-square",
    Status.ARCHIVED: "archive-box",
    Status.DELETING: "trash",
    Status.OTHER: "question-mark-circle",
}
QUALITY = {"green": ("High", "ok"), "yellow": ("Medium", "warn"), "red": ("Low", "bad")}
RIGHT_TO_LEFT = ("ar", "fa", "he", "ur", "ps_AF", "prs_AF")


def status_chip(translation: TemplateTranslation) -> dict[str, str]:
    """The status as an icon, a word and a colour; a word of the provider's that nobody knows is shown as it came."""
    status = Status(translation.status)
    word = status.label
    if status == Status.OTHER and translation.provider_status:
        word = translation.provider_status.replace("_", " ").capitalize()
    if translation.template.kind == MessageTemplate.Kind.QUICK and status == Status.APPROVED:
        word = "In use" if translation.template.is_active else "Put aside"
        if not translation.template.is_active:
            return {"word": word, "tone": "", "icon": "archive-box"}
    return {"word": word, "tone": TONES.get(status, ""), "icon": ICONS[status]}


def quality(word: str) -> dict[str, str]:
    """The provider's quality rating in words; nothing while it has none."""
    label, tone = QUALITY.get(word, (word.replace("_", " ").capitalize(), ""))
    return {"word": label, "tone": tone} if word and word != "unknown" else {}


def language_code(translation: TemplateTranslation) -> str:
    """The language as it stands in an address."""
    return translation.language or ANY_LANGUAGE


def language_name(code: str) -> str:
    return languages.name(code) if code and code != ANY_LANGUAGE else "Any language"


def category(translation: TemplateTranslation) -> str:
    """What the provider made of it, else as asked."""
    word = translation.category or translation.template.category
    return Category(word).label if word in Category.values else word.capitalize()


def file_url(workspace: Workspace, template: MessageTemplate) -> Callable[[str], str]:
    """Where the files attached to a template are; '' for an id that makes no sense."""

    def address(name: str) -> str:
        try:
            return reverse("templates_mgmt:file", args=[workspace.slug, template.uuid, UUID(name)])
        except ValueError:
            return ""

    return address


def direction(code: str) -> str:
    """The direction a language is written in, for fields that are still empty."""
    return "rtl" if code.split("_")[0] in RIGHT_TO_LEFT or code in RIGHT_TO_LEFT else "auto"


def when(calendar: Calendar, at: Any) -> dict[str, str] | None:
    """A moment for a <time> element, or None."""
    return {"iso": at.isoformat(), "short": calendar.short(at), "long": calendar.long(at)} if at else None

"""Notices about templates as sentences with a link."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from . import presenting
from .models import TemplateNotice

Kind = TemplateNotice.Kind
TONES = {
    Kind.APPROVED: ("ok", "check-circle"),
    Kind.REJECTED: ("bad", "x-mark"),
    Kind.PAUSED: ("warn", "pause"),
    Kind.DISABLED: ("bad", "no-symbol"),
    Kind.QUALITY: ("warn", "exclamation-triangle"),
    Kind.CATEGORY: ("info", "tag"),
    Kind.CHANGED: ("info", "arrow-path"),
    Kind.GONE: ("warn", "trash"),
}


def rows(notices: Iterable[TemplateNotice], workspace: Workspace, calendar: Calendar) -> list[dict[str, Any]]:
    """Each notice with its words, colour and the page it is about."""
    return [_row(notice, workspace, calendar) for notice in notices]


def _row(notice: TemplateNotice, workspace: Workspace, calendar: Calendar) -> dict[str, Any]:
    translation = notice.translation
    template = translation.template
    tone, icon = TONES.get(Kind(notice.kind), ("info", "information-circle"))
    code = presenting.language_code(translation)
    gone = template.deleted_at is not None or translation.status == translation.Status.DELETED
    return {
        "word": notice.get_kind_display(),
        "text": notice.text,
        "tone": tone,
        "icon": icon,
        "name": template.name,
        "language": presenting.language_name(translation.language),
        "href": "" if gone else reverse("templates_mgmt:language", args=[workspace.slug, template.uuid, code]),
        "at": presenting.when(calendar, notice.created_at),
    }

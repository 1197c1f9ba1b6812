"""Where templates are used: by whom messages were made from each language, when last, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from templates_mgmt import languages
from templates_mgmt.models import MessageTemplate, TemplateTranslation
from workspaces.presenting_times import Calendar

from .models import Message
from .presenting_messages import SOURCES

DAYS = 7  # over which messages are counted; the index is by template, newest first

Status = Message.Status


@dataclass(frozen=True, slots=True)
class Use:
    """One language of a template over the last days."""

    translation: TemplateTranslation
    messages: int = 0
    sent: int = 0  # the provider took them, whatever came after
    delivered: int = 0  # read ones included
    read: int = 0
    failed: int = 0
    sources: dict[str, int] = field(default_factory=dict)  # agent, api, broadcast …

    @property
    def last_used_at(self) -> datetime | None:
        return self.translation.last_used_at


def where_used(template: MessageTemplate, *, now: datetime) -> list[Use]:
    """Every language that is not deleted, the last used first. Two queries."""
    found = template.translations.filter(workspace_id=template.workspace_id).exclude(status="deleted")
    translations = list(found.order_by("language"))
    counted = _counted(template.workspace_id, [translation.pk for translation in translations], now)
    uses = [Use(translation, **counted.get(translation.pk, {})) for translation in translations]
    return sorted(uses, key=lambda use: use.last_used_at.timestamp() if use.last_used_at else 0.0, reverse=True)


def _counted(workspace_id: int, translations: Iterable[int], now: datetime) -> dict[int, dict[str, Any]]:
    recent = Message.objects.filter(
        workspace_id=workspace_id, translation_id__in=list(translations), occurred_at__gt=now - timedelta(days=DAYS)
    )
    got = Q(status__in=[Status.DELIVERED, Status.READ, Status.PLAYED])
    rows = recent.values("translation_id", "source").annotate(
        messages=Count("id"),
        sent=Count("id", filter=got | Q(status=Status.SENT)),
        delivered=Count("id", filter=got),
        read=Count("id", filter=Q(status__in=[Status.READ, Status.PLAYED])),
        failed=Count("id", filter=Q(status=Status.FAILED)),
    )
    totals: dict[int, dict[str, Any]] = {}
    for row in rows.order_by("source"):
        total = totals.setdefault(row["translation_id"], {"sources": {}})
        total["sources"][row["source"]] = row["messages"]
        for name in ("messages", "sent", "delivered", "read", "failed"):
            total[name] = total.get(name, 0) + row[name]
    return totals


def described(use: Use, calendar: Calendar) -> dict[str, Any]:
    """A row of the list for people."""
    words = {
        "agent": "in the inbox",
        "api": "by programs",
        "broadcast": "in broadcasts",
        "automation": "by automations",
    }
    return {
        "language": languages.name(use.translation.language) if use.translation.language else "No language",
        "last": calendar.long(use.last_used_at) if use.last_used_at else "",
        "iso": use.last_used_at.isoformat() if use.last_used_at else "",
        "by": ", ".join(f"{count:,} {words.get(name, SOURCES.get(name, name))}" for name, count in use.sources.items()),
        **{name: getattr(use, name) for name in ("messages", "sent", "delivered", "read", "failed")},
    }

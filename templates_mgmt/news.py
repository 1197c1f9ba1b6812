"""What a provider's webhooks say about templates, applied once whatever their order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from providers import registry
from providers.types import Event
from workspaces.models import Channel

from . import standing, syncing, versions
from .errands import storing
from .models import MessageTemplate, TemplateTask, TemplateTranslation, TemplateVersion
from .refusals import TemplateRefused
from .standing import Standing, Verdict

log = structlog.get_logger(__name__)

Status, State = TemplateTranslation.Status, TemplateVersion.State
NEXT_SECOND = timedelta(seconds=2)  # a listing of the same second would prove nothing either


def apply(channel: Channel, event: Event) -> None:
    """Apply a template_status, _quality, _category or _components event, in the caller's transaction.

    News about a template that nobody here knows has the account's templates fetched.
    """
    found = _find(channel, event.details)
    if found is None or event.type == "template_components":
        # The notification about a new text leaves parts of it out; the listing has it whole.
        _fetch(channel)
        return
    before = _times(found.translation)
    HANDLERS[event.type](channel, found, event, event.timestamp or timezone.now())
    if found.is_changed or _times(found.translation) != before:
        storing.save([found])
        versions.tell(found.translation.template)


def _status(channel: Channel, found: Standing, event: Event, at: datetime) -> None:
    adapter = registry.templates(channel.kind)
    if adapter is None or not event.status:
        return
    verdict = Verdict(
        adapter.template_status(event.status),
        event.status,
        reason=event.reason or "",
        explanation=str(event.details.get("explanation") or ""),
        recommendation=str(event.details.get("recommendation") or ""),
    )
    row = found.translation
    # Webhooks are timed to the second, and of two statuses in one only the listing knows the last.
    in_doubt = row.status_at == at and row.status != verdict.status
    standing.judge(found, verdict, at=at)
    if in_doubt:
        _fetch(channel, wait=NEXT_SECOND)


def _quality(channel: Channel, found: Standing, event: Event, at: datetime) -> None:
    quality = str(event.details.get("quality") or "").lower()
    standing.rate(found, quality if quality in ("green", "yellow", "red") else "", at=at)


def _category(channel: Channel, found: Standing, event: Event, at: datetime) -> None:
    details = event.details
    if upcoming := str(details.get("upcoming_category") or "").lower():
        when = parse_datetime(str(details.get("effective_at") or ""))
        standing.announce_category(found, upcoming, when, at=at)
    else:
        standing.categorise(found, str(details.get("category") or "").lower(), at=at)


HANDLERS: dict[str, Callable[[Channel, Standing, Event, datetime], None]] = {
    "template_status": _status,
    "template_quality": _quality,
    "template_category": _category,
}


def _fetch(channel: Channel, *, wait: timedelta = timedelta(0)) -> None:
    try:
        syncing.request(channel, wait=wait)
    except TemplateRefused as refused:
        log.info("templates not fetched", channel=channel.pk, why=str(refused))  # disconnected a moment ago


def _times(row: TemplateTranslation) -> tuple[datetime | None, ...]:
    return row.status_at, row.category_at, row.quality_at


def _find(channel: Channel, details: dict[str, Any]) -> Standing | None:
    """The language that news is about, locked. By id, or by name while the id is not known yet."""
    own = (
        TemplateTranslation.objects.select_for_update(of=("self",))
        .select_related("template")
        .filter(
            workspace_id=channel.workspace_id,
            template__kind=MessageTemplate.Kind.PROVIDER,
            template__channel_kind=channel.kind,
            template__account_id=channel.account_id,
        )
        .exclude(status=Status.DELETED)
    )
    row = own.filter(provider_id=str(details.get("template_id") or "none")).first()
    if row is None and details.get("name"):
        row = own.filter(template__name=details["name"], language=str(details.get("language") or "")).first()
    if row is None:
        return None
    found = Standing(row, draft=row.versions.filter(state=State.OPEN).first())
    # While an edit is on its way, news is still about the text before it; its task finds out what became of it.
    if not (row.provider_id and _is_being_submitted(row)):
        found.submitted = row.versions.filter(state=State.SUBMITTED).order_by("-number").first()
    return found


def _is_being_submitted(row: TemplateTranslation) -> bool:
    task = versions.under_way(row)
    return task is not None and task.kind == TemplateTask.Kind.SUBMIT

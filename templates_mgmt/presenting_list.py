"""What the list of templates shows, and how its accounts stand with the provider."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from workspaces.models import Channel, Workspace
from workspaces.presenting_times import Calendar

from . import components, presenting
from .models import MessageTemplate, TemplateTask, TemplateTranslation, TemplateVersion
from .presenting_preview import excerpt

State = TemplateTask.State
SHOWN_LANGUAGES = 6
RECENT = 50  # syncs looked at for the last good and the last bad one of each account


def rows(templates: Iterable[MessageTemplate], workspace: Workspace, calendar: Calendar) -> list[dict[str, Any]]:
    """One line per template; its languages each with their own status."""
    return [_row(template, workspace, calendar) for template in templates]


def _row(template: MessageTemplate, workspace: Workspace, calendar: Calendar) -> dict[str, Any]:
    shown: list[TemplateTranslation] = template.shown  # type: ignore[attr-defined]  # prefetched by the listing
    for translation in shown:
        translation.template = template
    used = [translation.last_used_at for translation in shown if translation.last_used_at]
    return {
        "uuid": template.uuid,
        "name": template.name,
        "href": reverse("templates_mgmt:template", args=[workspace.slug, template.uuid]),
        **next((said for each in shown if (said := _excerpt(each))["excerpt"]), {"excerpt": ""}),
        "languages": [_language(each, workspace) for each in shown[:SHOWN_LANGUAGES]],
        "more": max(len(shown) - SHOWN_LANGUAGES, 0),
        "categories": list(dict.fromkeys(filter(None, map(presenting.category, shown)))),
        "recategorised": any(each.category and each.category != template.category for each in shown),
        "quality": _worst(shown),
        "used": presenting.when(calendar, max(used, default=None)),
    }


def _language(translation: TemplateTranslation, workspace: Workspace) -> dict[str, Any]:
    code = presenting.language_code(translation)
    return {
        "code": translation.language,
        "name": presenting.language_name(translation.language),
        "href": reverse("templates_mgmt:language", args=[workspace.slug, translation.template.uuid, code]),
        "changes": _is_being_written(translation) and translation.status != translation.Status.DRAFT,
        **presenting.status_chip(translation),
    }


def _is_being_written(translation: TemplateTranslation) -> bool:
    coming: list[TemplateVersion] = translation.coming  # type: ignore[attr-defined]
    return any(version.state == TemplateVersion.State.OPEN for version in coming)


def _excerpt(translation: TemplateTranslation) -> dict[str, str]:
    """The beginning of what can be sent, else of what is being written or in review."""
    coming: list[TemplateVersion] = translation.coming  # type: ignore[attr-defined]
    text = translation.components or (coming[0].components if coming else [])
    return {"excerpt": excerpt(components.read(text)), "direction": presenting.direction(translation.language)}


def _worst(translations: list[TemplateTranslation]) -> dict[str, str]:
    order = list(presenting.QUALITY)
    known = [each.quality for each in translations if each.quality in presenting.QUALITY]
    return presenting.quality(max(known, key=order.index)) if known else {}


def accounts(workspace: Workspace, calendar: Calendar) -> list[dict[str, Any]]:
    """Each account templates can be kept in step with, and how its last sync went."""
    channels = Channel.objects.filter(workspace_id=workspace.pk, disconnected_at=None).exclude(account_id="")
    by_account: dict[str, list[Channel]] = {}
    for channel in channels.order_by("name"):
        by_account.setdefault(channel.account_id, []).append(channel)
    if not by_account:
        return []
    newest = TemplateTask.objects.filter(workspace_id=workspace.pk, kind=TemplateTask.Kind.SYNC).order_by("-id")
    tasks = list(newest[:RECENT])
    return [
        _account(group, [task for task in tasks if task.channel_id in {each.pk for each in group}], calendar)
        for group in by_account.values()
    ]


def _account(channels: list[Channel], syncs: list[TemplateTask], calendar: Calendar) -> dict[str, Any]:
    """`syncs` newest first."""
    live = next((task for task in syncs if task.state in TemplateTask.LIVE), None)
    ended = next((task for task in syncs if task.finished_at), None)
    done = next((task for task in syncs if task.state == State.DONE), None)
    failed = ended if ended and ended.state == State.FAILED else None
    return {
        "channel": channels[0],
        "name": ", ".join(channel.name for channel in channels),
        "working": live is not None,
        "seen": live.counts.get("seen", 0) if live else 0,
        "error": live.error if live else failed.error if failed else "",
        "failed": presenting.when(calendar, failed.finished_at) if failed else None,
        "done": presenting.when(calendar, done.finished_at) if done else None,
        "counts": _counts(done.counts) if done else "",
    }


def _counts(counts: dict[str, Any]) -> str:
    """What a sync found, in words: "12 languages, 1 new, 2 changed"."""
    seen = counts.get("seen", 0)
    words = [f"{seen} {'language' if seen == 1 else 'languages'}"]
    words += [f"{counts[key]} {key}" for key in ("new", "changed", "gone") if counts.get(key)]
    return ", ".join(words)

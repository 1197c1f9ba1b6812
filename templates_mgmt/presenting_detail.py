"""What the page of a template shows: one language with its status, text, reasons, versions; the others as tabs."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from providers.registry import templates as adapter_of
from workspaces.access import allows
from workspaces.models import Member, Workspace
from workspaces.presenting_times import Calendar

from . import comparing, components, presenting, submitting
from .models import MessageTemplate, TemplateTask, TemplateTranslation, TemplateVersion
from .presenting_preview import phone

Kind, Status = MessageTemplate.Kind, TemplateTranslation.Status
State, Task = TemplateVersion.State, TemplateTask.State
EDITABLE = {Status.DRAFT, Status.APPROVED, Status.REJECTED, Status.PAUSED}
# Part of a template → words by which a provider's sentence names it, most telling first.
PARTS = {
    "header": ("header", "image", "video", "media", "sample"),
    "footer": ("footer",),
    "buttons": ("button", "url", "link", "phone number"),
    "cards": ("card", "carousel"),
    "category": ("category", "marketing", "utility", "promotion"),
    "body": ("body", "variable", "parameter", "placeholder", "text", "format"),
}
# The part a reason is about when no sentence names one.
PART_OF_REASON = {
    "INVALID_FORMAT": "body",
    "TAG_CONTENT_MISMATCH": "category",
    "INCORRECT_CATEGORY": "category",
    "PROMOTIONAL": "category",
    "ABUSIVE_CONTENT": "body",
    "SCAM": "body",
}
VERSION_TONES = {State.APPROVED: "ok", State.REJECTED: "bad", State.SUBMITTED: "info", State.OPEN: ""}


def page(
    translation: TemplateTranslation,
    translations: list[TemplateTranslation],
    workspace: Workspace,
    member: Member,
    calendar: Calendar,
) -> dict[str, Any]:
    """Everything of one language's page."""
    template = translation.template
    versions = list(
        TemplateVersion.objects.filter(workspace_id=workspace.pk, translation=translation)
        .exclude(state=State.DISCARDED)
        .select_related("created_by", "submitted_by")
        .order_by("-number")
    )
    draft = next((each for each in versions if each.state == State.OPEN), None)
    task, manages = _task(translation), allows(member.role, "manage_templates")
    return {
        **_standing(translation, calendar),
        **_text(translation, versions, workspace),
        "template": template,
        "translation": translation,
        "code": presenting.language_code(translation),
        "quick": template.kind == Kind.QUICK,
        "direction": presenting.direction(translation.language),
        "language_name": presenting.language_name(translation.language),
        "tabs": [_tab(each, translation) for each in translations],
        "present": [each.language for each in translations],
        "draft": draft,
        "only_draft": translation.status == Status.DRAFT,
        "can_manage": manages,
        "can_edit": manages and translation.status in EDITABLE and not (task and task.state in TemplateTask.LIVE),
        "can_add_language": manages and template.kind == Kind.PROVIDER,
        "edits": _edits(translation, calendar) if manages else "",
        "task": _task_words(task),
        "versions": _versions(versions, calendar),
    }


def _standing(translation: TemplateTranslation, calendar: Calendar) -> dict[str, Any]:
    """What the provider makes of it."""
    return {
        "status": presenting.status_chip(translation),
        "category": presenting.category(translation),
        "category_before": _category_before(translation),
        "upcoming": _upcoming(translation, calendar),
        "quality": presenting.quality(translation.quality),
        "rejection": rejection(translation),
        "times": _times(translation, calendar),
        "used": presenting.when(calendar, translation.last_used_at),
    }


def _text(translation: TemplateTranslation, versions: list[TemplateVersion], workspace: Workspace) -> dict[str, Any]:
    """The text that can be sent; while there is none yet, the newest that was written."""
    shown = translation if translation.components or not versions else versions[0]
    content = components.read(shown.components)
    url = presenting.file_url(workspace, translation.template)
    return {"phone": phone(content, shown.variables, url), "unsupported": content.unsupported}


def _tab(each: TemplateTranslation, current: TemplateTranslation) -> dict[str, Any]:
    return {
        "code": presenting.language_code(each),
        "name": presenting.language_name(each.language),
        "current": each.pk == current.pk,
        **presenting.status_chip(each),
    }


def _category_before(translation: TemplateTranslation) -> str:
    """As asked, where the provider made another category of it."""
    asked = translation.template.category
    if not translation.category or translation.category == asked or asked not in presenting.Category.values:
        return ""
    return presenting.Category(asked).label


def _upcoming(translation: TemplateTranslation, calendar: Calendar) -> str:
    if not translation.upcoming_category:
        return ""
    at = translation.category_changes_at
    word = translation.upcoming_category.capitalize()
    return (
        f"The provider will make this {word} on {calendar.long(at)}." if at else f"The provider will make this {word}."
    )


def _edits(translation: TemplateTranslation, calendar: Calendar) -> str:
    """How often an approved text may still be changed, in words."""
    left = submitting.edits_left(translation, timezone.now())
    if not left.is_limited:
        return ""
    if left.possible_at is not None:
        return f"Changes can be submitted again from {calendar.long(left.possible_at)}."
    return f"Today {left.today} change can be submitted, {left.this_month} in 30 days."


def rejection(translation: TemplateTranslation) -> dict[str, str] | None:
    """The provider's own word first, then what it means and what to do."""
    if not (translation.reason or translation.explanation) or translation.status not in {
        Status.REJECTED,
        Status.PAUSED,
        Status.DISABLED,
    }:
        return None
    adapter = adapter_of(translation.template.channel_kind)
    known = adapter.explain_rejection(translation.reason) if adapter and translation.reason else None
    return {
        "reason": translation.reason,
        "said": translation.explanation,
        "advice": translation.recommendation,
        "meaning": known.text if known else "",
        "action": known.action if known else "",
        "part": concerned(f"{translation.explanation} {translation.recommendation}", translation.reason),
    }


def concerned(said: str, reason: str) -> str:
    """The part of the template that a refusal is about: header, body, footer, buttons, cards, category; '' unknown."""
    sentence = said.lower()
    for part, words in PARTS.items():
        if any(word in sentence for word in words):
            return part
    return PART_OF_REASON.get(reason.upper(), "")


def _task(translation: TemplateTranslation) -> TemplateTask | None:
    """What was last done with this language at the provider, or is being done."""
    found = TemplateTask.objects.filter(workspace_id=translation.workspace_id, template_id=translation.template_id)
    mine = found.exclude(kind=TemplateTask.Kind.SYNC).order_by("-id")[:20]
    return next((task for task in mine if task.translation_id in {translation.pk, None}), None)


def _task_words(task: TemplateTask | None) -> dict[str, Any] | None:
    if task is None or task.state == Task.DONE:
        return None
    submits = task.kind == TemplateTask.Kind.SUBMIT
    doing = "Being submitted" if submits else "Being deleted"
    return {
        "working": task.state in TemplateTask.LIVE,
        "failed": task.state == Task.FAILED,
        "title": ("Not submitted" if submits else "Not deleted") if task.state == Task.FAILED else doing,
        "error": task.error,
        "submits": submits,
        "waits": task.state == Task.QUEUED and task.attempts > 0,
        "all": task.translation_id is None,
    }


def _times(translation: TemplateTranslation, calendar: Calendar) -> list[tuple[str, dict[str, str]]]:
    named = (
        ("Submitted", translation.submitted_at),
        ("Approved", translation.approved_at),
        ("In step with the provider", translation.synced_at),
    )
    return [(word, at) for word, moment in named if (at := presenting.when(calendar, moment))]


def _versions(versions: list[TemplateVersion], calendar: Calendar) -> list[dict[str, Any]]:
    """Newest first, each with what it changed against the one before."""
    shown = []
    for at, version in enumerate(versions):
        before = versions[at + 1] if at + 1 < len(versions) else None
        changes = _changes(before, version) if before else []
        by = version.submitted_by or version.created_by
        shown.append(
            {
                "number": version.number,
                "word": version.get_state_display(),
                "tone": VERSION_TONES.get(State(version.state), ""),
                "by": by.name if by else "",
                "at": presenting.when(calendar, version.submitted_at or version.updated_at),
                "changes": changes,
                "before": before.number if before else None,
                "reason": version.reason,
                "said": version.explanation,
            }
        )
    return shown


def _changes(before: TemplateVersion, version: TemplateVersion) -> list[comparing.Difference]:
    categories = {"old_category": before.category, "new_category": version.category}
    return comparing.differences(before.components, version.components, **categories)

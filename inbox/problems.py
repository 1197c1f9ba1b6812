"""Webhooks an admin has to look at: bodies nobody could read, and elements nobody could apply."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from workspaces import auditing
from workspaces.models import Member, Workspace

from . import receiving
from .models import DeadLetter, InboundWebhook

PAGE = 30
SHOWN = 20_000  # characters of a body shown in the page; the whole body stays stored


@dataclass(frozen=True, slots=True)
class Problem:
    """One webhook with its reasons, as the page shows it."""

    id: int
    channel: str
    received_at: datetime
    reasons: Sequence[tuple[str, str]]  # where in the body, what is wrong
    size: int  # bytes
    body: str
    is_cut: bool


def open_problems(workspace: Workspace) -> QuerySet[InboundWebhook]:
    """Stored webhooks of a workspace that wait for a person, newest first."""
    letters = DeadLetter.objects.filter(workspace=workspace, webhook=OuterRef("pk"), resolved_at=None)
    stored = InboundWebhook.objects.filter(workspace=workspace)
    # Two indexed sets instead of one OR over the whole table of webhooks.
    with_letters = DeadLetter.objects.filter(workspace=workspace, resolved_at=None).values("webhook_id")
    return (
        stored.filter(Q(pk__in=with_letters) | ~Q(dead_at=None)).annotate(has_letters=Exists(letters)).order_by("-id")
    )


def page(workspace: Workspace, *, before: int | None = None) -> tuple[list[Problem], int | None]:
    """Up to PAGE problems older than the webhook `before`, and where the next page begins."""
    found = open_problems(workspace).select_related("channel").prefetch_related("dead_letters")
    if before is not None:
        found = found.filter(pk__lt=before)
    webhooks = list(found[: PAGE + 1])
    problems = [_problem(webhook) for webhook in webhooks[:PAGE]]
    return problems, webhooks[PAGE - 1].pk if len(webhooks) > PAGE else None


@transaction.atomic
def replay(webhook: InboundWebhook, *, by: Member) -> None:
    """Apply one stored webhook again; what was applied before stays as it is."""
    receiving.replay(webhook)
    auditing.record(by, "webhook.replayed", f"webhook {webhook.pk}")


@transaction.atomic
def replay_all(workspace: Workspace, *, by: Member) -> int:
    """Apply every open problem of the workspace again; returns how many webhooks that are."""
    webhooks = list(open_problems(workspace))
    for webhook in webhooks:
        receiving.replay(webhook)
    if webhooks:
        auditing.record(by, "webhook.replayed", f"{len(webhooks)} webhooks")
    return len(webhooks)


def _problem(webhook: InboundWebhook) -> Problem:
    raw = bytes(webhook.body)
    text = _readable(raw)
    reasons = [(letter.pointer, letter.reason) for letter in webhook.dead_letters.all() if letter.resolved_at is None]
    if webhook.dead_at is not None:
        reasons.insert(0, ("", webhook.error))
    return Problem(
        webhook.pk, webhook.channel.name, webhook.received_at, reasons, len(raw), text[:SHOWN], len(text) > SHOWN
    )


def _readable(raw: bytes) -> str:
    """Indented JSON where it is JSON, else the text with whatever does not decode replaced."""
    text = raw.decode("utf-8", errors="replace").replace("\x00", "\ufffd")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False) if len(raw) < SHOWN * 2 else text
    except (ValueError, RecursionError):
        return text

"""Replies, reactions and second tries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from inbox import attaching, reacting, sending
from inbox.forms import ReactionForm, ReplyForm
from inbox.models import Message
from inbox.presenting_pages import Desk
from workspaces.access import workspace_view
from workspaces.models import Workspace
from workspaces.presenting_times import span

from .parts import changes, cursor, desk, full_page, quoted, told

JUST_NOW = timedelta(seconds=60)  # a colleague's reply this fresh and not yet on the screen is worth a question


@require_POST
@workspace_view("reply")
def send(request: Any, workspace: Workspace, queue: str, uuid: UUID) -> HttpResponse:
    """Send one reply: text, or one file with or without a caption."""
    at = desk(request, workspace, queue, uuid)
    form = ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, at, form.first_error())
    if form.cleaned_data["conversation"] != at.conversation.uuid:
        return _refused(request, at, "This text was written in another conversation. Nothing was sent.", status=409)
    original = _quoted(request, at)
    if form.cleaned_data["reply_to"] and original is None:
        return _refused(request, at, "The message you reply to is no longer there.")
    if not form.cleaned_data["anyway"] and (colleague := answered_just_now(request, at)):
        return _refused(request, at, colleague, status=409)
    try:
        with transaction.atomic():
            draft = _draft(at, form, original)
            sending.send(at.conversation, draft, by=request.member, cid=form.cleaned_data["cid"])
    except (sending.NotSendable, attaching.NotAttachable) as error:
        return _refused(request, at, str(error))
    if not request.htmx:
        return redirect(at.base)
    return changes(request, desk(request, workspace, queue, uuid), with_row=True)


@require_POST
@workspace_view("reply")
def retry(request: Any, workspace: Workspace, queue: str, uuid: UUID, message: UUID) -> HttpResponse:
    """Try a failed message once more."""
    at = desk(request, workspace, queue, uuid)
    failed = _message(at, message)
    return _done(request, at, lambda: sending.retry(failed, by=request.member))


@require_POST
@workspace_view("reply")
def reaction(request: Any, workspace: Workspace, queue: str, uuid: UUID, message: UUID) -> HttpResponse:
    """React to a customer's message with an emoji, or take the reaction back."""
    at = desk(request, workspace, queue, uuid)
    target, form = _message(at, message), ReactionForm(request.POST)
    if not form.is_valid():
        return _said(request, at, "This emoji is not offered.")
    return _done(request, at, lambda: reacting.react(target, form.cleaned_data["emoji"], by=request.member))


def _message(at: Desk, uuid: UUID) -> Message:
    """The named message of this conversation. Raises Http404."""
    found = Message.objects.filter(workspace_id=at.conversation.workspace_id, conversation=at.conversation)
    return get_object_or_404(found, uuid=uuid)


def _done(request: Any, at: Desk, verb: Callable[[], object]) -> HttpResponse:
    """Do it and show what changed, or say why not."""
    try:
        verb()
    except sending.NotSendable as error:
        return _said(request, at, str(error))
    return changes(request, at) if request.htmx else redirect(at.base)


def _said(request: Any, at: Desk, reason: str) -> HttpResponse:
    if not request.htmx:
        return full_page(request, at, error=reason, status=422)
    return told(HttpResponse(status=204), toast={"text": reason, "bad": True})


def _quoted(request: Any, at: Desk) -> Message | None:
    return quoted(at, request.POST.get("reply_to", ""))


def _draft(at: Desk, form: ReplyForm, original: Message | None) -> sending.Draft:
    text, upload = form.cleaned_data["text"], form.cleaned_data["file"]
    reply_to = (original.provider_id if original else "") or ""
    if upload is None:
        return sending.Draft("text", {"text": text}, text, reply_to)
    file = attaching.keep(at.conversation.channel, upload)
    content = {"filename": file.filename} | ({"caption": text} if text else {})
    return sending.Draft(file.kind, content, text, reply_to, file)


def answered_just_now(request: Any, at: Desk) -> str:
    """What to say when a colleague answered after this screen was last up to date, else nothing."""
    conversation, now = at.conversation, at.calendar.now
    by, when = conversation.last_reply_by, conversation.last_reply_at
    if by is None or when is None or by.pk == request.member.pk or now - when > JUST_NOW:
        return ""
    if when <= cursor(request, at):
        return ""
    ago = span(now - when) if now - when >= timedelta(minutes=1) else f"{int((now - when).total_seconds())} seconds"
    return f"{by.name} answered {ago} ago."


def _refused(request: Any, at: Desk, reason: str, *, status: int = 422) -> HttpResponse:
    """Say why nothing was sent and give the text back."""
    if request.htmx:
        return JsonResponse({"text": reason, "conflict": status == 409}, status=status)
    writing = {"text": request.POST.get("text", ""), "quoted": _quoted(request, at)}
    return full_page(request, at, error=reason, status=status, **writing)

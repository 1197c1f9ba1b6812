"""The one door out: whoever sends, sends through `send`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from config.queues import ring
from contacts import consent, people
from live.publishing import publish
from providers.registry import adapter
from providers.types import MediaRef, Outbound
from templates_mgmt.models import TemplateTranslation
from workspaces import credits
from workspaces.models import Member

from . import charging, template_files, window
from .models import Attachment, Conversation, ConversationEvent, Message
from .previews import preview_of

WINDOW_BOUND = frozenset(
    {
        "text",
        "image",
        "video",
        "audio",
        "voice",
        "document",
        "sticker",
        "location",
        "contacts",
        "interactive",
        "reaction",
    }
)  # everything but templates, which are what opens a conversation

LANES = {
    "agent": Message.Lane.AGENT,
    "api": Message.Lane.API,
    "automation": Message.Lane.API,
    "broadcast": Message.Lane.BROADCAST,
}
QUEUES = {Message.Lane.AGENT: "live", Message.Lane.API: "default", Message.Lane.BROADCAST: "broadcasts"}


OPTED_OUT = (
    "This person opted out of marketing. Choose a template that is not for marketing, or write to them yourself."
)


class NotSendable(Exception):
    """A message was refused before it was queued; `reason` is a stable word, `str()` a sentence for people."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to say. `file` is an attachment already in our media storage.

    `translation` is the template it was made from, approved or quick; see template_sending.
    """

    kind: str
    content: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    reply_to: str = ""
    file: Attachment | None = None
    translation: TemplateTranslation | None = None


@transaction.atomic
def send(
    conversation: Conversation,
    draft: Draft,
    *,
    source: str = Message.Source.AGENT,
    by: Member | None = None,
    cid: UUID | None = None,
    now: datetime | None = None,
) -> Message:
    """Queue one message and return it; the same `cid` returns the first message again and sends nothing.

    Raises NotSendable with reason `blocked`, `opted_out` (of marketing), `channel_down`, `window_closed`, `unsupported`
    or `credits`. The number's dispatcher is poked after the commit; if that is lost, the sweep finds the row. Call it
    once per transaction: the pocket that pays stays locked, and must be the last that is (see workspaces.credits).
    """
    now = now or timezone.now()
    # First the person, then the conversation: the order in which inbound messages lock them too.
    people.wrote_to(conversation.workspace_id, conversation.contact_id, now)
    conversation = (
        Conversation.objects.select_for_update(of=("self",))
        .select_related("channel", "identity", "contact")
        .get(workspace_id=conversation.workspace_id, pk=conversation.pk)
    )
    if cid and (first := Message.objects.filter(conversation=conversation, cid=cid).first()):
        return first
    refuse(conversation, draft, now=now)
    message = _queued(conversation, draft, source=source, by=by, cid=cid, now=now)
    if draft.file is not None:
        draft.file.message = message
        draft.file.save()
    _note(conversation, message, by, now)
    _pay(message, conversation, by)
    poke(conversation.channel_id, message.lane)
    publish(conversation.workspace_id, f"conv-{conversation.uuid}", "list", "counts", "credits")
    return message


def purpose_of(translation: TemplateTranslation | None) -> str:
    """What a message made from this template is for: `marketing`, or '' for what needs no consent."""
    return consent.MARKETING if charging.category_of(translation) == consent.MARKETING else ""


def refuse(conversation: Conversation, draft: Draft, *, now: datetime, purpose: str = "") -> None:
    """Raise NotSendable when this draft cannot go out over this conversation's channel now.

    `purpose` is that of a message queued before; a new one's follows from its template.
    """
    channel = conversation.channel
    if conversation.contact.blocked_at is not None:
        raise NotSendable("blocked", "This person is blocked. Unblock them in their contact record to write again.")
    is_marketing = (purpose or purpose_of(draft.translation)) == consent.MARKETING
    if is_marketing and consent.state_of(conversation.identity) == consent.OPTED_OUT:
        raise NotSendable("opted_out", OPTED_OUT)
    if not channel.is_open:
        raise NotSendable("channel_down", f"{channel.name} is not connected. An admin can reconnect it in Settings.")
    provider = adapter(channel.kind)
    has_window = provider.capabilities.reply_window is not None and draft.kind in WINDOW_BOUND
    if window.state(conversation.window_expires_at, now, has_window=has_window) == "closed":
        raise NotSendable("window_closed", "The reply window is closed. It opens again when the customer writes.")
    if reason := provider.refuse(outbound(conversation, draft)):
        raise NotSendable("unsupported", reason)


def outbound(conversation: Conversation, draft: Draft) -> Outbound:
    """The draft in the adapters' words, as far as it is known before an upload."""
    media = None
    if draft.file is not None:
        # The id comes with the upload; the adapter only judges kind, type and name here.
        media = MediaRef(id="pending", mime_type=draft.file.mime_type, filename=draft.file.filename)
    return Outbound(
        kind=draft.kind,
        to=conversation.identity.address,
        to_user_id=conversation.identity.user_id,
        content=draft.content or {"text": draft.text},
        reply_to=draft.reply_to,
        media=media,
    )


def poke(channel_id: int, lane: int) -> None:
    """Tell the dispatcher of these lanes to look at the channel, after the commit."""
    ring("inbox.jobs.dispatch", channel_id, int(lane), queue=QUEUES[Message.Lane(lane)])


@transaction.atomic
def retry(message: Message, *, by: Member) -> Message:
    """Queue a failed message once more. Raises NotSendable when it did not fail or cannot go out now.

    A new attempt of the same message, so the thread keeps one bubble; `by` becomes its sender.
    """
    message = (
        Message.objects.select_for_update(of=("self",))
        .select_related(
            "conversation__channel", "conversation__identity", "conversation__contact", "translation__template"
        )
        .get(workspace_id=message.workspace_id, pk=message.pk)
    )
    if message.status != Message.Status.FAILED or message.direction != Message.Direction.OUT:
        raise NotSendable("not_failed", "Only a message that was not sent can be tried again.")
    now = timezone.now()
    file = Attachment.objects.filter(message=message).first()
    draft = Draft(message.kind, message.content, message.text, message.reply_to, file, message.translation)
    refuse(message.conversation, draft, now=now, purpose=message.purpose)
    message.status, message.send_state = Message.Status.PENDING, Message.SendState.QUEUED
    message.error_code = message.error_text = ""
    message.provider_id = message.failed_at = message.sent_at = message.started_at = None
    message.answered_at = message.echoed_at = None
    message.due_at, message.resends, message.sender = now, 0, by
    template_files.upload_again(message)
    # A late report about those attempts must not be taken for one about the next. One more if there was none, because
    # the number also tells this order's charge from the last one's.
    message.attempt = message.spent_attempts = max(message.attempt, message.spent_attempts + 1)
    message.save()
    _pay(message, message.conversation, by)
    poke(message.channel_id, message.lane)
    publish(message.workspace_id, f"conv-{message.conversation.uuid}", "credits")
    return message


def _queued(
    conversation: Conversation, draft: Draft, *, source: str, by: Member | None, cid: UUID | None, now: datetime
) -> Message:
    return Message.objects.create(
        workspace_id=conversation.workspace_id,
        conversation=conversation,
        channel_id=conversation.channel_id,
        direction=Message.Direction.OUT,
        kind=draft.kind,
        content=draft.content,
        text=draft.text,
        status=Message.Status.PENDING,
        source=source,
        sender=by,
        cid=cid,
        reply_to=draft.reply_to,
        translation=draft.translation,
        purpose=purpose_of(draft.translation),
        send_state=Message.SendState.QUEUED,
        lane=LANES[source],
        due_at=now,
        occurred_at=now,
    )


def _pay(message: Message, conversation: Conversation, by: Member | None) -> None:
    try:
        charging.pay(message, conversation, by=by)
    except credits.NotEnough as error:
        raise NotSendable("credits", charging.why_not(error)) from error


def _note(conversation: Conversation, message: Message, by: Member | None, now: datetime) -> None:
    """Show the message in the list; an agent's reply takes an unassigned conversation and reopens a resolved one.

    A reaction does none of this: it answers nothing, so what the customer wrote stays the last word and unread.
    """
    if message.kind == "reaction":
        return
    conversation.preview = preview_of(message.kind, message.text, message.content)
    conversation.preview_kind, conversation.preview_direction = message.kind, message.direction
    conversation.last_message_at = max(conversation.last_message_at, now)
    if by is not None:
        conversation.last_reply_at, conversation.last_reply_by = now, by
        conversation.unread_count = 0
        if conversation.assignee_id is None:
            conversation.assignee = by
            _event(conversation, ConversationEvent.Kind.ASSIGNED, by, {"to": by.name, "by_reply": True})
        if conversation.status == Conversation.Status.RESOLVED:
            conversation.status = Conversation.Status.OPEN
            _event(conversation, ConversationEvent.Kind.REOPENED, by, {})
    conversation.save()


def _event(conversation: Conversation, kind: str, actor: Member | None, details: dict[str, Any]) -> None:
    ConversationEvent.objects.create(
        workspace_id=conversation.workspace_id, conversation=conversation, kind=kind, actor=actor, details=details
    )

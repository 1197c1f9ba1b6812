"""Everything said with one person, over all their conversations: the newest page, and the pages above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from contacts.models import Contact

from .models import Attachment, Conversation, ConversationEvent, Message
from .reading import tapped_on

PAGE = 50  # messages
RECENT = 300  # how many of the newest messages are looked at for files
MOST_CONVERSATIONS = 30  # one per channel and address, so this is far more than people have


@dataclass(frozen=True, slots=True)
class History:
    """Messages oldest first, the events among them, the message above, what is quoted and what was tapped."""

    messages: list[Message]
    events: list[ConversationEvent]
    above: Message | None
    quoted: dict[int, dict[str, Message]]  # by conversation, then provider id
    tapped: dict[str, set[str]]  # by provider id


def conversations_of(contact: Contact) -> list[Conversation]:
    """Where this person writes, the latest first."""
    found = Conversation.objects.filter(workspace_id=contact.workspace_id, contact=contact)
    found = found.exclude(status=Conversation.Status.HIDDEN).select_related("channel", "identity", "assignee")
    return list(found.order_by("-last_message_at")[:MOST_CONVERSATIONS])


def page(conversations: Sequence[Conversation], *, before: Message | None = None) -> History:
    """The last page of messages over all these conversations, or those above `before`. Five queries at most."""
    if not conversations:
        return History([], [], None, {}, {})
    keys = _newest(conversations, PAGE + 1, before)
    found = Message.objects.filter(pk__in=keys).select_related("sender", "attachment").order_by("-occurred_at", "-id")
    newest_first = list(found)
    above = newest_first.pop() if len(newest_first) > PAGE else None
    messages = newest_first[::-1]
    events = ConversationEvent.objects.filter(conversation__in=conversations)
    if above is not None:
        events = events.filter(created_at__gte=messages[0].occurred_at)
    if before is not None:
        events = events.filter(created_at__lt=before.occurred_at)
    happened = list(events.select_related("actor").order_by("-created_at")[:RECENT]) if messages else []
    quoted, tapped = _quoted(conversations, messages), tapped_on(conversations, messages)
    return History(messages, happened, above, quoted, tapped)


def shared(conversations: Sequence[Conversation]) -> list[Attachment]:
    """Files of the recent messages that can be looked at, newest first."""
    if not conversations:
        return []
    ready = Attachment.objects.filter(
        message_id__in=_newest(conversations, RECENT, None), state=Attachment.State.READY, message__deleted_at=None
    )
    return list(ready.filter(kind__in=["image", "video", "document"]).select_related("message").order_by("-id")[:24])


def _newest(conversations: Sequence[Conversation], size: int, before: Message | None) -> list[int]:
    """Keys of the newest messages: the newest of each thread by its own index, then the newest of those."""
    parts = [_of(conversation, before)[:size] for conversation in conversations]
    if len(parts) == 1:
        return [pk for pk, _ in parts[0]]
    together = parts[0].union(*parts[1:], all=True).order_by("-occurred_at", "-pk")
    return [pk for pk, _ in together[:size]]


def _of(conversation: Conversation, before: Message | None) -> QuerySet[Message, tuple[int, object]]:
    found = Message.objects.filter(workspace_id=conversation.workspace_id, conversation=conversation)
    if before is not None:
        earlier = Q(occurred_at__lt=before.occurred_at) | Q(occurred_at=before.occurred_at, id__lt=before.pk)
        found = found.filter(earlier, occurred_at__lte=before.occurred_at)
    found = found.exclude(kind="reaction").order_by("-occurred_at", "-id")
    return found.values_list("pk", "occurred_at")


def _quoted(conversations: Sequence[Conversation], messages: Sequence[Message]) -> dict[int, dict[str, Message]]:
    wanted = {message.reply_to for message in messages if message.reply_to}
    found: dict[int, dict[str, Message]] = {}
    if wanted:
        known = Message.objects.filter(conversation__in=conversations, provider_id__in=wanted).select_related("sender")
        for message in known.filter(channel_id__in={each.channel_id for each in conversations}):
            found.setdefault(message.conversation_id, {})[message.provider_id or ""] = message
    return found

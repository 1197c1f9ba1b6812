"""What a thread shows: its last page, the pages before, and what changed since somebody looked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from .models import Attachment, Conversation, ConversationEvent, Message

PAGE = 50  # messages
RECENT = 300  # how many of the newest messages a screen can hold, and so how far back changes matter to it
WITH_BUTTONS = frozenset({"template", "interactive"})
# A transaction that began earlier may commit later: looking back a little finds it. Repetition is harmless.
OVERLAP = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Messages oldest first, the events among them, the message just above, what they quote and what was tapped."""

    messages: list[Message]
    events: list[ConversationEvent]
    above: Message | None = None
    quoted: dict[str, Message] = field(default_factory=dict)
    tapped: dict[str, set[str]] = field(default_factory=dict)


def messages_of(conversation: Conversation) -> QuerySet[Message]:
    """The thread newest first, with what a bubble shows.

    Reactions are drawn on their target, not as messages; only one that was refused has a bubble, which says why.
    """
    found = Message.objects.filter(workspace_id=conversation.workspace_id, conversation=conversation)
    drawn = ~Q(kind="reaction") | Q(status=Message.Status.FAILED)
    return found.filter(drawn).select_related("sender", "attachment").order_by("-occurred_at", "-id")


def quotable(conversation: Conversation, uuid: UUID) -> Message | None:
    """The named message of this conversation if an answer can quote it: the provider knows it, and it still stands."""
    found = messages_of(conversation).filter(deleted_at=None, provider_id__isnull=False)
    return found.filter(uuid=uuid).first()


def page(conversation: Conversation, *, before: Message | None = None, size: int = PAGE) -> Stretch:
    """The last `size` messages, or those above `before`."""
    found = messages_of(conversation)
    if before is not None:
        found = found.filter(_above(before))
    newest_first = list(found[: size + 1])
    above = newest_first.pop() if len(newest_first) > size else None
    messages = newest_first[::-1]
    events = ConversationEvent.objects.filter(workspace_id=conversation.workspace_id, conversation=conversation)
    if above is not None:
        events = events.filter(created_at__gte=messages[0].occurred_at)
    if before is not None:
        events = events.filter(created_at__lt=before.occurred_at)
    return _stretch(conversation, messages, list(events.select_related("actor")[:RECENT]), above)


def changes(conversation: Conversation, after: datetime) -> Stretch:
    """Messages and events that are new or different since `after`, among those a screen can hold."""
    since = after - OVERLAP
    recent = messages_of(conversation).select_related(None).values("pk")[:RECENT]
    changed = messages_of(conversation).filter(pk__in=recent, updated_at__gt=since)
    messages = list(changed.order_by("occurred_at", "id"))
    new = next((message for message in messages if message.created_at > since), None)
    above = messages_of(conversation).filter(_above(new)).first() if new else None
    events = ConversationEvent.objects.filter(
        workspace_id=conversation.workspace_id, conversation=conversation, created_at__gt=since
    )
    return _stretch(conversation, messages, list(events.select_related("actor")), above)


def _stretch(
    conversation: Conversation, messages: list[Message], events: list[ConversationEvent], above: Message | None
) -> Stretch:
    quoted, tapped = quoted_by(conversation, messages), tapped_on([conversation], messages)
    return Stretch(messages, events, above, quoted, tapped)


def quoted_by(conversation: Conversation, messages: Sequence[Message]) -> dict[str, Message]:
    """Provider id → message, for what these messages reply to."""
    wanted = {message.reply_to for message in messages if message.reply_to}
    known = {message.provider_id: message for message in messages if message.provider_id in wanted}
    if missing := wanted - known.keys():
        found = messages_of(conversation).filter(channel_id=conversation.channel_id, provider_id__in=missing)
        known.update({message.provider_id: message for message in found if message.provider_id})
    return known


def tapped_on(conversations: Sequence[Conversation], messages: Sequence[Message]) -> dict[str, set[str]]:
    """Provider id → payloads and words of the buttons that the customer tapped; no query without buttons."""
    asked = [m.provider_id for m in messages if m.direction == Message.Direction.OUT and m.kind in WITH_BUTTONS]
    if not asked:
        return {}
    answers = Message.objects.filter(
        workspace_id=conversations[0].workspace_id,
        conversation__in=conversations,
        kind__in=("button_reply", "list_reply"),
        reply_to__in=[provider_id for provider_id in asked if provider_id],
    )
    found: dict[str, set[str]] = {}
    for provider_id, text, content in answers.values_list("reply_to", "text", "content"):
        reply = content.get("reply") or {}
        found.setdefault(provider_id, set()).update(filter(None, (str(reply.get("id") or ""), text)))
    return found


def shared_files(conversation: Conversation) -> list[Attachment]:
    """Files of the recent messages that can be looked at, newest first."""
    recent = messages_of(conversation).select_related(None).values("pk")[:RECENT]
    ready = Attachment.objects.filter(
        workspace_id=conversation.workspace_id, message_id__in=recent, state=Attachment.State.READY
    )
    kinds: Iterable[str] = ("image", "video", "document")
    return list(ready.filter(kind__in=kinds, message__deleted_at=None).select_related("message").order_by("-id")[:24])


def _above(message: Message) -> Q:
    earlier = Q(occurred_at__lt=message.occurred_at) | Q(occurred_at=message.occurred_at, id__lt=message.pk)
    return earlier & Q(occurred_at__lte=message.occurred_at)

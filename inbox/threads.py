"""How a message that arrived enters its thread: the person, the conversation, the row, the file, the list."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from contacts import matching
from contacts.models import Identity
from providers.types import Event
from workspaces.models import Channel

from .contents import content_of
from .models import Attachment, Conversation, ConversationEvent, Message
from .previews import preview_of


def happened_at(event: Event) -> datetime:
    """The provider's time; a time in the future (a wrong clock) counts as now, so that it cannot pin the list."""
    now = timezone.now()
    return min(event.timestamp, now) if event.timestamp else now


def identity_of(
    channel: Channel, address: str | None, user_id: str | None, event: Event, seen_at: datetime | None = None
) -> Identity:
    """The person an event names, made when new; what an echo says of the business is not taken for theirs."""
    inbound = event.direction != "out"
    return matching.find_or_create(
        channel.workspace_id,
        channel.kind,
        address=address or "",
        user_id=user_id or "",
        profile_name=(event.profile_name or "") if inbound else "",
        username=(event.username or "") if inbound else "",
        seen_at=seen_at,
    )


def conversation_with(channel: Channel, identity: Identity, when: datetime) -> Conversation:
    """The one conversation of this identity here, locked: elements of one person are applied one after the other."""
    wanted = Conversation.objects.select_for_update().filter(
        workspace_id=channel.workspace_id, channel=channel, identity=identity
    )
    if (found := wanted.first()) is not None:
        return found
    fresh = Conversation(
        workspace_id=channel.workspace_id,
        channel=channel,
        identity=identity,
        contact_id=identity.contact_id,
        last_message_at=when,
    )
    Conversation.objects.bulk_create([fresh], ignore_conflicts=True)
    return wanted.get()


def insert(
    conversation: Conversation, event: Event, direction: str, status: str, source: str, when: datetime
) -> Message | None:
    """Add the message; None when it is here already."""
    exists = Message.objects.filter(channel_id=conversation.channel_id, provider_id=event.provider_message_id)
    if exists.exists():
        return None
    fresh = Message(
        workspace_id=conversation.workspace_id,
        conversation=conversation,
        channel_id=conversation.channel_id,
        direction=direction,
        kind=event.kind or "other",
        content=content_of(event),
        text=event.text or "",
        status=status,
        source=source,
        provider_id=event.provider_message_id,
        reply_to=event.reply_to or "",
        occurred_at=when,
        sent_at=when if direction == Message.Direction.OUT else None,
    )
    Message.objects.bulk_create([fresh], ignore_conflicts=True)
    message = exists.get()
    return message if message.uuid == fresh.uuid else None


def attach(channel: Channel, message: Message, event: Event) -> bool:
    """Note the file that is still to be fetched; True when there is one."""
    if not event.media:
        return False
    Attachment.objects.create(
        workspace_id=channel.workspace_id,
        message=message,
        kind=event.kind or "document",
        mime_type=str(event.media.get("mime_type") or "")[:100],
        filename=str(event.media.get("filename") or "")[:255],
        provider_media_id=str(event.media.get("id") or "")[:255],
        next_try_at=timezone.now(),
    )
    return True


def touch(conversation: Conversation, message: Message) -> None:
    """Let the list show the newest message by the provider's time; a late old one changes only the counts."""
    if message.occurred_at >= conversation.last_message_at:
        conversation.last_message_at = message.occurred_at
        conversation.preview = preview_of(message.kind, message.text, message.content)
        conversation.preview_kind, conversation.preview_direction = message.kind, message.direction
    conversation.save()


def note(conversation: Conversation, kind: str, details: dict[str, object]) -> None:
    """Write into the thread what happened to it, without an actor of the team."""
    ConversationEvent.objects.create(
        workspace_id=conversation.workspace_id, conversation=conversation, kind=kind, details=details
    )

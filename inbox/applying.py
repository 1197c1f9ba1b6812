"""What each kind of inbound event does to conversations, messages and channels.

Every function may run again for the same event and may see events in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.db.models import Q
from django.utils import timezone

from config.queues import ring
from contacts import keywords, people
from contacts.models import Identity
from providers.registry import adapter
from providers.types import Event
from templates_mgmt import news
from workspaces import channel_limits
from workspaces.models import Channel

from . import consenting, threads, window
from .models import Conversation, ConversationEvent, Message
from .status_updates import Report, unpark
from .statuses import STAMPS

log = structlog.get_logger(__name__)

PATIENCE = 5  # tries of a webhook for which an element may wait for a message that has not arrived yet
INBOUND_NOTE = timedelta(minutes=1)  # how exact "last heard from the provider" is; a write each time would be hot


class NotYet(Exception):
    """An element changes a message that has not arrived; webhooks come in any order, so it is tried again."""


@dataclass(slots=True)
class Changes:
    """What a batch touched, told to the browsers once at its end."""

    conversation_ids: set[int] = field(default_factory=set)
    list_changed: bool = False
    media_waiting: bool = False
    heard_from: set[int] = field(default_factory=set)
    confirmations: list[consenting.Confirmation] = field(default_factory=list)
    lists: keywords.Lists | None = None  # the workspace's opt-out and opt-in words, read once per batch

    def words_of(self, workspace_id: int) -> keywords.Lists:
        if self.lists is None:
            self.lists = keywords.lists_of(workspace_id)
        return self.lists


def reports(channel: Channel, event: Event) -> list[Report]:
    """A status event as the batch update takes it; statuses that say nothing about delivery give none."""
    if event.status not in STAMPS or not event.provider_message_id:
        return []
    text = adapter(channel.kind).explain(event.error_code).text if event.error_code is not None else ""
    return [
        Report(
            channel_id=channel.pk,
            provider_id=event.provider_message_id,
            status=event.status,
            occurred_at=event.timestamp or timezone.now(),
            tracker=event.tracker or "",
            error_code=event.error_code or "",
            error_text=text or event.error_title or "",
        )
    ]


def apply_event(channel: Channel, event: Event, changes: Changes) -> None:
    """Apply one event other than a status. Raises NotYet, or ValueError for an element that makes no sense."""
    apply = HANDLERS.get(event.type)
    if apply is None:
        log.info("webhook element kept only raw", type=event.type, reason=event.reason, channel=channel.pk)
        return
    apply(channel, event, changes)
    changes.heard_from.add(channel.pk)


def finish(workspace_id: int, changes: Changes) -> None:
    """What is done once per batch: when each channel last spoke, the poke for waiting media, confirmations."""
    now = timezone.now()
    if changes.heard_from:
        Channel.objects.filter(
            Q(last_inbound_at=None) | Q(last_inbound_at__lt=now - INBOUND_NOTE),
            workspace_id=workspace_id,
            pk__in=changes.heard_from,
        ).update(last_inbound_at=now)
    if changes.media_waiting:
        ring("inbox.jobs.fetch_media", queue="default")
    consenting.confirm(changes.confirmations)


def _message(channel: Channel, event: Event, changes: Changes) -> None:
    """A customer wrote."""
    if not event.provider_message_id:
        raise ValueError("A message without an id cannot be told from its repetition.")
    when = threads.happened_at(event)
    identity = threads.identity_of(channel, event.from_, event.from_user_id, event, seen_at=when)
    conversation = threads.conversation_with(channel, identity, when)
    message = threads.insert(
        conversation, event, Message.Direction.IN, Message.Status.RECEIVED, Message.Source.CONTACT, when
    )
    if message is None:
        return
    changes.media_waiting |= threads.attach(channel, message, event)
    conversation.window_expires_at = window.extended(
        conversation.window_expires_at, when, adapter(channel.kind).capabilities.reply_window
    )
    conversation.unread_count += 1
    if conversation.status == Conversation.Status.RESOLVED:
        conversation.status = Conversation.Status.OPEN
        threads.note(conversation, ConversationEvent.Kind.REOPENED, {"by_customer": True})
    threads.touch(conversation, message)
    _answered(channel, message)
    if confirmation := consenting.heed(conversation, identity, message, changes.words_of(channel.workspace_id)):
        changes.confirmations.append(confirmation)
    changes.conversation_ids.add(conversation.pk)
    changes.list_changed = True


def _answered(channel: Channel, message: Message) -> None:
    """A tapped button shows on the message it belongs to, so that one has changed too."""
    if message.reply_to and message.kind in ("button_reply", "list_reply"):
        Message.objects.filter(workspace_id=channel.workspace_id, channel=channel, provider_id=message.reply_to).update(
            updated_at=timezone.now()
        )


def _echo(channel: Channel, event: Event, changes: Changes) -> None:
    """The business wrote from another app; the thread shows it, nothing is sent."""
    if not event.provider_message_id:
        raise ValueError("A message without an id cannot be told from its repetition.")
    when = threads.happened_at(event)
    identity = threads.identity_of(channel, event.to, event.to_user_id, event)
    conversation = threads.conversation_with(channel, identity, when)
    message = threads.insert(
        conversation, event, Message.Direction.OUT, Message.Status.SENT, Message.Source.ELSEWHERE, when
    )
    if message is None:
        return
    changes.media_waiting |= threads.attach(channel, message, event)
    people.wrote_to(channel.workspace_id, conversation.contact_id, when)
    threads.touch(conversation, message)
    changes.conversation_ids |= {conversation.pk} | unpark(
        channel.workspace_id, channel.pk, [event.provider_message_id]
    )
    changes.list_changed = True


def _reaction(channel: Channel, event: Event, changes: Changes) -> None:
    """An emoji on a message: no new message, no unread count."""
    message = _target(channel, event)
    who = "team" if event.direction == "out" else "contact"
    times = message.content.get("reacted_at", {})
    when = threads.happened_at(event).isoformat()
    if when < times.get(who, ""):
        return  # an older one that came late
    reactions = {key: emoji for key, emoji in message.reactions.items() if key != who}
    if event.emoji:
        reactions[who] = event.emoji
    message.reactions = reactions
    message.content = {**message.content, "reacted_at": {**times, who: when}}
    message.save(update_fields=["reactions", "content", "updated_at"])
    changes.conversation_ids.add(message.conversation_id)


def _edited(channel: Channel, event: Event, changes: Changes) -> None:
    message = _target(channel, event)
    if message.deleted_at or (message.edited_at and message.edited_at > threads.happened_at(event)):
        return
    message.content = {**message.content, "before_edit": message.content.get("before_edit", message.text)}
    message.text = event.text or ""
    message.edited_at = threads.happened_at(event)
    message.save(update_fields=["content", "text", "edited_at", "updated_at"])
    changes.conversation_ids.add(message.conversation_id)


def _deleted(channel: Channel, event: Event, changes: Changes) -> None:
    message = _target(channel, event)
    if message.deleted_at is None:
        message.deleted_at = threads.happened_at(event)
        message.save(update_fields=["deleted_at", "updated_at"])
    changes.conversation_ids.add(message.conversation_id)


def _system(channel: Channel, event: Event, changes: Changes) -> None:
    """The customer's number changed: the conversation goes on under the new one, and says so."""
    new = str(event.details.get("new_address") or "")
    if not new or not event.from_ or new == event.from_:
        return
    known = Identity.objects.filter(workspace_id=channel.workspace_id, channel_kind=channel.kind)
    identity = known.filter(address=event.from_).first()
    if identity is None or known.filter(address=new).exists():
        return  # nobody we know, or applied before; joining two known people is a decision for a person
    identity.address, identity.phone = new, f"+{new}" if new.isdigit() else ""
    identity.save(update_fields=["address", "phone"])
    for conversation in Conversation.objects.filter(workspace_id=channel.workspace_id, identity=identity):
        threads.note(conversation, ConversationEvent.Kind.NUMBER_CHANGED, {"old": event.from_, "new": new})
        changes.conversation_ids.add(conversation.pk)


def _preference(channel: Channel, event: Event, changes: Changes) -> None:
    """The customer stopped or resumed marketing messages in the app itself."""
    identity = threads.identity_of(channel, event.from_, event.from_user_id, event)
    changes.conversation_ids |= consenting.prefer(channel, identity, event)


def _limits(channel: Channel, event: Event, changes: Changes) -> None:
    """How much may be sent has changed."""
    channel_limits.note(channel, event.details, address=event.details.get("display_phone_number"))


def _account(channel: Channel, event: Event, changes: Changes) -> None:
    """The provider says something about the account or number; an admin reads it on the channel's card."""
    value = event.details.get("value")
    if isinstance(value, dict) and not event.reason and channel_limits.note(channel, value):
        return
    what = event.reason or event.error_title or event.status or str(event.details.get("event") or event.type)
    Channel.objects.filter(workspace_id=channel.workspace_id, pk=channel.pk).update(
        problem=f"The provider reported: {what}"[:500], problem_at=timezone.now()
    )


def _template_news(channel: Channel, event: Event, changes: Changes) -> None:
    """A template of the account was approved, paused, changed …"""
    news.apply(channel, event)


HANDLERS: dict[str, Callable[[Channel, Event, Changes], None]] = {
    "message": _message,
    "echo": _echo,
    "reaction": _reaction,
    "message_edited": _edited,
    "message_deleted": _deleted,
    "system": _system,
    "user_preference": _preference,
    "phone_quality": _limits,
    "template_status": _template_news,
    "template_quality": _template_news,
    "template_category": _template_news,
    "template_components": _template_news,
    "account": _account,
    "provider_error": _account,
}


def _target(channel: Channel, event: Event) -> Message:
    """The message an event changes. Raises NotYet while it has not arrived."""
    found = (
        Message.objects.select_for_update()
        .filter(workspace_id=channel.workspace_id, channel=channel, provider_id=event.target_message_id)
        .first()
    )
    if found is None:
        raise NotYet(f"Refers to a message that is not here ({(event.target_message_id or 'no id')[:60]}).")
    return found

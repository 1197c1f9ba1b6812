"""What became of a demo broadcast: its messages, how far they came, and what people answered."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from django.db.models import F
from django.utils import timezone

from broadcasts.composing import Composed, Composer
from broadcasts.models import Broadcast, Recipient
from inbox.models import Conversation, Message
from inbox.previews import preview_of
from providers.registry import adapter

from .plans import Plan

FAILURES = ("131049", "131049", "131026", "131026", "131049", "131050")  # why, the frequent ones several times
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
WINDOW = timedelta(hours=24)
State = Recipient.State


def make(broadcast: Broadcast, plan: Plan, start: datetime, dice: Random) -> datetime:
    """Send it to as many as the plan says; returns when the last message went out."""
    waiting = Recipient.objects.filter(broadcast=broadcast, state=State.WAITING).select_related("contact", "identity")
    everybody = list(waiting.order_by("pk"))
    reached, rest = everybody[: round(len(everybody) * plan.sent)], everybody[round(len(everybody) * plan.sent) :]
    composer = Composer(broadcast)
    threads = _threads(broadcast, reached, start)
    pairs = [(each, _message(broadcast, composer, each, threads, start, number, plan, dice))
             for number, each in enumerate(reached)]  # fmt: skip
    messages = [message for _, message in pairs]
    Message.objects.bulk_create(messages)
    for recipient, message in pairs:
        recipient.message, recipient.state = message, State.QUEUED
    _answer(pairs, plan, dice)
    if broadcast.status == Broadcast.Status.CANCELLED:
        for recipient in rest:
            recipient.state = State.CANCELLED
    Recipient.objects.bulk_update(everybody, ["message", "state", "replied_at", "tapped_at", "tapped", "opted_out_at"])
    _remember(threads, messages)
    return start + len(reached) * SECOND


def _threads(broadcast: Broadcast, reached: Sequence[Recipient], start: datetime) -> dict[int, Conversation]:
    """The conversation with each, by the identity; new ones are resolved, as when it is really sent."""
    people = [(each.identity, each.contact) for each in reached if each.identity]
    assert broadcast.channel is not None  # the plan says how it is sent
    found = Conversation.objects.filter(channel=broadcast.channel, identity__in=[identity for identity, _ in people])
    known = {thread.identity_id: thread for thread in found}
    new = [
        Conversation(
            workspace_id=broadcast.workspace_id,
            channel=broadcast.channel,
            identity=identity,
            contact=contact,
            status=Conversation.Status.RESOLVED,
            last_message_at=start,
        )
        for identity, contact in people
        if identity.pk not in known
    ]
    Conversation.objects.bulk_create(new)
    Conversation.objects.filter(pk__in=[thread.pk for thread in new]).update(created_at=start)
    return known | {thread.identity_id: thread for thread in new}


def _message(
    broadcast: Broadcast, composer: Composer, recipient: Recipient, threads: dict[int, Conversation], start: datetime,
    number: int, plan: Plan, dice: Random,
) -> Message:  # fmt: skip
    assert recipient.identity is not None  # those who wait have one
    composed = composer.message(recipient.contact, recipient.identity)
    at = start + number * SECOND
    message = _outgoing(broadcast, threads[recipient.identity.pk], composed, at)
    _carry(message, at, plan, dice)
    return message


def _outgoing(broadcast: Broadcast, thread: Conversation, composed: Composed, at: datetime) -> Message:
    return Message(
        workspace_id=broadcast.workspace_id,
        conversation=thread,
        channel_id=thread.channel_id,
        direction=Message.Direction.OUT,
        kind=composed.kind,
        content=composed.content,
        text=composed.text,
        status=Message.Status.SENT,
        source=Message.Source.BROADCAST,
        lane=Message.Lane.BROADCAST,
        purpose=broadcast.purpose if broadcast.purpose == Broadcast.Purpose.MARKETING else "",
        translation=broadcast.translation,
        send_state=Message.SendState.DONE,
        provider_id=f"wamid.{secrets.token_urlsafe(30)}",
        attempt=1,
        started_at=at,
        answered_at=at,
        echoed_at=at + SECOND,
        occurred_at=at,
        sent_at=at,
    )


def _carry(message: Message, at: datetime, plan: Plan, dice: Random) -> None:
    """As far as it came: most arrive within seconds, two thirds of those are opened within hours."""
    if dice.random() < plan.failing:
        code = dice.choice(FAILURES)
        message.status, message.failed_at = Message.Status.FAILED, at + 3 * SECOND
        message.error_code, message.error_text = code, adapter("whatsapp_cloud").explain(code).text
        return
    if dice.random() < 0.03:  # a phone that is switched off
        return
    message.status, message.delivered_at = Message.Status.DELIVERED, at + dice.uniform(1, 40) * SECOND
    opened = message.delivered_at + dice.expovariate(1 / 2.5) * HOUR
    if dice.random() < 0.67 and opened < timezone.now():
        message.status, message.read_at = Message.Status.READ, opened


def _answer(pairs: Sequence[tuple[Recipient, Message]], plan: Plan, dice: Random) -> None:
    """Some of those who read it write back or tap a button, very few stop."""
    said = []
    for recipient, message in pairs:
        at = (message.read_at or message.occurred_at) + dice.uniform(0.01, 3) * HOUR
        if message.read_at is None or at > timezone.now():
            continue
        chance, buttons = dice.random(), _buttons(message)
        if chance < 0.02:
            recipient.replied_at = recipient.opted_out_at = at
            said.append(_incoming(message, "text", "STOP", at))
        elif chance < 0.14 and plan.answers:
            recipient.replied_at = at
            said.append(_incoming(message, "text", dice.choice(plan.answers), at))
        elif chance < 0.24 and buttons:
            recipient.replied_at = recipient.tapped_at = at
            recipient.tapped = buttons[0]
            said.append(_incoming(message, "button_reply", buttons[0], at))
    Message.objects.bulk_create(said)
    Message.objects.filter(pk__in=[each.pk for each in said]).update(created_at=F("occurred_at"))
    _remember({each.conversation.identity_id: each.conversation for each in said}, said)


def _buttons(message: Message) -> list[str]:
    shown = message.content.get("shown", {}).get("buttons", [])
    return [button["text"] for button in shown if button.get("type", "").lower() == "quick_reply"]


def _incoming(message: Message, kind: str, text: str, at: datetime) -> Message:
    reply = {"reply": {"id": text, "title": text, "source": "template"}}
    return Message(
        workspace_id=message.workspace_id,
        conversation=message.conversation,
        channel_id=message.channel_id,
        direction=Message.Direction.IN,
        kind=kind,
        content={"text": text} if kind == "text" else reply,
        text=text,
        status=Message.Status.RECEIVED,
        source=Message.Source.CONTACT,
        send_state=Message.SendState.NONE,
        provider_id=f"wamid.{secrets.token_urlsafe(30)}",
        reply_to="" if kind == "text" else message.provider_id or "",
        occurred_at=at,
    )


def _remember(threads: dict[int, Conversation], messages: Sequence[Message]) -> None:
    """The list of conversations shows what came last."""
    for message in messages:
        thread = message.conversation
        if message.occurred_at < thread.last_message_at:
            continue
        thread.last_message_at = message.occurred_at
        thread.preview = preview_of(message.kind, message.text, message.content)
        thread.preview_kind, thread.preview_direction = message.kind, message.direction
        if message.direction == Message.Direction.IN:
            thread.window_expires_at = message.occurred_at + WINDOW
    fields = ["last_message_at", "preview", "preview_kind", "preview_direction", "window_expires_at"]
    Conversation.objects.bulk_update(list(threads.values()), fields)
    Message.objects.filter(pk__in=[each.pk for each in messages]).update(created_at=F("occurred_at"))

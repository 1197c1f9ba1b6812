"""What customers and providers say about consent: stop words, the app's own switch, and refusals that mean "no"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from contacts import consent, keywords
from contacts.models import Identity
from providers.registry import adapter
from providers.types import Event
from workspaces.models import Channel

from . import sending, threads
from .models import Conversation, ConversationEvent, Message

Kind = ConversationEvent.Kind

# The namespace of confirmations' ids: one per word that was written, whatever is replayed.
CONFIRMATIONS = UUID("6d1c1f8a-2f4e-5f0b-9d55-0b6f4c6f3a10")
SPOKEN = frozenset({"text", "button_reply", "list_reply"})  # kinds whose text the customer chose or typed
SHOWN = 120  # characters of the customer's text kept with an event
CHOICES = {"stop": "opt_out", "resume": "opt_in"}  # what a provider's switch can say


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What answers an opt-out or opt-in word."""

    conversation: Conversation
    text: str
    cid: UUID


def heed(
    conversation: Conversation, identity: Identity, message: Message, lists: keywords.Lists
) -> Confirmation | None:
    """Do what a customer's message asks for when it is an opt-out or opt-in word; returns what is to confirm it.

    A longer message that begins with an opt-out word is only marked, for the team to judge. Call it once per message,
    in the transaction that adds it, after the conversation was saved.
    """
    if message.kind not in SPOKEN:
        return None
    match = keywords.read(lists, message.text)
    if match is None:
        return None
    if not match.is_certain:
        threads.note(conversation, Kind.MAYBE_OPT_OUT, {"text": message.text[:SHOWN]})
        return None
    change = consent.opt_out if match.action == "opt_out" else consent.opt_in
    source = "stop_word" if match.action == "opt_out" else "start_word"
    if not change(identity, source=source, wording=message.text, at=message.occurred_at):
        return None
    kind = Kind.OPTED_OUT if match.action == "opt_out" else Kind.OPTED_IN
    threads.note(conversation, kind, {"text": message.text[:SHOWN]})
    text = lists.confirmation(match)
    cid = uuid5(CONFIRMATIONS, f"{message.channel_id}:{message.provider_id}")
    return Confirmation(conversation, text, cid) if text else None


def confirm(confirmations: Iterable[Confirmation]) -> None:
    """Answer as service messages, when the reply window lets anything out at all.

    Call it when the transaction has locked everybody it will meet: a pocket is locked here.
    """
    for each in confirmations:
        draft = sending.Draft("text", {"text": each.text}, each.text)
        # Without credits, say, the word counts all the same.
        with suppress(sending.NotSendable):
            sending.send(each.conversation, draft, source=Message.Source.AUTOMATION, cid=each.cid)


def prefer(channel: Channel, identity: Identity, event: Event) -> set[int]:
    """Do what the customer chose in the messaging app; returns the conversations that show it."""
    choice = CHOICES.get(str(event.details.get("value", "")).lower())
    if choice is None:
        raise ValueError("The customer's choice is neither stop nor resume.")
    change = consent.opt_out if choice == "opt_out" else consent.opt_in
    if not change(identity, source="provider", wording=event.details.get("detail", ""), at=threads.happened_at(event)):
        return set()
    return _note(channel.workspace_id, [identity.pk], Kind.OPTED_OUT if choice == "opt_out" else Kind.OPTED_IN)


def refused(workspace_id: int, refusals: Sequence[tuple[int, str, str, datetime]]) -> set[int]:
    """Take failed statuses that say “this person stopped marketing” for the opt-out they are.

    Each is (channel id, provider's message id, error code, when). Returns the conversations that changed.
    """
    kinds = dict(
        Channel.objects.filter(workspace_id=workspace_id, pk__in={channel for channel, *_ in refusals}).values_list(
            "pk", "kind"
        )
    )
    when: dict[int, datetime | None] = {}
    for channel, message, code, at in refusals:
        if code in adapter(kinds[channel]).capabilities.opted_out_codes:
            found = Message.objects.filter(workspace_id=workspace_id, channel_id=channel, provider_id=message)
            when.update(dict.fromkeys(found.values_list("conversation_id", flat=True), at))
    return _opt_out(workspace_id, when)


def refused_at_once(channel: Channel, refusals: Iterable[tuple[int, str]]) -> set[int]:
    """The same for answers to a send: each is (conversation id, error code)."""
    codes = adapter(channel.kind).capabilities.opted_out_codes
    return _opt_out(channel.workspace_id, {conversation: None for conversation, code in refusals if code in codes})


def _opt_out(workspace_id: int, when: dict[int, datetime | None]) -> set[int]:
    changed: set[int] = set()
    if not when:
        return changed
    conversations = Conversation.objects.filter(workspace_id=workspace_id, pk__in=list(when)).order_by("pk")
    for conversation in conversations.select_related("identity"):
        if consent.opt_out(conversation.identity, source="provider", at=when[conversation.pk]):
            changed |= _note(workspace_id, [conversation.identity_id], Kind.OPTED_OUT)
    return changed


def _note(workspace_id: int, identity_ids: Sequence[int], kind: str) -> set[int]:
    theirs = Conversation.objects.filter(workspace_id=workspace_id, identity_id__in=identity_ids)
    for conversation in theirs:
        threads.note(conversation, kind, {"by_provider": True})
    return {conversation.pk for conversation in theirs}

"""Send a draft to a few numbers of one's own, to see it on a real phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from contacts import matching
from contacts.adding import read_number
from contacts.models import Identity
from contacts.people import NotAcceptable
from inbox import sending, template_sending
from inbox.known_values import known_of
from inbox.models import Conversation, Message
from inbox.sending import NotSendable
from templates_mgmt import components, filling
from workspaces.models import Channel, Member

from .models import Broadcast

MOST = 3


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one number: a queued message, or why there is none."""

    number: str
    message: Message | None = None
    problem: str = ""


def numbers_in(typed: Sequence[str], country: str) -> list[str]:
    """The numbers as E.164, each once. Raises NotAcceptable for one that is none, for none at all and for too many."""
    found = list(dict.fromkeys(read_number(each, country)[0] for each in typed if each.strip()))
    if not found:
        raise NotAcceptable("Type at least one phone number, like +44 7700 900123.")
    if len(found) > MOST:
        raise NotAcceptable(f"A test goes to at most {MOST} numbers.")
    return found


def send(broadcast: Broadcast, numbers: Sequence[str], *, by: Member) -> list[Tried]:
    """Queue the draft for each of these numbers, as a message that `by` sends; each on its own.

    It is filled with what is known of that number's own contact, never of anybody in the audience; what is missing
    there takes the fallback, then the template's sample. Consent and credits count as for every other message.
    """
    return [_one(broadcast, number, by) for number in numbers]


def _one(broadcast: Broadcast, number: str, by: Member) -> Tried:
    channel = broadcast.channel
    if channel is None:
        return Tried(number, problem="Choose a number to send from first.")
    try:
        with transaction.atomic():
            identity = matching.find_or_create(broadcast.workspace_id, channel.kind, address=number.lstrip("+"))
            conversation = _conversation(channel, identity)
            message = sending.send(conversation, _draft(broadcast, conversation), by=by, cid=uuid4())
    except NotSendable as refused:
        return Tried(number, problem=str(refused))
    return Tried(number, message)


def _conversation(channel: Channel, identity: Identity) -> Conversation:
    found, _ = Conversation.objects.get_or_create(
        workspace_id=channel.workspace_id,
        channel=channel,
        identity=identity,
        defaults={
            "contact": identity.contact,
            "status": Conversation.Status.RESOLVED,
            "last_message_at": timezone.now(),
        },
    )
    return found


def _draft(broadcast: Broadcast, conversation: Conversation) -> sending.Draft:
    """The message for this person. Raises NotSendable."""
    translation = broadcast.translation
    if translation is None:
        if not broadcast.text:
            raise NotSendable("empty", "Choose a template or write a text first.")
        return sending.Draft("text", {"text": broadcast.text}, broadcast.text)
    template_sending.refuse(translation, conversation.channel)
    samples = _samples(translation.variables)
    translation.variables = broadcast.variables  # in memory: the broadcast says what goes where
    sheet = template_sending.Sheet(translation, conversation)
    known = filling.resolve(broadcast.variables, known_of(conversation.contact, conversation.identity))
    places = components.places(components.read(translation.components))
    given = {place.key: samples[place.key] for place in places if place.key in samples and place.key not in known}
    return template_sending.drafted(translation, template_sending.fill(sheet, given, {}))


def _samples(variables: Any) -> dict[str, str]:
    return {
        key: str(spec["sample"])
        for key, spec in variables.items()
        if isinstance(spec, dict) and isinstance(spec.get("sample"), str) and spec["sample"].strip()
    }

"""The team's emoji on a customer's message."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from workspaces.models import Member

from . import sending
from .models import Conversation, Message

# Those a phone offers first, and how they are read out.
EMOJI = {"👍": "Thumbs up", "❤️": "Heart", "😂": "Laughing", "😮": "Surprised", "😢": "Sad", "🙏": "Thank you"}


@transaction.atomic
def react(target: Message, emoji: str, *, by: Member) -> Message | None:
    """Send a reaction and show it on its target; an empty emoji takes it back. None when nothing would change.

    Raises NotSendable with reason `no_target` for a message that takes no reaction, or for sending's own reasons.
    """
    # The conversation first, as everything that writes in a thread: whoever took the message first would deadlock.
    conversation = Conversation.objects.select_for_update().get(
        workspace_id=target.workspace_id, pk=target.conversation_id
    )
    target = Message.objects.select_for_update().get(workspace_id=target.workspace_id, pk=target.pk)
    if target.direction != Message.Direction.IN or not target.provider_id or target.deleted_at:
        raise sending.NotSendable("no_target", "This message takes no reaction.")
    others = {who: sign for who, sign in target.reactions.items() if who != "team"}
    if target.reactions.get("team", "") == emoji:
        return None
    draft = sending.Draft("reaction", {"target": target.provider_id, "emoji": emoji})
    message = sending.send(conversation, draft, by=by)
    target.reactions = others | ({"team": emoji} if emoji else {})
    times = target.content.get("reacted_at", {})
    target.content = {**target.content, "reacted_at": {**times, "team": timezone.now().isoformat()}}
    target.save(update_fields=["reactions", "content", "updated_at"])
    return message

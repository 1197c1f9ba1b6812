"""What the provider's answers to sends teach about people: their other addresses, and that they want no marketing."""

from __future__ import annotations

from collections.abc import Sequence

from contacts import matching
from workspaces.models import Channel

from . import consenting
from .models import Conversation
from .outbox import Result


def learn(channel: Channel, results: Sequence[Result]) -> None:
    """Keep what a batch of answers says; in the workspace's scope."""
    news = {result.message.conversation_id: result for result in results if _is_news(result)}
    if news:
        found = Conversation.objects.filter(workspace_id=channel.workspace_id, pk__in=list(news))
        for conversation in found.select_related("identity__contact").order_by("pk"):
            result = news[conversation.pk]
            matching.learn_alias(conversation.identity, result.address, result.user_id)
    consenting.refused_at_once(
        channel, [(result.message.conversation_id, result.error_code) for result in results if result.error_code]
    )


def _is_news(result: Result) -> bool:
    other_address = bool(result.address) and result.address != result.message.address
    return other_address or (bool(result.user_id) and result.user_id != result.message.user_id)

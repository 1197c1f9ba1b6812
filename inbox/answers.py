"""What the provider's answers to sends teach about people: their other addresses, and that they want no marketing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contacts import matching
from workspaces import tenancy
from workspaces.models import Channel

from . import consenting
from .models import Conversation
from .outbox import Result


def learn(channel: Channel, results: Sequence[Result]) -> None:
    """Keep what a batch of answers says. Most say nothing new, and then the database is not asked."""
    news = {result.message.conversation_id: result for result in results if _is_news(result)}
    refused = [(result.message.conversation_id, result.error_code) for result in results if result.error_code]
    if not (news or refused):
        return
    with tenancy.scope(channel.workspace_id):
        _learn_addresses(channel, news)
        consenting.refused_at_once(channel, refused)


def _learn_addresses(channel: Channel, news: Mapping[int, Result]) -> None:
    if news:
        found = Conversation.objects.filter(workspace_id=channel.workspace_id, pk__in=list(news))
        said = [
            (conversation.identity, news[conversation.pk].address, news[conversation.pk].user_id)
            for conversation in found.select_related("identity__contact").order_by("pk")
        ]
        matching.learn_aliases(channel.workspace_id, channel.kind, said)


def _is_news(result: Result) -> bool:
    other_address = bool(result.address) and result.address != result.message.address
    return other_address or (bool(result.user_id) and result.user_id != result.message.user_id)

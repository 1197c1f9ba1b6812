"""What a message costs its workspace, and how a sender hears that there is not enough."""

from __future__ import annotations

from templates_mgmt.models import MessageTemplate, TemplateTranslation
from workspaces import credit_prices, credits
from workspaces.models import Member

from .models import Conversation, Message

FREE_KINDS = frozenset({"reaction"})


def pay(message: Message, conversation: Conversation, *, by: Member | None = None) -> None:
    """Charge a message that is being queued, as the last thing its transaction locks. Raises credits.NotEnough.

    One that is queued anew counts for the broadcast it belonged to at first.
    """
    if message.kind in FREE_KINDS:
        return
    channel = conversation.channel
    prices = credit_prices.of(message.workspace_id)
    price = prices.credits(channel.kind, category_of(message.translation), conversation.contact.country)
    again = message.spent_attempts > 0
    credits.charge_many(
        message.workspace_id,
        [credits.Charge(message.pk, price, message.spent_attempts)],
        pocket=credits.pocket_for(channel.kind),
        source=message.source,
        broadcast_id=credits.broadcast_of(message.workspace_id, message.pk) if again else None,
        actor=by,
    )


def category_of(translation: TemplateTranslation | None) -> str:
    """The category that sets the price: the provider's, else the one asked for; empty for what is no template."""
    if translation is None or translation.template.kind == MessageTemplate.Kind.QUICK:
        return ""
    return translation.category or translation.template.category


def why_not(error: credits.NotEnough) -> str:
    """The refusal in words for whoever wanted to send."""
    costs = "1 credit" if error.needed == 1 else f"{error.needed:,} credits"
    if isinstance(error, credits.CapReached):
        return (
            f"Nothing was sent: this costs {costs} and today's limit leaves {error.available:,}. "
            "An owner or admin can raise the limit under Credits."
        )
    return (
        f"Nothing was sent: this costs {costs} and your workspace has {error.available:,} left. "
        "Ask an owner or admin to add credits."
    )

"""What a broadcast cost, from the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Sum

from workspaces.models import CreditEntry

from .models import Broadcast


@dataclass(frozen=True, slots=True)
class Cost:
    """Credits. `expected` is what was confirmed at the launch, None when nothing was."""

    expected: int | None
    charged: int
    refunded: int
    charges: int  # how many messages were charged for
    refunds: int

    @property
    def net(self) -> int:
        return self.charged - self.refunded


def cost(broadcast: Broadcast) -> Cost:
    """The sums of the entries that name this broadcast."""
    entries = CreditEntry.objects.filter(workspace_id=broadcast.workspace_id, broadcast_id=broadcast.pk)
    found = entries.order_by().values_list("kind").annotate(Sum("amount"), Count("pk"))
    sums = {kind: (total, count) for kind, total, count in found}
    charged, charges = sums.get(CreditEntry.Kind.CHARGE, (0, 0))
    refunded, refunds = sums.get(CreditEntry.Kind.REFUND, (0, 0))
    return Cost(broadcast.expected_credits, -charged, refunded, charges, refunds)

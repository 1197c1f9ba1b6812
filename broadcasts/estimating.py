"""What a broadcast would cost: people by country, times the price of a message of its category there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workspaces import credit_prices, credits
from workspaces.credit_prices import SERVICE, PriceList

from .models import Broadcast


@dataclass(frozen=True, slots=True)
class Line:
    """The people of one country. An empty country is people whose country nobody knows."""

    country: str
    people: int
    each: int  # credits for one message
    credits: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """The bill to expect. `lines` are dearest first and add up to `total`."""

    category: str
    lines: list[Line]
    total: int
    available: int

    @property
    def after(self) -> int:
        """What would be left; negative when it does not suffice."""
        return self.available - self.total

    @property
    def short(self) -> int:
        return max(0, -self.after)


def category_of(broadcast: Broadcast) -> str:
    """The category its messages are billed under; while nothing is written yet, what it is to be."""
    if broadcast.translation is None:
        return SERVICE if broadcast.text else broadcast.purpose
    return broadcast.translation.category or broadcast.translation.template.category or SERVICE


def estimate(broadcast: Broadcast, by_country: Mapping[str, int], people: int, *, at: datetime | None) -> Estimate:
    """What sending to these people costs with the prices in force at `at` (None: now).

    `by_country` may know less than all `people`, as an estimate does: the rest is counted without a country.
    """
    prices = credit_prices.of(broadcast.workspace_id, at)
    kind = broadcast.channel.kind if broadcast.channel else ""
    category = category_of(broadcast)
    rest = people - sum(by_country.values())
    known = dict(by_country) | ({"": by_country.get("", 0) + rest} if rest > 0 else {})
    found = lines(prices, kind, category, known)
    available = credits.available(broadcast.workspace_id, credits.pocket_for(kind))
    return Estimate(category, found, sum(line.credits for line in found), available)


def lines(prices: PriceList, channel_kind: str, category: str, by_country: Mapping[str, int]) -> list[Line]:
    """One line for each country that has anybody, dearest first. Pure."""
    found = []
    for country, people in by_country.items():
        if people > 0:
            each = prices.credits(channel_kind, category, country)
            found.append(Line(country, people, each, each * people))
    return sorted(found, key=lambda line: (-line.credits, -line.people, line.country))

"""What one message costs, from the workspace's price list; without a price it is one credit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from .models import CreditPrice

DEFAULT_CREDITS = 1
SERVICE = "service"  # the category of everything that was not made from a template
CATEGORIES = ("marketing", "utility", "authentication", SERVICE)

PRICES = """
SELECT channel_kind, category, country, credits FROM workspaces_creditprice
 WHERE workspace_id = %(ws)s AND valid_from <= coalesce(%(at)s, clock_timestamp())
   AND (valid_until IS NULL OR valid_until > coalesce(%(at)s, clock_timestamp()))
 ORDER BY valid_from
"""


@dataclass(frozen=True, slots=True)
class Price:
    """One line of a price list; an empty field means any."""

    channel_kind: str
    category: str
    country: str
    credits: int


class PriceList:
    """The prices in force at one moment. Of several that fit, the most specific counts.

    The more fields a price names, the more specific it is; with equally many, country goes before category before
    channel. Of two for the same, the one that came into force later.
    """

    def __init__(self, prices: Iterable[Price] = ()) -> None:
        self._credits = {(price.channel_kind, price.category, price.country): price.credits for price in prices}

    def credits(self, channel_kind: str, category: str, country: str) -> int:
        """Credits for one message over this kind of channel; an empty category is the service one."""
        category = category or SERVICE
        candidates = (
            (channel_kind, category, country),
            ("", category, country),
            (channel_kind, "", country),
            (channel_kind, category, ""),
            ("", "", country),
            ("", category, ""),
            (channel_kind, "", ""),
            ("", "", ""),
        )
        return next((self._credits[key] for key in candidates if key in self._credits), DEFAULT_CREDITS)


def of(workspace_id: int, at: datetime | None = None) -> PriceList:
    """The price list in force now, or at `at`."""
    with connection.cursor() as cursor:
        cursor.execute(PRICES, {"ws": workspace_id, "at": at})
        return PriceList(Price(*row) for row in cursor.fetchall())


@transaction.atomic
def put(
    workspace_id: int,
    credits: int,
    *,
    channel_kind: str = "",
    category: str = "",
    country: str = "",
    valid_from: datetime,
    valid_until: datetime | None = None,
) -> CreditPrice:
    """Add a price; the one for the same that is in force then ends there, so that old bills stay explicable.

    Raises ValueError for a category or country that is none, or when a later price for the same is there already.
    """
    if category and category not in CATEGORIES:
        raise ValueError(f"The category is one of {', '.join(CATEGORIES)}.")
    if country and not (len(country) == 2 and country.isalpha() and country.isupper()):
        raise ValueError("A country is two capital letters, as in ISO 3166.")
    same = CreditPrice.objects.select_for_update().filter(
        workspace_id=workspace_id, channel_kind=channel_kind, category=category, country=country
    )
    if same.filter(valid_from__gte=valid_from).exists():
        raise ValueError("There is a price for the same that begins then or later.")
    for earlier in same:
        if earlier.valid_until is None or earlier.valid_until > valid_from:
            earlier.valid_until = valid_from
            earlier.save(update_fields=["valid_until"])
    return CreditPrice.objects.create(
        workspace_id=workspace_id,
        channel_kind=channel_kind,
        category=category,
        country=country,
        credits=credits,
        valid_from=valid_from,
        valid_until=valid_until,
    )

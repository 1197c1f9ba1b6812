"""The price list in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .credit_prices import CATEGORIES
from .models import Channel, CreditPrice, Workspace
from .places import countries
from .presenting_credits import calendar_of
from .presenting_times import Calendar

MOST = 500  # rows of each list


def lists(workspace: Workspace, now: datetime) -> dict[str, Any]:
    """Prices that are in force, that will be, and that were; the most specific first, as they count."""
    calendar, names = calendar_of(workspace, now), dict(countries())
    found = list(CreditPrice.objects.filter(workspace_id=workspace.pk).order_by("-valid_from", "-pk")[: 3 * MOST])
    found.sort(key=_order)
    sorts: dict[str, list[dict[str, Any]]] = {"now": [], "coming": [], "past": []}
    for price in found:
        over = price.valid_until is not None and price.valid_until <= now
        sort = "past" if over else "coming" if price.valid_from > now else "now"
        sorts[sort].append(_row(price, calendar, names))
    return {"now": sorts["now"], "coming": sorts["coming"], "past": sorts["past"]}


def _order(price: CreditPrice) -> tuple[Any, ...]:
    named = [price.channel_kind, price.category, price.country]
    return (-sum(map(bool, named)), price.country, price.category, price.channel_kind, price.valid_from)


def _row(price: CreditPrice, calendar: Calendar, names: dict[str, str]) -> dict[str, Any]:
    kinds = {**dict(Channel.Kind.choices), "sms": "SMS"}
    return {
        "channel": kinds.get(price.channel_kind, price.channel_kind) if price.channel_kind else "",
        "category": price.category.capitalize() if price.category in CATEGORIES else price.category,
        "country": names.get(price.country, price.country),
        "credits": f"{price.credits:,}",
        "free": price.credits == 0,
        "one": price.credits == 1,
        "since": _moment(price.valid_from, calendar),
        "until": _moment(price.valid_until, calendar) if price.valid_until else "",
    }


def _moment(at: datetime, calendar: Calendar) -> str:
    """The day alone when it is its beginning."""
    return calendar.long(at).removesuffix(", 00:00")

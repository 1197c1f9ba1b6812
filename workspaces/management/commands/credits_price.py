"""Set what messages cost: `manage.py credits_price harbour-cafe 4 --category marketing --country AE`."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from workspaces import credit_prices, tenancy
from workspaces.models import Channel, CreditPrice, Workspace


class Command(BaseCommand):
    """Without CREDITS it only prints the list."""

    help = "Add a price from a day on; the one before it for the same ends there. Without CREDITS: print the prices."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", help="its short name in the address bar")
        parser.add_argument("credits", type=int, nargs="?")
        parser.add_argument("--channel", choices=Channel.Kind.values, default="", help="default: every channel")
        parser.add_argument("--category", choices=credit_prices.CATEGORIES, default="", help="default: each")
        parser.add_argument("--country", default="", help="two letters, ISO 3166; default: every country")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, help="day, default: now")
        parser.add_argument("--until", type=date.fromisoformat, help="first day it no longer holds")

    def handle(self, *args: Any, workspace: str, credits: int | None, **options: Any) -> None:
        """Add the price, if one is given, and print all of them, newest first. Days begin in the workspace's zone."""
        found = Workspace.objects.filter(slug=workspace).first()
        if found is None:
            raise CommandError(f"There is no workspace “{workspace}”.")
        with tenancy.scope(found.pk):
            if credits is not None:
                _add(found, credits, options)
            prices = list(CreditPrice.objects.filter(workspace=found).order_by("-valid_from", "-id"))
        for price in prices:
            self.stdout.write(_line(price, ZoneInfo(found.time_zone)))
        self.stdout.write(f"Everything else costs {credit_prices.DEFAULT_CREDITS} credit.")


def _add(workspace: Workspace, credits: int, options: dict[str, Any]) -> None:
    if credits < 0:
        raise CommandError("A message costs 0 credits or more.")
    try:
        credit_prices.put(
            workspace.pk,
            credits,
            channel_kind=options["channel"],
            category=options["category"],
            country=options["country"].upper(),
            valid_from=_start(workspace, options["first"]) or timezone.now(),
            valid_until=_start(workspace, options["until"]),
        )
    except ValueError as error:
        raise CommandError(str(error)) from error


def _start(workspace: Workspace, day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, ZoneInfo(workspace.time_zone)) if day else None


def _line(price: CreditPrice, zone: ZoneInfo) -> str:
    what = " ".join(filter(None, (price.channel_kind, price.category, price.country))) or "any message"
    until = f" until {price.valid_until.astimezone(zone):%Y-%m-%d %H:%M}" if price.valid_until else ""
    return f"{price.credits:>5}  {what}, from {price.valid_from.astimezone(zone):%Y-%m-%d %H:%M}{until}"

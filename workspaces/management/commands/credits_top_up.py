"""Book credits that were paid for elsewhere: `manage.py credits_top_up harbour-cafe 5000 --reference INV-7`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workspaces import credits, tenancy
from workspaces.models import CreditPocket, Workspace


class Command(BaseCommand):
    """A correction is a top-up that may be negative and needs a reason instead of a reference."""

    help = "Add credits to a workspace. The same reference is booked once; --correct changes the balance up or down."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspace", help="its short name in the address bar")
        parser.add_argument("credits", type=int)
        parser.add_argument("--pocket", choices=CreditPocket.Kind.values, default=CreditPocket.Kind.WHATSAPP)
        why = parser.add_mutually_exclusive_group(required=True)
        why.add_argument("--reference", help="your own for this payment: an invoice's number, say")
        why.add_argument("--correct", metavar="REASON", help="adjust the balance instead; CREDITS may be negative")
        parser.add_argument("--note", default="")

    def handle(self, *args: Any, workspace: str, credits: int, pocket: str, **options: Any) -> None:
        """Book, and print the new balance."""
        found = Workspace.objects.filter(slug=workspace).first()
        if found is None:
            raise CommandError(f"There is no workspace “{workspace}”.")
        with tenancy.scope(found.pk):
            entry = _book(found.pk, pocket, credits, options)
        name = CreditPocket.Kind(pocket).label
        self.stdout.write(f"{found.name}, {name}: {entry.amount:+,} credits, balance {entry.balance_after:,}")


def _book(workspace_id: int, pocket: str, amount: int, options: dict[str, Any]) -> Any:
    try:
        if options["correct"] is not None:
            return credits.adjust(workspace_id, pocket, amount, note=options["correct"])
        return credits.top_up(workspace_id, pocket, amount, reference=options["reference"], note=options["note"])
    except (credits.AlreadyBooked, credits.NotPossible, credits.NotEnough) as error:
        raise CommandError(str(error)) from error

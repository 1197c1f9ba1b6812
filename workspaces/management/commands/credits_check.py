"""Compare ledgers, balances and messages now: `manage.py credits_check`, for all workspaces or those named."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from workspaces import credit_checks, tenancy
from workspaces.models import Workspace


class Command(BaseCommand):
    help = "Check that credits add up, as happens once a day by itself. Fails when they do not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("workspaces", nargs="*", help="short names; default: all")

    def handle(self, *args: Any, workspaces: list[str], **options: Any) -> None:
        """Print what was found per workspace."""
        chosen = Workspace.objects.order_by("slug")
        if workspaces:
            chosen = chosen.filter(slug__in=workspaces)
        broken = 0
        for workspace in chosen:
            with tenancy.scope(workspace.pk):
                found = credit_checks.check(workspace)
            self.stdout.write(f"{workspace.slug}: {'adds up' if found.sound else 'DOES NOT ADD UP'}")
            for each in found.findings:
                where = f"{each['count']} in pocket {each['pocket']}, for example {each['examples']}"
                self.stdout.write(f"  {credit_checks.text_of(each['rule'])} ({where})")
            broken += not found.sound
        if broken:
            raise CommandError(f"The credits of {broken} workspaces do not add up.")

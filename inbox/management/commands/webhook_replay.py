from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from inbox import receiving
from inbox.models import DeadLetter, InboundWebhook
from workspaces import tenancy


class Command(BaseCommand):
    help = "Apply stored webhooks again: one by id, or everything that is quarantined. Repeating changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, help="ids of stored webhooks")
        parser.add_argument("--dead", action="store_true", help="every quarantined body and every open dead letter")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["ids"] and not options["dead"]:
            raise CommandError("Name webhook ids, or --dead for all that are quarantined.")
        with tenancy.all_workspaces():
            wanted = set(options["ids"])
            if options["dead"]:
                wanted |= set(InboundWebhook.objects.exclude(dead_at=None).values_list("pk", flat=True))
                wanted |= set(DeadLetter.objects.filter(resolved_at=None).values_list("webhook_id", flat=True))
            found = list(InboundWebhook.objects.filter(pk__in=wanted).only("id", "workspace_id"))
            for webhook in found:
                receiving.replay(webhook)
        if missing := wanted - {webhook.pk for webhook in found}:
            raise CommandError(f"No stored webhook has the id {', '.join(map(str, sorted(missing)))}.")
        self.stdout.write(f"{len(found)} webhooks are due again.")

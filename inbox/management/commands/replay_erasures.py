from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from contacts import erasing


class Command(BaseCommand):
    help = "After a backup was restored: erase again everybody the log of erasures names. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("log", nargs="?", default=settings.ERASURE_LOG, help="the log; default: ERASURE_LOG")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["log"])
        if not path.is_file():
            raise CommandError(f"There is no log of erasures at {path}.")
        self.stdout.write(f"{erasing.replay(path)} people came back with the backup and are being erased again.")

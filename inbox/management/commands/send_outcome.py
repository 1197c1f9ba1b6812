"""Print what an adapter makes of a provider's answer to a send. Needs no database."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from providers import reports
from providers.registry import ADAPTERS


class Command(BaseCommand):
    help = "Print what an answer means, from its HTTP status, its headers and its body on standard input."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--provider", default="whatsapp_cloud", choices=sorted(ADAPTERS))
        parser.add_argument("--http-status", type=int)
        parser.add_argument("--headers", type=Path, help="file with the answer's headers: JSON or `Name: value` lines")
        parser.add_argument(
            "--transport", choices=["connect", "after_write"], help="no answer came: how far the request had got"
        )
        parser.add_argument(
            "--many",
            action="store_true",
            help='read {"provider", "http_status", "headers", "raw_body"} or {"transport"} a line',
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["many"]:
            for line in reports.many_outcomes(sys.stdin.buffer):
                self.stdout.write(line)
        elif options["transport"]:
            self.stdout.write(reports.transport_line(options["transport"]))
        elif options["http_status"] is None:
            raise CommandError("Give --http-status, --transport or --many.")
        else:
            try:
                headers = reports.read_headers(options["headers"].read_text()) if options["headers"] else {}
            except (OSError, ValueError) as problem:
                raise CommandError(f"The headers could not be read: {problem}") from None
            body = sys.stdin.buffer.read()
            self.stdout.write(reports.outcome_line(options["provider"], options["http_status"], headers, body))

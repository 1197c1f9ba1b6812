"""Print what an adapter reads in a webhook payload. Needs no database."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from providers import reports
from providers.registry import ADAPTERS
from providers.types import MalformedPayload


class Command(BaseCommand):
    help = "Print the events in a webhook payload from standard input, one JSON object a line."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--provider", default="whatsapp_cloud", choices=sorted(ADAPTERS))
        parser.add_argument("--headers", type=Path, help="file with the request's headers: JSON or `Name: value` lines")
        parser.add_argument("--secret", help="app secret; the first line then says whether the signature is right")
        parser.add_argument(
            "--many",
            action="store_true",
            help='read {"provider", "headers", "raw_body"} a line, print {"events": [...]} a line',
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["many"]:
            for line in reports.many_events(sys.stdin.buffer):
                self.stdout.write(line)
            return
        try:
            headers = reports.read_headers(options["headers"].read_text()) if options["headers"] else {}
        except (OSError, ValueError) as problem:
            raise CommandError(f"The headers could not be read: {problem}") from None
        self._one(options["provider"], sys.stdin.buffer.read(), headers, options["secret"])

    def _one(self, provider: str, body: bytes, headers: dict[str, str], secret: str | None) -> None:
        if secret is not None:
            verified, line = reports.verified_line(provider, secret, headers, body)
            self.stdout.write(line)
            if not verified:
                return
        try:
            events, broken = reports.event_lines(provider, body, headers)
        except MalformedPayload as problem:
            raise CommandError(f"Malformed payload: {problem}") from None
        for line in events:
            self.stdout.write(line)
        for line in broken:
            self.stderr.write(f"broken: {line}")

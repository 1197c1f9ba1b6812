"""Make the demo workspaces, and say how to use them."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from broadcasts.demo import building as broadcasts
from inbox.demo import building, credit_history, facts, simulator


class Command(BaseCommand):
    help = "Make the two demo workspaces if they are missing, and print logins, ids and secrets for scripts."

    def add_arguments(self, parser: CommandParser) -> None:
        shape = parser.add_mutually_exclusive_group()
        shape.add_argument("--ensure", action="store_true", help="make what is missing, print a summary (the default)")
        shape.add_argument("--json", action="store_true", help="print everything as one JSON document")
        shape.add_argument("--env", action="store_true", help="print NAME='value' lines for a shell")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (settings.DEMO or settings.DEBUG):
            raise CommandError("The demo needs DEMO=True or DEBUG=True: its passwords are known to everybody.")
        if not settings.SIMULATOR_URL:
            raise CommandError("The demo's numbers live in the simulator: set SIMULATOR_URL.")
        made = [(building.ensure(team), team) for team in facts.TEAMS]
        for workspace, team in made:
            broadcasts.populate(workspace, team)
            credit_history.populate(workspace)  # last, because it charges every message that is there
        reached = [simulator.register(workspace, team) for workspace, team in made]
        found = {**facts.collect(), "broadcasts": broadcasts.listed()}
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, indent=2))
        elif options["env"]:
            for name, value in facts.variables(found).items():
                quoted = value.replace("'", "'\\''")
                self.stdout.write(f"{name}='{quoted}'")
        else:
            self._summary(found, all(reached))

    def _summary(self, found: dict[str, Any], reached: bool) -> None:
        for user in found["users"]:
            self.stdout.write(f"{user['workspace']}, {user['role']:<10} {user['email']:<34} {user['password']}")
        if not reached:
            self.stdout.write("The simulator does not run: its numbers are registered when it does.")

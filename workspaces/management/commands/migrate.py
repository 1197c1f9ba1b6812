"""Django's migrate, run as the role that owns the tables."""

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as Migrate
from django.db import connections


class Command(Migrate):
    """The runtime role may not change tables, so `migrate` uses the `owner` connection unless told otherwise."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; data migrations of other packages that ask for the default database get the owner's as well."""
        runtime = connections["default"]
        connections["default"] = connections[options["database"]]
        try:
            super().handle(*args, **options)
        finally:
            connections["default"] = runtime

from __future__ import annotations

import importlib
import signal
import threading
import time
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError, close_old_connections, connections

from config.database_role import refuse_unbound_role

log = structlog.get_logger(__name__)

PRUNE_SECONDS = 600
# Modules with sweep() and prune(). By name, because broadcasts stand above the inbox.
SWEEPS = ("inbox.sweeping", "broadcasts.sweeping")


class Command(BaseCommand):
    help = "Look for work no job announced, every few seconds. Several may run: the rows decide who does what."

    def handle(self, *args: Any, **options: Any) -> None:
        """Sweep until SIGTERM. Ends at once for a database role that row security does not bind."""
        refuse_unbound_role()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        sweeps = [importlib.import_module(name) for name in SWEEPS]
        pruned_at = 0.0
        while not stop.is_set():
            prune = time.monotonic() - pruned_at > PRUNE_SECONDS
            if prune:
                pruned_at = time.monotonic()
            for each in sweeps:
                _look(each, prune=prune)
            close_old_connections()
            stop.wait(settings.SWEEP_SECONDS)


def _look(sweeping: Any, *, prune: bool) -> None:
    """One round of one app; what fails there does not keep the others from theirs."""
    try:
        if found := sweeping.sweep():
            log.info("swept", **found)
        if prune:
            sweeping.prune()
    except (DatabaseError, InterfaceError) as error:
        log.warning("sweep put off, database away", error=type(error).__name__)
        connections.close_all()
    except Exception:
        log.exception("sweep failed")  # one bad row must not stop everybody's safety net

"""The whole product on servers of its own, with the sender's patience scaled down to seconds."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from config.embedded import Home
from config.servers import Servers
from tests.drills.provider import simulator
from tests.servers import run
from tests.stack import Stack

# In production a minute and a half, ten minutes, a day. What must hold between them: an attempt (lease / 2 + answer) is
# over before it counts as abandoned, and webhooks have had several tries before silence counts as proof.
PATIENCE = {
    "SEND_LEASE_SECONDS": "4",
    "SEND_ANSWER_SECONDS": "2",
    "SEND_UNKNOWN_AFTER_SECONDS": "6",
    "SEND_SETTLE_AFTER_SECONDS": "16",
    "SEND_CONTROL_WINDOW_SECONDS": "30",
    "SEND_CONTROL_MARGIN_SECONDS": "5",
    # Under many kills messages wait long for their sender; that must not be all that happens to them.
    "SEND_GIVE_UP_HOURS": "0.014" if os.environ.get("DRILL_SCALE", "1") == "1" else "0.05",
    "SEND_APART_SECONDS": "0.5",
    "SWEEP_SECONDS": "2",
}


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """A stack whose PostgreSQL and Valkey may be killed too: no other test uses them."""
    home = Home(run.home.path / f"drill-servers-{os.getpid()}")
    servers = Servers(home)
    servers.start()
    try:
        with Stack("drill", servers, **PATIENCE).running() as running:
            for channel in running.facts["channels"]:
                wanted = {**channel, "enforce_window": False, "accept_unknown": True}
                simulator(running, "PUT", f"channels/{channel['external_id']}", wanted)
            yield running
    finally:
        servers.stop()
        for folder in {home.path, home.data}:
            shutil.rmtree(folder, ignore_errors=True)

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulator.driver import Hook, Simulator


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory, hook: Hook) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path_factory.mktemp("simulator"), hook)
    simulator.start()
    yield simulator
    simulator.stop()


@pytest.fixture(autouse=True)
def fresh(simulator: Simulator, hook: Hook) -> None:
    """Nothing misbehaves and nothing is on its way when a test starts."""
    simulator.faults()
    hook.status = 200
    defaults = {"delay_seconds": [0, 0], "duplicate": 0, "reorder": False, "paused": False, "silence_seconds": 0}
    simulator.webhooks(**defaults, retry_seconds=0.1, batch=100)
    simulator.client.delete("/_sim/webhooks")
    hook.received.clear()

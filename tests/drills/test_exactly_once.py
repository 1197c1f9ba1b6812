"""Nothing lost, nothing twice: thousands of messages both ways, processes killed, a provider that misbehaves."""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from config.embedded import StartFailed, wait_until
from config.processes import CHECKOUT
from tests.drills import checks
from tests.drills.provider import Deliveries, message_ids, promised, simulator, webhooks
from tests.stack import Stack

MESSAGES, WEBHOOKS = 3_000, 1_500
LOAD_SECONDS = 28
CEILING_SECONDS = 300
SILENCE_SECONDS = 20  # without any webhook: longer than an unknown message waits for its control group
OFTEN = ("worker-broadcasts", "worker-live", "worker-default", "worker-inbound", "web")
KILLS = (*OFTEN, *OFTEN, "clock", "worker-broadcasts")

FAULTS = [
    {"match": {"probability": 0.012}, "action": "drop_after_accept"},
    {"match": {"probability": 0.012}, "action": "server_error_after_accept"},
    {"match": {"probability": 0.005}, "action": "timeout_after_accept", "seconds": 8},
    {"match": {"probability": 0.005}, "action": "malformed"},
    {"match": {"probability": 0.012}, "action": "server_error"},
    {"match": {"probability": 0.01}, "action": "unavailable"},
    {"match": {"probability": 0.01}, "action": "pair_throttle"},
    {"match": {"probability": 0.002}, "action": "throttle"},
    {"match": {"probability": 0.005}, "action": "undeliverable"},
]


@pytest.fixture
def misbehaving(stack: Stack) -> Iterator[None]:
    """The provider's faults, and webhooks that come doubled, late and in any order."""
    travel = {"duplicate": 0.1, "reorder": True, "reorder_seconds": 1.0, "retry_seconds": 0.5, "retry_cap_seconds": 2}
    simulator(stack, "PUT", "webhooks", travel)
    simulator(stack, "PUT", "faults", FAULTS)
    yield
    simulator(stack, "PUT", "faults", [])
    simulator(stack, "PUT", "webhooks", {"duplicate": 0.0, "reorder": False})


@pytest.mark.usefixtures("misbehaving")
def test_kills_and_faults_lose_nothing_and_send_nothing_twice(stack: Stack, tmp_path: Path) -> None:
    seed = int(os.environ.get("DRILL_SEED") or secrets.randbelow(10**6))
    print(f"DRILL_SEED={seed}")  # noqa: T201  (shown when the drill fails)
    chance, began = random.Random(seed), time.monotonic()
    journal = tmp_path / "promised"
    incoming = Deliveries(stack, webhooks(stack, WEBHOOKS, chance=chance, name=f"drill{seed}"), LOAD_SECONDS)
    loading = load(stack, journal, MESSAGES, LOAD_SECONDS, seed)
    incoming.start()
    kill_at_random(
        stack,
        chance,
        lambda: (len(promised(journal)) + len(incoming.acknowledged)) / (MESSAGES + len(incoming.webhooks)),
    )
    assert loading.wait(timeout=CEILING_SECONDS) == 0
    incoming.join(CEILING_SECONDS)
    simulator(stack, "PUT", "faults", [])
    quiet(stack, CEILING_SECONDS - (time.monotonic() - began))

    ids = promised(journal)
    assert len(ids) == MESSAGES
    assert len(incoming.acknowledged) == len(incoming.webhooks) > WEBHOOKS
    ended = checks.check_sent(stack, ids)
    took = f"{time.monotonic() - began:.0f} s"
    print(took, dict(ended), f"{checks.resent(stack)} sent again", f"{dict(incoming.refused)} refused")  # noqa: T201
    assert ended["delivered"] >= 0.9 * MESSAGES, ended  # the rest failed visibly: a slow machine gives up more of them
    checks.check_received(stack, incoming.acknowledged, message_ids(incoming.acknowledged))
    checks.check_counts(stack, "447947")
    checks.check_credits(stack, ids)


def load(stack: Stack, journal: Path, count: int, seconds: float, seed: int) -> subprocess.Popen[bytes]:
    """Queue messages in a process of its own."""
    command = [sys.executable, "-m", "tests.drills.load", str(journal), str(count), str(seconds), str(seed)]
    environment = {**stack.environment, "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.Popen(command, env=environment, cwd=CHECKOUT)


def kill_at_random(stack: Stack, chance: random.Random, progress: Callable[[], float]) -> None:
    """SIGKILL one working process after the other; meanwhile webhooks fall silent once and Valkey is emptied once."""
    order = list(KILLS)
    chance.shuffle(order)
    moments = sorted(chance.uniform(0.02, 0.95) for _ in order)
    fresh: set[str] = set()  # started since Valkey forgot which workers there are
    for position, (name, moment) in enumerate(zip(order, moments, strict=True)):
        wait_until(lambda at=moment: progress() >= at, seconds=CEILING_SECONDS, what=f"{moment:.0%} of the load")
        if position == len(order) // 3:
            simulator(stack, "PUT", "webhooks", {"silence_seconds": SILENCE_SECONDS})
        if position == len(order) // 2:
            redis.Redis.from_url(stack.redis_url).flushall()
            fresh.clear()
        if name in fresh:
            stack.processes.wait(name)
        stack.kill(name)
        stack.processes.launch(name)
        fresh.add(name)


def quiet(stack: Stack, seconds: float) -> None:
    """Wait until everything has come to its end."""
    last: dict[str, int] = {}

    def done() -> bool:
        last.update(checks.unfinished(stack))
        return not any(last.values())

    try:
        wait_until(done, seconds=seconds, what="The end of all work")
    except StartFailed as error:
        checks.check_twice(stack)
        raise AssertionError(f"stuck after {seconds:.0f} seconds: {last}") from error

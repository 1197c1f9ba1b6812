"""Two hundred at once on a small balance, killed in the middle: what is there is spent, and not one credit more."""

from __future__ import annotations

import ast
import os
import random
import secrets
import subprocess
import sys
from functools import partial

import pytest

from config.dev import manage
from config.embedded import wait_until
from config.processes import CHECKOUT
from tests.drills import checks
from tests.drills.provider import accepted
from tests.drills.test_exactly_once import quiet
from tests.stack import Stack

CREDITS, ASKED, THREADS = 1_000, 1_200, 200
KILLS = ("worker-default", "worker-default", "spender") * 3 + ("clock",)
SECONDS = 120

LEFT = """
SELECT p.balance FROM workspaces_creditpocket p JOIN workspaces_workspace w ON w.id = p.workspace_id
 WHERE w.slug = %s AND p.kind = 'whatsapp'
"""
CHARGED = """
SELECT m.uuid, -sum(e.amount) FROM workspaces_creditentry e JOIN inbox_message m ON m.id = e.message_id
  JOIN workspaces_workspace w ON w.id = m.workspace_id
 WHERE w.slug = %s AND m.text LIKE 'Number %%' GROUP BY 1
"""


@pytest.fixture
def poor(stack: Stack) -> str:
    """A workspace with a thousand credits."""
    slug = stack.facts["users"][0]["workspace"]
    change = CREDITS - balance(stack, slug)
    if change:
        manage(stack.environment, stack.home, "credits_top_up", slug, str(change), "--correct", "For the drill")
    return slug


def test_two_hundred_at_once_send_exactly_what_the_balance_pays_for(stack: Stack, poor: str) -> None:
    seed = int(os.environ.get("DRILL_SEED") or secrets.randbelow(10**6))
    print(f"DRILL_SEED={seed}")  # noqa: T201  (shown when the drill fails)
    chance, spending = random.Random(seed), spend(stack, poor)
    for number, name in enumerate(KILLS, 1):
        # Until some more are paid for, or there is nothing left to pay with.
        goal = CREDITS - min(CREDITS, number * CREDITS // len(KILLS) + chance.randrange(50))
        spent_enough = partial(lambda at, process: balance(stack, poor) <= at or process.poll() is not None, goal)
        wait_until(partial(spent_enough, spending), seconds=SECONDS, what="Spending")
        if name == "spender":
            spending.kill()
            spending.wait()
            spending = spend(stack, poor)
        else:
            stack.kill(name)
            stack.processes.launch(name)
    out, _ = spending.communicate(timeout=SECONDS)
    assert spending.returncode == 0
    quiet(stack, SECONDS)

    ended = ast.literal_eval(out.decode().splitlines()[-1])
    assert ended.keys() == {"sent", "credits"}, ended
    assert ended["credits"] >= ASKED - CREDITS
    assert balance(stack, poor) == 0
    charged = {identity.hex: net for identity, net in checks.ask(stack, CHARGED, poor)}
    assert len(charged) == CREDITS
    assert set(charged.values()) == {1}
    assert charged.keys() <= checks.check_twice(stack).keys(), "charged and never sent"
    assert accepted(stack).keys() >= charged.keys()
    checks.check_credits(stack, charged)


def spend(stack: Stack, slug: str) -> subprocess.Popen[bytes]:
    """Ask for more than there are credits for, in a process of its own."""
    command = [sys.executable, "-m", "tests.drills.spend", slug, str(ASKED), str(THREADS)]
    environment = {**stack.environment, "DJANGO_SETTINGS_MODULE": "config.settings", "POOL_SIZE": "100"}
    return subprocess.Popen(command, env=environment, cwd=CHECKOUT, stdout=subprocess.PIPE)


def balance(stack: Stack, slug: str) -> int:
    [(left,)] = checks.ask(stack, LEFT, slug)
    return int(left)

"""A broadcast while everything that carries it is killed, the provider misbehaves, and people write STOP.

Nobody gets it twice, nobody is forgotten, nobody gets it after opting out, and what was charged is what went out.
Somebody else's agent goes on answering meanwhile. DRILL_SCALE=10 is the full size.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from config.embedded import wait_until
from config.processes import CHECKOUT
from tests.drills import checks
from tests.drills.provider import Deliveries, promised, simulator
from tests.drills.test_exactly_once import FAULTS, quiet
from tests.stack import Stack

SCALE = int(os.environ.get("DRILL_SCALE") or 1)
PEOPLE, STOPS = 2_000 * SCALE, 100 * SCALE
PACE = 130 if SCALE == 1 else 100  # what a machine keeps up with that starts a process every few seconds
KILLED = ("worker-broadcasts", "worker-bulk", "worker-broadcasts", "worker-bulk", "worker-inbound", "web", "clock")
KILLS = 10 if SCALE == 1 else 50
SILENCE_SECONDS = 20  # without any webhook: longer than an unknown message waits for its control group
CEILING_SECONDS = 300 if SCALE == 1 else 1_200
STILL_SECONDS = 15.0  # without a message, after which the next process is killed all the same
REPLY_SECONDS = 2.0  # an agent's reply has left by then, nineteen times of twenty
PREFIX = "447949"

RECIPIENTS = """
SELECT r.state, r.reason, m.uuid, m.status, m.error_code, m.started_at, e.created_at
  FROM broadcasts_recipient r LEFT JOIN inbox_message m ON m.id = r.message_id
  LEFT JOIN contacts_consententry e ON e.identity_id = r.identity_id AND e.state = 'opted_out'
 WHERE r.broadcast_id = %s
"""
SPENT = """
SELECT count(*) FILTER (WHERE kind = 'charge') - count(*) FILTER (WHERE kind = 'refund'),
       count(*) FILTER (WHERE kind = 'charge'), count(DISTINCT message_id)
  FROM workspaces_creditentry WHERE broadcast_id = %s
"""
MESSAGES = """
SELECT count(*) FROM inbox_message m JOIN inbox_conversation c ON c.id = m.conversation_id
  JOIN contacts_identity i ON i.id = c.identity_id WHERE m.source = 'broadcast' AND i.address LIKE %s
"""
LATE = """
SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM started_at - created_at))::float8
  FROM inbox_message WHERE uuid::text = ANY(%s)
"""


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
def test_a_broadcast_reaches_everybody_once_whatever_is_killed(stack: Stack, tmp_path: Path) -> None:
    seed = int(os.environ.get("DRILL_SEED") or secrets.randbelow(10**6))
    print(f"DRILL_SEED={seed}")  # noqa: T201  (shown when the drill fails)
    chance, began = random.Random(seed), time.monotonic()
    launched = run(stack, "campaign", str(PEOPLE), str(PACE))
    broadcast = json.loads(launched.stdout)["id"]
    words = Deliveries(stack, [stop(stack, each) for each in chance.sample(range(PEOPLE), STOPS)], PEOPLE / PACE)
    with answering(stack, tmp_path / "replies"):
        words.start()
        kill_at_random(stack, chance)
        words.join(CEILING_SECONDS)
        simulator(stack, "PUT", "faults", [])
        finished = "SELECT status FROM broadcasts_broadcast WHERE id = %s"
        wait_until(
            lambda: checks.ask(stack, finished, broadcast) == [("finished",)],
            seconds=CEILING_SECONDS - (time.monotonic() - began),
            what="The broadcast",
        )
    quiet(stack, CEILING_SECONDS - (time.monotonic() - began))
    ended = check_recipients(stack, broadcast)
    late = check_replies(stack, tmp_path / "replies")
    took = f"{time.monotonic() - began:.0f} s"
    print(took, dict(ended), f"{checks.resent(stack)} sent again", f"replies p95 {late:.2f} s")  # noqa: T201


def check_recipients(stack: Stack, broadcast: int) -> Counter[str]:
    """Everybody has their end, and the provider's journal, the rows and the ledger agree about it."""
    taken = checks.check_twice(stack)
    found = checks.ask(stack, RECIPIENTS, broadcast)
    assert len(found) == PEOPLE
    assert checks.ask(stack, MESSAGES, f"{PREFIX}%") == [(sum(row[2] is not None for row in found),)]
    late = [row for row in found if row[5] and row[6] and row[5] > row[6]]
    assert late == [], f"{len(late)} began after the person had opted out"
    paid = 0
    for state, reason, identity, status, code, _, stopped in found:
        if state in ("skipped", "left_out"):
            assert (reason, stopped is not None, identity) == ("opted_out", True, None)
        elif status == "skipped":
            assert (code, stopped is not None, identity.hex in taken) == ("opted_out", True, False)
        elif status == "failed":
            assert code in checks.VISIBLE, f"{identity} failed with {code!r}"
            assert code == "131026" or identity.hex not in taken, f"{identity} was accepted and shows as {code}"
        else:
            assert (state, status, identity.hex in taken) == ("queued", "delivered", True)
            paid += 1
    [(spent, charged, messages)] = checks.ask(stack, SPENT, broadcast)
    assert (spent, charged, messages) == (paid, len(found) - sum(row[2] is None for row in found), charged)
    checks.check_credits(stack, [row[2].hex for row in found if row[2]])
    ended = Counter(f"{status or state} {code or reason}".strip() for state, reason, _, status, code, *_ in found)
    assert ended["delivered"] >= 0.85 * PEOPLE, ended
    return ended


def check_replies(stack: Stack, journal: Path) -> float:
    """What the agent wrote has gone out; seconds from writing to sending, of nineteen replies of twenty."""
    ids = promised(journal)
    assert ids
    checks.check_sent(stack, ids)
    [(late,)] = checks.ask(stack, LATE, [f"{i[:8]}-{i[8:12]}-{i[12:16]}-{i[16:20]}-{i[20:]}" for i in ids])
    # Smaller drills run beside other tests, where time says nothing.
    assert SCALE == 1 or late <= REPLY_SECONDS
    return float(late)


def kill_at_random(stack: Stack, chance: random.Random) -> None:
    """SIGKILL one process after the other while messages go out; meanwhile webhooks fall silent once."""
    moments = sorted(chance.uniform(0.01, 0.9) for _ in range(KILLS))
    with (stack.home.path / "simulator" / "state.sqlite3.journal.jsonl").open("rb") as journal:
        journal.seek(0, os.SEEK_END)
        taken, last = 0, time.monotonic()

        def reached(goal: float) -> bool:
            nonlocal taken, last
            if more := journal.read().count(b"\n"):
                taken, last = taken + more, time.monotonic()
            return taken >= goal or time.monotonic() - last > STILL_SECONDS

        for position, moment in enumerate(moments):
            goal = partial(reached, moment * (PEOPLE - STOPS))
            wait_until(goal, seconds=CEILING_SECONDS, what=f"{moment:.0%} of the broadcast")
            if position == KILLS // 3:
                simulator(stack, "PUT", "webhooks", {"silence_seconds": SILENCE_SECONDS})
            name = chance.choice(KILLED)
            stack.kill(name)
            stack.processes.launch(name)


@contextmanager
def answering(stack: Stack, journal: Path) -> Iterator[None]:
    """An agent of another workspace at work."""
    environment = {**stack.environment, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-m", "tests.drills.replies", str(journal)]
    with subprocess.Popen(command, env=environment, cwd=CHECKOUT) as agent:
        try:
            yield
        finally:
            agent.terminate()


def run(stack: Stack, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**stack.environment, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-m", f"tests.drills.{module}", *arguments]
    done = subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


def stop(stack: Stack, number: int) -> tuple[str, bytes, str]:
    """A signed webhook in which one of the people writes the word."""
    channel = stack.facts["channels"][0]
    person = f"{PREFIX}{number:06d}"
    said = {"from": person, "id": f"wamid.stop.broadcast.{number}", "timestamp": str(int(time.time()))}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "1", "phone_number_id": channel["external_id"]},
        "contacts": [{"wa_id": person, "profile": {"name": "Somebody"}}],
        "messages": [{**said, "type": "text", "text": {"body": "STOP"}}],
    }
    entry = {"id": channel["account_id"], "changes": [{"field": "messages", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    signature = "sha256=" + hmac.new(channel["app_secret"].encode(), body, hashlib.sha256).hexdigest()
    return channel["hook_url"], body, signature

"""People write STOP while marketing goes out to them and senders are killed: nothing starts after an opt-out."""

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
from functools import partial
from typing import Any

from config.embedded import wait_until
from config.processes import CHECKOUT
from tests.drills import checks
from tests.drills.provider import Deliveries
from tests.drills.test_exactly_once import quiet
from tests.stack import Stack

SCALE = int(os.environ.get("DRILL_SCALE") or 1)  # 10: the full size
PEOPLE, STOPS, SECONDS = 2_000 * SCALE, 200 * SCALE, 18.0
KILLS = ("worker-broadcasts",) * 6 + ("worker-inbound",) * 3 + ("clock",)
CEILING_SECONDS = 300
PREFIX = "447948"

MARKETING = """
SELECT m.uuid, m.status, m.error_code, m.started_at, e.created_at
  FROM inbox_message m JOIN inbox_conversation c ON c.id = m.conversation_id
  JOIN contacts_identity i ON i.id = c.identity_id
  LEFT JOIN contacts_consententry e ON e.identity_id = c.identity_id AND e.state = 'opted_out'
 WHERE m.purpose = 'marketing' AND i.address LIKE %s
"""


def test_nothing_starts_after_an_opt_out(stack: Stack) -> None:
    seed = int(os.environ.get("DRILL_SEED") or secrets.randbelow(10**6))
    print(f"DRILL_SEED={seed}")  # noqa: T201  (shown when the drill fails)
    chance, began = random.Random(seed), time.monotonic()
    command = [sys.executable, "-m", "tests.drills.offers", str(PEOPLE), str(1.5 * SECONDS)]
    environment = {**stack.environment, "DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run(command, env=environment, cwd=CHECKOUT, check=True, timeout=CEILING_SECONDS)
    words = Deliveries(stack, [stop(stack, number) for number in chance.sample(range(PEOPLE), STOPS)], SECONDS)
    words.start()
    order = chance.sample(KILLS, len(KILLS))
    for name, moment in zip(order, sorted(chance.uniform(0, 0.9) for _ in order), strict=True):
        heard = partial(lambda at: len(words.acknowledged) >= at * STOPS, moment)
        wait_until(heard, seconds=CEILING_SECONDS, what=f"{moment:.0%} of the stop words")
        stack.kill(name)
        stack.processes.launch(name)
    words.join(CEILING_SECONDS)
    quiet(stack, CEILING_SECONDS - (time.monotonic() - began))

    taken = checks.check_twice(stack)
    found = checks.ask(stack, MARKETING, f"{PREFIX}%")
    assert len(found) == PEOPLE
    assert sum(stopped is not None for *_, stopped in found) == STOPS
    late = [identity for identity, _, _, started, stopped in found if started and stopped and started > stopped]
    assert late == [], f"{len(late)} began after the person had opted out"
    ended = Counter(f"{status} {code}".strip() for _, status, code, _, _ in found)
    print(f"{time.monotonic() - began:.0f} s", dict(ended))  # noqa: T201
    for identity, status, code, _, stopped in found:
        if status == "skipped":
            assert (code, stopped is not None) == ("opted_out", True)
            assert identity.hex not in taken, f"{identity} was left out and sent"
        else:
            assert (status, identity.hex in taken) == ("delivered", True)
    assert ended["skipped opted_out"] >= STOPS // 20
    checks.check_credits(stack, [identity.hex for identity, *_ in found])


def stop(stack: Stack, number: int) -> tuple[str, bytes, str]:
    """A signed webhook in which one of the people writes the word."""
    channel = stack.facts["channels"][0]
    person = f"{PREFIX}{number:06d}"
    element: dict[str, Any] = {"from": person, "id": f"wamid.stop.{number}", "timestamp": str(int(time.time()))}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "1", "phone_number_id": channel["external_id"]},
        "contacts": [{"wa_id": person, "profile": {"name": "Somebody"}}],
        "messages": [{**element, "type": "text", "text": {"body": "STOP"}}],
    }
    entry = {"id": channel["account_id"], "changes": [{"field": "messages", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    signature = "sha256=" + hmac.new(channel["app_secret"].encode(), body, hashlib.sha256).hexdigest()
    return channel["hook_url"], body, signature

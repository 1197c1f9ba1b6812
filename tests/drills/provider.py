"""The provider's side of a drill: its own journal of what it accepted, and webhooks with their own journal."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.stack import Stack

SENDERS = 8  # connections over which webhooks arrive


def accepted(stack: Stack) -> Counter[str]:
    """How often the simulator accepted each of our messages, by the id in its token."""
    journal = stack.home.path / "simulator" / "state.sqlite3.journal.jsonl"
    found: Counter[str] = Counter()
    for line in journal.read_text().splitlines():
        token = json.loads(line).get("callback") or ""
        if token.startswith("v1."):
            found[token.split(".")[1]] += 1
    return found


def simulator(stack: Stack, method: str, path: str, body: Any = None) -> Any:
    answer = httpx.request(method, f"{stack.simulator_url}/_sim/{path}", json=body, timeout=10)
    answer.raise_for_status()
    return answer.json()


@dataclass
class Deliveries:
    """Signed webhooks on their way to one installation: doubled, shuffled, repeated until they are acknowledged."""

    stack: Stack
    webhooks: list[tuple[str, bytes, str]]  # address, body, signature
    seconds: float
    acknowledged: list[bytes] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self._began = time.monotonic()
        self._next = iter(enumerate(self.webhooks))
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._post_all, daemon=True) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> None:
        """Wait until all are acknowledged."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self.stop.set()
        assert not any(thread.is_alive() for thread in self._threads), "webhooks were not acknowledged in time"

    def _post_all(self) -> None:
        with httpx.Client(timeout=10) as client:
            while not self.stop.is_set():
                with self._lock:
                    entry = next(self._next, None)
                if entry is None:
                    return
                number, webhook = entry
                self.stop.wait(max(0.0, self._began + self.seconds * number / len(self.webhooks) - time.monotonic()))
                while not self.stop.is_set() and not self._post(client, *webhook):
                    self.stop.wait(0.2)

    def _post(self, client: httpx.Client, address: str, body: bytes, signature: str) -> bool:
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature}
        try:
            status = client.post(address, content=body, headers=headers).status_code
        except httpx.HTTPError:
            self.refused[0] += 1
            return False
        if status != 200:
            self.refused[status] += 1
            return False
        self.acknowledged.append(body)
        return True


def webhooks(stack: Stack, number: int, *, chance: random.Random, name: str, people: int = 60) -> list[Any]:
    """`number` different webhooks of one to three elements, one in ten twice, out of order within a few seconds."""
    made = [_webhook(stack, position, chance, name, people) for position in range(number)]
    timed = [(float(position), webhook) for position, webhook in enumerate(made)]
    timed += [(position + chance.uniform(0, 100), made[position]) for position in range(0, number, 10)]
    return [webhook for _, webhook in sorted(timed, key=lambda entry: entry[0] + chance.uniform(-40, 40))]


def _webhook(stack: Stack, position: int, chance: random.Random, name: str, people: int) -> tuple[str, bytes, str]:
    channel = stack.facts["channels"][position % len(stack.facts["channels"])]
    person = f"447947{chance.randrange(people):06d}"
    elements = [
        {
            "from": person,
            "id": f"wamid.{name}.{position}.{part}",
            "timestamp": str(int(time.time())),
            "type": "text",
            "text": {"body": f"{name} {position}.{part}"},
        }
        for part in range(chance.choice((1, 1, 2, 3)))
    ]
    if position % 20 == 0:
        reaction = {"message_id": elements[0]["id"], "emoji": "👍"}
        elements.append({**elements[0], "id": f"{elements[0]['id']}.r", "type": "reaction", "reaction": reaction})
        chance.shuffle(elements)
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "1", "phone_number_id": channel["external_id"]},
        "contacts": [{"wa_id": person, "profile": {"name": f"Person {person[-2:]}"}}],
        "messages": elements,
    }
    entry = {"id": channel["account_id"], "changes": [{"field": "messages", "value": value}]}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
    signature = "sha256=" + hmac.new(channel["app_secret"].encode(), body, hashlib.sha256).hexdigest()
    return channel["hook_url"], body, signature


def message_ids(bodies: list[bytes]) -> set[str]:
    """The ids of the messages (not the reactions) in webhook bodies."""
    values = (json.loads(body)["entry"][0]["changes"][0]["value"] for body in bodies)
    return {element["id"] for value in values for element in value["messages"] if element["type"] != "reaction"}


def promised(journal: Path) -> set[str]:
    """The ids of the messages whose sender was told they are queued; a torn last line was not told to anybody."""
    return {line for line in journal.read_text().split("\n") if len(line) == 32} if journal.exists() else set()

"""The fast provider of `bench.fake` that also reports: three statuses for each message, through the product's hook.

`python -m bench.echoing PORT HOOK_URL APP_SECRET NUMBER_ID ACCOUNT_ID`. GET /journal says what was accepted, and how
many statuses are still to be delivered; GET /mark too, and the next message counts as the first.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import islice

import aiohttp

from .fake import ANSWER, HEAD, RECIPIENT, Connection, numbers

TOKEN = re.compile(rb'"biz_opaque_callback_data": ?"([^"]+)"')
STEPS = {"sent": 0.5, "delivered": 1.0, "read": 2.0}  # seconds after it was accepted
AT_ONCE = 100  # statuses in a body
POSTS = 6  # bodies under way at once
TICK = 0.05
AGAIN = 1.0

STATUS = (
    '{"id":"%s","status":"%s","timestamp":"%d","recipient_id":"%s","biz_opaque_callback_data":"%s",'
    '"pricing":{"billable":true,"pricing_model":"PMP","category":"marketing","type":"regular"}}'
)
BODY = (
    '{"object":"whatsapp_business_account","entry":[{"id":"%s","changes":[{"field":"messages","value":{'
    '"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550783001","phone_number_id":"%s"},'
    '"statuses":[%s]}}]}]}'
)


@dataclass
class Journal:
    """What was accepted, and what is still to be reported. Memory does not grow with messages but for the people."""

    accepted: int = 0
    first: float = 0.0  # since the last mark
    last: float = 0.0
    people: set[bytes] = field(default_factory=set)
    waiting: dict[str, deque[tuple[float, str, str, str]]] = field(
        default_factory=lambda: {word: deque() for word in STEPS}
    )
    under_way: int = 0

    def accept(self, identity: str, to: bytes, token: str) -> None:
        now = time.time()
        self.accepted, self.first, self.last = self.accepted + 1, self.first or now, now
        self.people.add(to)
        for word, later in STEPS.items():
            self.waiting[word].append((now + later, identity, to.decode(), token))

    def due(self) -> tuple[str, list[tuple[float, str, str, str]]] | None:
        """A body's worth of statuses whose moment has come."""
        now = time.time()
        for word, queue in self.waiting.items():
            count = next((n for n, entry in enumerate(islice(queue, AT_ONCE)) if entry[0] > now), None)
            count = min(AT_ONCE, len(queue)) if count is None else count
            if count:
                return word, [queue.popleft() for _ in range(count)]
        return None

    def shown(self) -> bytes:
        pending = self.under_way + sum(map(len, self.waiting.values()))
        said = {"accepted": self.accepted, "people": len(self.people), "first": self.first, "last": self.last}
        return json.dumps({**said, "pending": pending}).encode()


journal = Journal()


class Echoing(Connection):
    """Requests of one client connection, answered in order and written into the journal."""

    def _answer(self, head: bytes, content: bytes) -> None:
        if head.startswith(b"GET /mark"):
            journal.first = 0.0
        if head.startswith((b"GET /mark", b"GET /journal")):
            said = journal.shown()
            self._transport.write(HEAD % len(said) + said)
            return
        recipient, token = RECIPIENT.search(content), TOKEN.search(content)
        if head.startswith(b"GET") or recipient is None:
            super()._answer(head, content)
            return
        number = next(numbers)
        body = ANSWER % (recipient[1], recipient[1], number)
        self._transport.write(HEAD % len(body) + body)
        journal.accept(f"wamid.{number:015d}", recipient[1], token[1].decode() if token else "")


async def report(hook: str, secret: str, number_id: str, account_id: str) -> None:
    """Deliver statuses for ever; a body that is not acknowledged is delivered again."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=POSTS)) as session:

        async def post() -> None:
            while True:
                if not (batch := journal.due()):
                    await asyncio.sleep(TICK)
                    continue
                word, entries = batch
                journal.under_way += len(entries)
                at = int(time.time())
                statuses = ",".join(STATUS % (identity, word, at, to, token) for _, identity, to, token in entries)
                body = (BODY % (account_id, number_id, statuses)).encode()
                while not await _delivered(session, hook, secret, body):
                    await asyncio.sleep(AGAIN)
                journal.under_way -= len(entries)

        await asyncio.gather(*(post() for _ in range(POSTS)))


async def _delivered(session: aiohttp.ClientSession, hook: str, secret: str, body: bytes) -> bool:
    mark = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={mark}"}
    try:
        async with session.post(hook, data=body, headers=headers) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def serve(port: int, *hook: str) -> None:
    server = await asyncio.get_running_loop().create_server(Echoing, "127.0.0.1", port, backlog=4096)
    await asyncio.gather(server.serve_forever(), report(*hook))


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), *sys.argv[2:]))

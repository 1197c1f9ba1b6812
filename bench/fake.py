"""A provider for measuring senders: takes any POST, answers with a message id, after a wait if asked to.

One process, one parser of just enough HTTP, so that it is never what is being measured: about ten times as fast as
the client it serves. `python -m bench.fake PORT LATENCY_SECONDS`.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import sys

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
RECIPIENT = re.compile(rb'"to": ?"\+(\d+)"')
ANSWER = b'{"messaging_product":"whatsapp","contacts":[{"input":"+%b","wa_id":"%b"}],"messages":[{"id":"wamid.%015d"}]}'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
GREETING = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n"

numbers = itertools.count(1)


class Connection(asyncio.Protocol):
    """Requests of one client connection, answered in order."""

    latency = 0.0

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = LENGTH.search(head)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < total:
                return
            content, self._buffer = self._buffer[end + 4 : total], self._buffer[total:]
            self._answer(head, content)

    def _answer(self, head: bytes, content: bytes) -> None:
        if head.startswith(b"GET"):
            self._transport.write(GREETING)
            return
        recipient = RECIPIENT.search(content)
        address = recipient[1] if recipient else b"1"
        body = ANSWER % (address, address, next(numbers))
        reply = HEAD % len(body) + body
        if self.latency:
            asyncio.get_running_loop().call_later(self.latency, self._transport.write, reply)
        else:
            self._transport.write(reply)


async def serve(port: int, latency: float) -> None:
    Connection.latency = latency
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))

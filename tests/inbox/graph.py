"""A provider on 127.0.0.1 that answers each message as its test wrote down."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def error(code: int, status: int = 400) -> tuple[int, bytes]:
    return status, json.dumps({"error": {"code": code, "message": "no", "type": "OAuthException"}}).encode()


# Name → status and body; "ok" and the names in `_Handler.broken` are made on the spot.
ANSWERS: dict[str, tuple[int, bytes]] = {
    "throttle": error(130429),
    "pair_throttle": error(131056),
    "token": error(190, 401),
    "unavailable": error(131000, 500),
    "undeliverable": error(131026),
    "opted_out": error(131050),
    "empty_500": (500, b""),
    "html_502": (502, b"<html>Bad gateway</html>"),
    "no_id": (200, b'{"messages": [{}]}'),
    "no_json": (200, b"OK"),
}


class FakeGraph:
    """`plan[text]` lists the answers to the messages with that text in turn; without a plan every answer is "ok"."""

    def __init__(self) -> None:
        self.plan: defaultdict[str, list[str]] = defaultdict(list)
        self.received: list[dict[str, Any]] = []
        self.uploads: list[bytes] = []
        self.upload_answers: list[str] = []
        self.during: Callable[[dict[str, Any]], None] | None = None  # called while the provider holds the request
        self.ids: dict[str, str] = {}
        self.wa_ids: dict[str, str] = {}  # number as sent → what the provider calls it
        self.release = threading.Event()  # lets answers that were to come too late end
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"graph": self}))
        self._server.daemon_threads = True

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v23.0"

    @contextmanager
    def serving(self) -> Iterator[FakeGraph]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.release.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def texts(self) -> list[str]:
        """The texts of the messages that arrived, in order; a file's kind where there is no text."""
        return [_text(message) for message in self.received]

    def take(self, message: dict[str, Any]) -> tuple[str, str]:
        """Note a message; its answer and its id."""
        with self._lock:
            self.received.append(message)
            number = len(self.received)
            planned = self.plan[_text(message)]
            name = planned.pop(0) if planned else "ok"
        return name, self.ids.get(_text(message), f"wamid.{number}.{message.get('biz_opaque_callback_data', '')[3:20]}")


def _text(message: dict[str, Any]) -> str:
    return message.get("text", {}).get("body") or message.get("type", "")


class _Handler(BaseHTTPRequestHandler):
    graph: FakeGraph
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/media"):
            self._upload(body)
            return
        message = json.loads(body)
        name, wamid = self.graph.take(message)
        if self.graph.during:
            self.graph.during(message)
        if name == "silence":
            self.graph.release.wait(30)
            self.close_connection = True
        elif name == "drop":
            self.close_connection = True
        elif name == "half":
            self.send_response(200)
            self.send_header("Content-Length", "400")
            self.end_headers()
            self.wfile.write(b'{"messages":')
            self.close_connection = True
        elif name == "ok":
            to = message.get("to", "")
            known_as = [{"input": to, "wa_id": self.graph.wa_ids[to]}] if to in self.graph.wa_ids else []
            self._answer(200, json.dumps({"contacts": known_as, "messages": [{"id": wamid}]}).encode())
        else:
            self._answer(*ANSWERS[name])

    def _upload(self, body: bytes) -> None:
        self.graph.uploads.append(body)
        name = self.graph.upload_answers.pop(0) if self.graph.upload_answers else "ok"
        if name == "ok":
            self._answer(200, json.dumps({"id": f"media-{len(self.graph.uploads)}"}).encode())
        else:
            self._answer(*ANSWERS[name])

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing on the terminal."""

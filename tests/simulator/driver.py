"""A real simulator process, and a small real server that plays the hook."""

from __future__ import annotations

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]
PHONE, WABA, TOKEN, SECRET = "2200110044", "3300220055", "token-of-the-shop", "secret-of-the-app"
AMELIA = "447700900118"


class Hook:
    """Receives webhooks and keeps them raw. `status` is what it answers."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.status == 200:
                    hook.received.append((dict(self.headers), body))
                self.answer(hook.status, b"")

            def do_GET(self) -> None:
                query = httpx.URL(self.path).params
                if query.get("hub.verify_token") == "right":
                    self.answer(200, query["hub.challenge"].encode())
                else:
                    self.answer(403 if "hub.challenge" in query else 404, b"")

            def answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks/abc/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _elements(self, kind: str) -> list[dict[str, Any]]:
        found = []
        for _, body in list(self.received):
            for entry in json.loads(body)["entry"]:
                for change in entry["changes"]:
                    found += change["value"].get(kind, [])
        return found

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self._elements("messages")

    def statuses(self, wamid: str) -> list[dict[str, Any]]:
        return [status for status in self._elements("statuses") if status["id"] == wamid]


class Simulator:
    """The process and a client for it."""

    def __init__(self, folder: Path, hook: Hook) -> None:
        self.folder, self.hook, self.port = folder, hook, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
        self.channel = {
            "phone_number_id": PHONE, "waba_id": WABA, "display_phone_number": "+1 555 078 3001",
            "verified_name": "Garden Shop", "token": TOKEN, "app_secret": SECRET, "verify_token": "right",
            "hook_url": hook.url,
        }  # fmt: skip

    def start(self) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "SIMULATOR_STATE": str(self.folder / "state.sqlite3"),
            "SIMULATOR_CHANNELS": json.dumps([self.channel]),
            "SIMULATOR_BASE_URL": self.url,
        }
        command = [
            sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(self.port),
            "--no-ws", "simulator.app:application",
        ]  # fmt: skip
        log = (self.folder / "simulator.log").open("ab")
        # A group of its own: granian's worker is a child process, and a drill kills both at once.
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        log.close()
        eventually(self._answers, seconds=20)

    def _answers(self) -> bool:
        try:
            return self.client.get("/_sim/health").status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)

    def send(self, kind: str = "text", body: Any = None, *, to: str = AMELIA, **more: Any) -> httpx.Response:
        content = {"body": "Good morning"} if body is None else body
        payload = {"messaging_product": "whatsapp", "to": "+" + to, "type": kind, kind: content, **more}
        return self.client.post(f"/v23.0/{PHONE}/messages", json=payload)

    def accepted(self, *args: Any, **more: Any) -> str:
        answer = self.send(*args, **more)
        assert answer.status_code == 200, answer.text
        wamid: str = answer.json()["messages"][0]["id"]
        return wamid

    def inbound(self, kind: str = "text", *, sender: str = AMELIA, **more: Any) -> str:
        more = more or {"text": "Hello"}
        message = {"from": sender, "phone_number_id": PHONE, "type": kind, **more}
        answer = self.client.post("/_sim/inbound", json=message)
        assert answer.status_code == 201, answer.text
        wamid: str = answer.json()["wamid"]
        return wamid

    def window(self, *, hours_ago: float, customer: str = AMELIA) -> bool:
        """Pretend the customer wrote that long ago. Returns whether the window is open now."""
        wanted = {"phone_number_id": PHONE, "from": customer, "hours_ago": hours_ago}
        is_open: bool = self.client.put("/_sim/window", json=wanted).json()["open"]
        return is_open

    def log(self, **query: Any) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.client.get("/_sim/log", params=query).json()["messages"]
        return entries

    def webhooks(self, **settings: Any) -> None:
        assert self.client.put("/_sim/webhooks", json=settings).status_code == 200

    def faults(self, *rules: dict[str, Any]) -> None:
        answer = self.client.put("/_sim/faults", json=list(rules))
        assert answer.status_code == 200, answer.text


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def eventually(claim: Callable[[], Any], *, seconds: float = 10) -> Any:
    """Wait until `claim` is true and return what it said. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result := claim():
            return result
        time.sleep(0.02)
    raise AssertionError(f"not true within {seconds} s")

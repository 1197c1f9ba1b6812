"""A provider's account on 127.0.0.1 that keeps templates, and misbehaves as its test wrote down."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.simulator.driver import free_port

NOT_THERE = {"code": 100, "error_subcode": 2593002, "message": "Message template not found"}
EXISTS = {"code": 100, "error_subcode": 2388024, "message": "There is already content in this language"}


class FakeAccount:
    """`plan` lists what happens to the next changes (POST, DELETE) in turn; without a plan they are carried out.

    "refuse:<code>" and "refuse:<code>:<subcode>" say no; "500" fails before anything is done; "lose" carries out and
    closes the connection without an answer; "hang" carries out and never answers.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.templates: dict[tuple[str, str], dict[str, Any]] = {}
        self.plan: list[str] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []  # create, edit, delete, list, open, put
        self.page_size = 100
        self.during: Callable[[str], None] | None = None  # called when a change has been carried out, before the answer
        self.release = threading.Event()
        self._next = 700_000
        self._server: ThreadingHTTPServer | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v23.0"

    @contextmanager
    def serving(self) -> Iterator[FakeAccount]:
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def start(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), type("Handler", (_Handler,), {"account": self}))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Nobody listens any more; what the account holds stays."""
        self.release.set()
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def names(self, call: str) -> list[str]:
        """What calls of one kind were about, in order."""
        return [said.get("name", "") for kind, said in self.calls if kind == call]

    def count(self, call: str) -> int:
        return sum(kind == call for kind, _ in self.calls)

    def put(self, name: str, language: str = "en", **fields: Any) -> dict[str, Any]:
        """Somebody made a template in the provider's own manager."""
        self._next += 1
        body = [{"type": "BODY", "text": f"Hello from {name}"}]
        self.templates[name, language] = {
            "id": str(self._next), "name": name, "language": language, "status": "APPROVED", "category": "UTILITY",
            "parameter_format": "POSITIONAL", "components": body, **fields,
        }  # fmt: skip
        return self.templates[name, language]

    def create(self, said: dict[str, Any]) -> dict[str, Any]:
        if (said["name"], said["language"]) in self.templates:
            return {"error": EXISTS}
        made = self.put(**{**said, "status": "PENDING"})
        return {key: made[key] for key in ("id", "status", "category")}

    def edit(self, template_id: str, said: dict[str, Any]) -> dict[str, Any]:
        for template in self.templates.values():
            if template["id"] == template_id:
                template.update(said, status="PENDING")
                return {"success": True}
        return {"error": {"code": 100, "error_subcode": 33, "message": "Unsupported post request"}}

    def delete(self, name: str, template_id: str) -> dict[str, Any]:
        gone = [key for key, each in self.templates.items() if each["name"] == name and template_id in ("", each["id"])]
        for key in gone:
            del self.templates[key]
        return {"success": True} if gone else {"error": NOT_THERE}

    def list(self, query: dict[str, str]) -> dict[str, Any]:
        found = [
            each
            for each in self.templates.values()
            if query.get("name", "") in each["name"] and query.get("language", each["language"]) == each["language"]
        ]
        start = int(query.get("after") or 0)
        page, end = found[start : start + self.page_size], start + self.page_size
        paging = {"cursors": {"after": str(end)}} | ({"next": "https://elsewhere.test/"} if end < len(found) else {})
        return {"data": page, "paging": paging}


class _Handler(BaseHTTPRequestHandler):
    account: FakeAccount
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        self.account.calls.append(("list", query))
        self._answer(200, self.account.list(query))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        place = unquote(urlsplit(self.path).path).removeprefix("/v23.0/")
        if place == "app/uploads":
            self._change("open", dict(parse_qs(urlsplit(self.path).query)), lambda: {"id": "upload:c2Vzc2lvbg=="})
        elif place.startswith("upload:"):
            number = self.account.count("put") + 1
            self._change("put", {"content": body}, lambda: {"h": f"4::handle-{number}"})
        elif place.endswith("/message_templates"):
            said = json.loads(body)
            self._change("create", said, lambda: self.account.create(said))
        else:
            said = json.loads(body)
            assert re.fullmatch(r"\d+", place), place
            self._change("edit", {**said, "id": place}, lambda: self.account.edit(place, said))

    def do_DELETE(self) -> None:
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        self._change("delete", query, lambda: self.account.delete(query["name"], query.get("hsm_id", "")))

    def _change(self, kind: str, said: dict[str, Any], carry_out: Callable[[], dict[str, Any]]) -> None:
        self.account.calls.append((kind, said))
        planned = self.account.plan.pop(0) if self.account.plan else "ok"
        if planned.startswith("refuse:"):
            code, *subcode = map(int, planned.split(":")[1:])
            error = {"code": code, "message": "no"} | ({"error_subcode": subcode[0]} if subcode else {})
            self._answer(400, {"error": error})
            return
        if planned == "500":
            self._answer(500, {})
            return
        answer = carry_out()
        if self.account.during:
            self.account.during(kind)
        if planned == "hang":
            self.account.release.wait(30)
        if planned in ("lose", "hang"):
            self.close_connection = True
            return
        self._answer(400 if "error" in answer else 200, answer)

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode() if document else b""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing on the terminal."""

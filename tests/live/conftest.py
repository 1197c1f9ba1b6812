"""The real live process on a port of its own, a way to read its streams, and a switch on its line to Valkey."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from config.embedded import free_port, wait_until

CHECKOUT = Path(__file__).resolve().parents[2]
SERVER = "-m granian --interface asgi --loop asyncio --no-ws --host 127.0.0.1"
GRANIAN = [sys.executable, *SERVER.split()]
PATIENCE = 10.0


class ValkeyLine:
    """A TCP relay to Valkey that can be cut and mended."""

    def __init__(self) -> None:
        parts = urlsplit(settings.REDIS_URL)
        self._target = (parts.hostname, parts.port)
        self.port = free_port()
        self.url = settings.REDIS_URL.replace(f":{parts.port}/", f":{self.port}/")
        self._sockets: list[socket.socket] = []
        self.mend()

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        for end in (self._listener, *self._sockets):
            _hang_up(end)
        self._sockets.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
            except OSError:
                return
            self._sockets += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_copy, args=(source, sink), daemon=True).start()


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    _hang_up(sink)


@dataclass
class LiveProcess:
    port: int
    process: subprocess.Popen[bytes]
    valkey: ValkeyLine

    def open(self, path: str, *, session: str = "", headers: dict[str, str] | None = None) -> Reader:
        """Ask for a stream; the answer's status is in the reader."""
        return Reader(self.port, path, {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}", **(headers or {})})

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@dataclass
class Reader:
    """One open stream, read line by line over a plain socket."""

    port: int
    path: str
    headers: dict[str, str]
    method: str = "GET"
    status: int = 0
    answered: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        head = {"Host": f"127.0.0.1:{self.port}", **self.headers}
        lines = [f"{self.method} {quote(self.path)} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._file = self._socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        while line := self._file.readline().strip().decode():
            name, _, value = line.partition(":")
            self.answered[name.lower()] = value.strip()
        # The lines of the body until the server ends it; TimeoutError when it says nothing for a while.
        self.lines = self._body()

    def _body(self) -> Iterator[str]:
        while size := int(self._file.readline() or b"0", 16):
            yield from self._file.read(size).decode().splitlines()
            self._file.readline()

    def names(self, until: str = "") -> list[str]:
        """The names heard, up to and with `until`, or to the end of the stream; pings left out."""
        heard = []
        for line in self.lines:
            if line.startswith("data: ") and (name := json.loads(line[6:])["n"]) != "ping":
                heard.append(name)
                if name == until:
                    break
        return heard

    def close(self) -> None:
        _hang_up(self._socket)


@contextmanager
def running() -> Iterator[LiveProcess]:
    """A live process on the test's database, behind a line to Valkey that can be cut."""
    line = ValkeyLine()
    port = free_port()
    environment = {**os.environ, "DATABASE_URL": _database_url(), "REDIS_URL": line.url, "LIVE_PORT": str(port)}
    environment["ALLOWED_HOSTS"] = "127.0.0.1,localhost"
    process = subprocess.Popen([*GRANIAN, "--port", str(port), "live.app:application"], env=environment, cwd=CHECKOUT)
    try:
        wait_until(lambda: _answers(port), seconds=30, what="live", alive=lambda: process.poll() is None)
        yield LiveProcess(port, process, line)
    finally:
        line.cut()
        _end(process)


@pytest.fixture(scope="module")
def process(django_db_setup: None) -> Iterator[LiveProcess]:
    with running() as started:
        yield started


@pytest.fixture
def live(committed_db: None, process: LiveProcess) -> LiveProcess:
    """The process that the tests of one module share; it remembers nothing between them."""
    return process


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _answers(port: int) -> bool:
    try:
        reader = Reader(port, "/healthz", {})
    except OSError:
        return False
    reader.close()
    return reader.status == 200


def _database_url() -> str:
    at = connection.settings_dict
    return f"postgres://{at['USER']}:{quote(at['PASSWORD'])}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


def signed_in(user) -> str:
    """The session key of a browser in which this person signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


def eventually(fact, *, seconds: float = PATIENCE) -> None:
    """Poll until `fact()` is true."""
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.02)

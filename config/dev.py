"""bin/dev: the whole product on this machine, with demo workspaces, until Ctrl-C."""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import IO, Any

from config.embedded import Home, StartFailed, tail
from config.processes import CHECKOUT, Part, Processes
from config.run import DEFAULT_PORT, development, home
from config.servers import Servers

WATCH_SECONDS = 0.25
# What of the parts' logs is also shown in the terminal.
WORTH_SHOWING = re.compile(r"\[(warning|error|critical) *\]|^\[?(WARNING|ERROR|CRITICAL)|^Traceback|^\w*Error\b")


class Interrupted(Exception):
    """Ctrl-C or SIGTERM."""


class Development:
    """Servers, processes and what is printed about them."""

    def __init__(self, home: Home, port: int) -> None:
        self.home, self.port = home, port
        self.servers = Servers(home, port + 3, port + 4)
        self.processes: Processes | None = None
        self.facts: dict[str, Any] = {}
        self._read: dict[str, int] = {}

    def start(self, *, fresh: bool) -> None:
        """Bring everything up. Raises StartFailed naming the part that did not come."""
        Processes({}, self.home.path / "logs", self.port).check_ports()
        if fresh:
            self.servers.wipe()
        self.servers.start()
        environment = {**os.environ, **development(self.home, self.port), **self.servers.environment()}
        (self.home.path / "port").write_text(str(self.port))
        self.processes = Processes(environment, self.home.path / "logs", self.port)
        migrate(environment, self.home)
        self._remember_log_ends()
        self.facts = demo_facts(environment)
        environment |= simulator_settings(self.home, self.port, self.facts)
        self.processes.start()
        manage(environment, self.home, "demo", "--ensure")  # now the simulator can learn the reply windows

    def _remember_log_ends(self) -> None:
        assert self.processes
        for name in self.processes.parts:
            log = self.processes.log(name)
            self._read[name] = log.stat().st_size if log.exists() else 0

    def announce(self) -> None:
        """Print where everything is and how to sign in."""
        base = f"http://127.0.0.1:{self.port}/"
        lines = [f"Carillon is ready: {base}", ""]
        users = self.facts.get("users", [])
        widest = max((len(user["email"]) for user in users), default=0)
        lines += [f"  {role_of(user):<24} {user['email']:<{widest}}  {user['password']}" for user in users]
        lines += [
            "",
            f"  Customer's phone: {self.facts.get('simulator_url') or f'http://127.0.0.1:{self.port + 2}'}/",
            f"  Logs: {self.home.path / 'logs'}    Stop: Ctrl-C",
        ]
        say("\n".join(lines))

    def watch(self) -> None:
        """Show warnings until a part ends. Raises StartFailed naming it, with the end of its log."""
        assert self.processes
        while True:
            for name in self.processes.parts:
                self._show_news(name)
            if dead := self.processes.dead():
                raise StartFailed(self._obituary(dead))
            if name := self.servers.fallen():
                raise StartFailed(f"The server {name} ended. The end of its log:\n{tail(self.home.log(name))}")
            time.sleep(WATCH_SECONDS)

    def _obituary(self, part: Part) -> str:
        assert self.processes
        assert part.process
        log = self.processes.log(part.name)
        return f"The part {part.name} ended (exit code {part.process.returncode}). The end of {log}:\n{tail(log)}"

    def _show_news(self, name: str) -> None:
        assert self.processes
        log = self.processes.log(name)
        if not log.exists() or log.stat().st_size <= self._read[name]:
            return
        with log.open("rb") as lines:
            lines.seek(self._read[name])
            news = lines.read()
        self._read[name] += len(news)
        for line in news.decode(errors="replace").splitlines():
            if WORTH_SHOWING.search(line):
                say(f"{name}: {line}")

    def stop(self) -> None:
        """Stop the parts first, then Valkey and PostgreSQL."""
        if self.processes:
            self.processes.stop()
        self.servers.stop()


def manage(environment: dict[str, str], home: Home, *command: str) -> None:
    """Run one manage.py command, output to its log. Raises StartFailed with the end of the log."""
    log = home.log(command[0])
    with log.open("ab") as output:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            env=environment, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False,
        )  # fmt: skip
    if done.returncode:
        raise StartFailed(f"manage.py {' '.join(command)} failed. The end of {log}:\n{tail(log)}")


def migrate(environment: dict[str, str], home: Home) -> None:
    """Bring the schema up to date. Raises StartFailed with the end of the log."""
    manage(environment, home, "migrate", "--verbosity", "0")


def demo_facts(environment: dict[str, str]) -> dict[str, Any]:
    """Make the demo workspaces where they are missing; what there is: users, workspaces, channels."""
    command = [sys.executable, "manage.py", "demo", "--json"]
    done = subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartFailed(f"manage.py demo --json failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def simulator_settings(home: Home, port: int, facts: dict[str, Any]) -> dict[str, str]:
    """The simulator's own variables: it plays the provider of the demo's channels."""
    folder = home.path / "simulator"
    folder.mkdir(exist_ok=True)
    channels = folder / "channels.json"
    channels.write_text(json.dumps(facts.get("channels", [])))
    channels.chmod(0o600)
    return {
        "SIMULATOR_STATE": str(folder / "state.sqlite3"),
        "SIMULATOR_CHANNELS": str(channels),
        "SIMULATOR_BASE_URL": f"http://127.0.0.1:{port + 2}",
        "SIMULATOR_INBOX_URL": f"http://127.0.0.1:{port}/",
    }


def role_of(user: dict[str, Any]) -> str:
    """How a demo login is introduced in the list."""
    return ", ".join(str(user[key]) for key in ("workspace", "role") if user.get(key))


def say(text: str) -> None:
    """Print at once, also when the output is a pipe."""
    print(text, flush=True)


def alone(home: Home) -> IO[str]:
    """Take the home for this process. Raises StartFailed if another bin/dev runs on it."""
    lock = (home.path / "dev.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        raise StartFailed(
            f"Another bin/dev (process {lock.read().strip()}) already uses {home.path}. Stop it first, or give this "
            "one a home and ports of its own: CARILLON_HOME=/some/folder bin/dev --port 8100"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def interrupted(*_: object) -> None:
    """Begin to stop; further signals are ignored, so that a second Ctrl-C leaves no servers behind."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    raise Interrupted


def run(place: Home, port: int, *, fresh: bool) -> int:
    """Start, announce, watch, stop; the exit code."""
    development = Development(place, port)
    try:
        development.start(fresh=fresh)
        development.announce()
        development.watch()
    except StartFailed as error:
        say(f"\n{error}" + ("\nStopping the rest." if development.processes else ""))
        return 1
    except Interrupted:
        say("\nStopping.")
    finally:
        development.stop()
    return 0


def main() -> int:
    """Parse the command line of bin/dev and run it."""
    parser = argparse.ArgumentParser(prog="bin/dev", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="first of five ports (default %(default)s)")
    parser.add_argument("--fresh", action="store_true", help="delete all data first")
    options = parser.parse_args()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, interrupted)
    try:
        place = home()
        lock = alone(place)
    except StartFailed as error:
        print(error, file=sys.stderr)
        return 1
    with lock:
        return run(place, options.port, fresh=options.fresh)


if __name__ == "__main__":
    sys.exit(main())

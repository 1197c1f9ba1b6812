"""Start, share and stop the private PostgreSQL and Valkey of one home."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
import redis
from psycopg import sql

from config.embedded import Home, StartFailed, claimed_port, command_of, end_process, passwords, tail, wait_until

START_SECONDS = 60
# A laptop's worth of memory; the rest is PostgreSQL's own choice. synchronous_commit stays on: an acknowledged
# webhook must survive a crash here too.
POSTGRES_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a private home is often longer than a socket name may be
    "shared_buffers": "256MB",
    "max_connections": "200",
    "jit": "off",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


@dataclass
class Servers:
    """Both servers of one home. Several commands may use them at once; the last one out stops them."""

    home: Home
    postgres_port: int = 0  # 0: where they run already, else any free port
    valkey_port: int = 0

    def __post_init__(self) -> None:
        self._secrets = passwords(self.home)

    def start(self) -> None:
        """Bring up what does not run yet. Raises StartFailed with the reason and the end of the log."""
        with _locked(self.home.path / "start.lock"):
            self._users: IO[str] = (self.home.path / "users.lock").open("w")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            self._start_postgres()
            self._start_valkey()

    def stop(self) -> None:
        """Stop both, unless another command still uses them."""
        if not hasattr(self, "_users"):
            return
        with _locked(self.home.path / "start.lock"):
            with suppress(BlockingIOError):
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self.stop_valkey()
                self.stop_postgres()
            self._users.close()

    def wipe(self) -> None:
        """Delete all data. Raises StartFailed while another command uses the servers."""
        with _locked(self.home.path / "start.lock"), (self.home.path / "users.lock").open("w") as users:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StartFailed("Another command uses the servers of this home; wait until it is done.") from error
            self.valkey_port = _known_port(self.home)
            self.stop_valkey()
            self.stop_postgres()
            self.home.wipe()

    def _start_postgres(self) -> None:
        data = self.home.folder("postgres")
        self._check_ownership(data)
        if port := self.running_postgres():
            self.postgres_port = port
            return
        if not (data / "PG_VERSION").exists():
            self._init(data)
        self.start_postgres()
        self._make_roles()

    def start_postgres(self) -> None:
        """Start PostgreSQL on its port and wait until it accepts connections."""
        data = self.home.folder("postgres")
        (data / "postmaster.pid").unlink(missing_ok=True)
        self.postgres_port = claimed_port(self.postgres_port, "PostgreSQL")
        options = [f"--{name}={value}" for name, value in POSTGRES_SETTINGS.items()]
        command = [str(self.home.postgres_bin / "postgres"), "-D", str(data), f"--port={self.postgres_port}", *options]
        self._postgres = self.home.spawn(command, self.home.log("postgres"))
        self._wait("PostgreSQL", self._postgres, self._postgres_answers)

    def start_valkey(self) -> None:
        """Start Valkey on its port and wait until it answers."""
        folder = self.home.folder("valkey")
        self.valkey_port = claimed_port(self.valkey_port, "Valkey")
        lines = [
            f"port {self.valkey_port}",
            "bind 127.0.0.1",
            f"requirepass {self._secrets['VALKEY_PASSWORD']}",
            f"dir {folder}",
            'save ""',  # nothing in Valkey is worth keeping: the rows are in PostgreSQL
            "appendonly no",
            "maxmemory-policy noeviction",
        ]
        settings = folder / "valkey.conf"
        settings.write_text("\n".join(lines) + "\n")
        settings.chmod(0o600)
        if self.home.user:
            shutil.chown(settings, self.home.user)
        (self.home.path / "valkey.port").write_text(str(self.valkey_port))
        self._valkey = self.home.spawn([str(self.home.valkey_bin), str(settings)], self.home.log("valkey"))
        self._wait("Valkey", self._valkey, lambda: self.valkey_pid() is not None)

    def stop_postgres(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop PostgreSQL: SIGINT rolls open transactions back, SIGQUIT is a crash."""
        if pid := self._postmaster()[0]:
            end_process(pid, how, getattr(self, "_postgres", None))

    def stop_valkey(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Stop Valkey; SIGKILL for a crash."""
        if pid := self.valkey_pid():
            end_process(pid, how, getattr(self, "_valkey", None))

    def _check_ownership(self, data: Path) -> None:
        mine = pwd.getpwnam(self.home.user).pw_uid if self.home.user else os.geteuid()
        if (owner := data.stat().st_uid) != mine:
            raise StartFailed(
                f"{data} belongs to user id {owner}, not {mine}: it was made by another user. Run as that user, "
                "delete the folder, or set CARILLON_HOME to another one."
            )

    def running_postgres(self) -> int | None:
        """The port of our own PostgreSQL if it runs."""
        pid, port = self._postmaster()
        if not pid:
            return None
        self.postgres_port = port
        wait_until(self._postgres_answers, seconds=START_SECONDS, what="The PostgreSQL that runs already")
        return port

    def fallen(self) -> str:
        """The name of the server that ended by itself, or nothing."""
        for name in ("postgres", "valkey"):
            process = getattr(self, f"_{name}", None)
            if process is not None and process.poll() is not None:
                return name
        if not getattr(self, "_postgres", None) and not self._postmaster()[0]:
            return "postgres"  # left running by an earlier command, so not our child
        return ""

    def _postmaster(self) -> tuple[int, int]:
        """(pid, port) of a live server on our data folder, else zeros; a stale file counts for nothing."""
        with suppress(OSError, ValueError, IndexError):
            lines = (self.home.data / "postgres" / "postmaster.pid").read_text().splitlines()
            pid, port = int(lines[0]), int(lines[3])
            if "postgres" in command_of(pid):
                return pid, port
        return 0, 0

    def valkey_pid(self) -> int | None:
        """The process id of our own Valkey if it answers to our password."""
        with suppress(redis.RedisError, OSError):
            client = redis.Redis.from_url(self.redis_url, socket_timeout=1)
            return int(client.info("server")["process_id"])
        return None

    def _start_valkey(self) -> None:
        wanted, self.valkey_port = self.valkey_port, _known_port(self.home)
        if not (self.valkey_port and self.valkey_pid()):
            self.valkey_port = wanted
            self.start_valkey()

    def _init(self, data: Path) -> None:
        """Make the cluster, without the admin password ever on a command line."""
        password = data.with_name("password")
        password.write_text(self._secrets["ADMIN_PASSWORD"])
        password.chmod(0o600)
        if self.home.user:
            shutil.chown(password, self.home.user)
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        command = [str(self.home.postgres_bin / "initdb"), "-D", str(data), "-U", "postgres", *locale]
        command += ["--auth=scram-sha-256", f"--pwfile={password}", "--no-instructions"]
        try:
            code = self.home.spawn(command, self.home.log("postgres")).wait(timeout=START_SECONDS)
        finally:
            password.unlink()
        if code:
            raise StartFailed(f"PostgreSQL could not make its data folder.\n{tail(self.home.log('postgres'))}")

    def _make_roles(self) -> None:
        """One role owns the tables, another, bound by row security, runs the product."""
        for role in ("carillon_owner", "carillon"):
            password = self._secrets["OWNER_PASSWORD" if role == "carillon_owner" else "RUNTIME_PASSWORD"]
            self.admin(
                "DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$", role=role
            )
            self.admin(
                "ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD {password}",
                role=role,
                password=sql.Literal(password),
            )
        self.create_database("carillon")

    def create_database(self, name: str) -> None:
        """An empty database of the owner role, unless there is one of that name."""
        with suppress(psycopg.errors.DuplicateDatabase):
            self.admin("CREATE DATABASE {name} OWNER carillon_owner", name=name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.admin("DROP DATABASE IF EXISTS {name} WITH (FORCE)", name=name)

    def admin(self, statement: str, **names: str | sql.Composable) -> None:
        """Run one statement as the superuser; plain strings are quoted as identifiers."""
        parts = {name: sql.Identifier(part) if isinstance(part, str) else part for name, part in names.items()}
        with psycopg.connect(self.admin_url(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(**parts))  # type: ignore[arg-type]

    def _postgres_answers(self) -> bool:
        try:
            psycopg.connect(self.admin_url(), connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise StartFailed(f"PostgreSQL refused the password in {self.home.path / 'env'}.") from error
            return False
        return True

    def _wait(self, what: str, process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
        log = self.home.log(what.lower())
        try:
            wait_until(ready, seconds=START_SECONDS, what=what, alive=lambda: process.poll() is None)
        except StartFailed as error:
            raise StartFailed(f"{error} The end of {log}:\n{tail(log)}") from error

    def _url(self, role: str, secret: str, database: str) -> str:
        return f"postgres://{role}:{self._secrets[secret]}@127.0.0.1:{self.postgres_port}/{database}"

    def admin_url(self, database: str = "postgres") -> str:
        """For set-up and tests only; the product never connects as a superuser."""
        return self._url("postgres", "ADMIN_PASSWORD", database)

    @property
    def redis_url(self) -> str:
        return f"redis://:{self._secrets['VALKEY_PASSWORD']}@127.0.0.1:{self.valkey_port}/0"

    def environment(self, database: str = "carillon") -> dict[str, str]:
        """The variables of config/settings.py that follow from these servers."""
        return {
            "SECRET_KEY": self._secrets["SECRET_KEY"],
            "FIELD_ENCRYPTION_KEYS": self._secrets["FIELD_ENCRYPTION_KEYS"],
            "DATABASE_URL": self._url("carillon", "RUNTIME_PASSWORD", database),
            "DATABASE_OWNER_URL": self._url("carillon_owner", "OWNER_PASSWORD", database),
            "REDIS_URL": self.redis_url,
        }


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _known_port(home: Home) -> int:
    """The port of the Valkey that was last started here, 0 if none was."""
    file = home.path / "valkey.port"
    return int(file.read_text()) if file.exists() else 0

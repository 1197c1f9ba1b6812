"""Run one command with the private servers: what bin/manage and bin/bench start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from config.embedded import Home, StartFailed
from config.servers import Servers

CHECKOUT = Path(__file__).resolve().parent.parent
DEFAULT_PORT = 8000


def home() -> Home:
    """The folder that CARILLON_HOME names, `.carillon` in the checkout when unset."""
    return Home(Path(os.environ.get("CARILLON_HOME") or CHECKOUT / ".carillon"))


def development(home: Home, port: int) -> dict[str, str]:
    """The variables of a development installation whose web process listens on `port`."""
    return {
        "DEBUG": "True",
        "DEMO": "True",
        "SECURE_COOKIES": "False",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "LIVE_PORT": str(port + 1),
        "SIMULATOR_URL": f"http://127.0.0.1:{port + 2}",
        "PROVIDER_BASE_URLS": f"https://graph.facebook.com/v23.0,http://127.0.0.1:{port + 2}/v23.0",
        "MEDIA_ROOT": str(home.path / "media"),
        "MFA_REQUIRED_ROLES": "",
        "LOG_LEVEL": "INFO",
        "PYTHONUNBUFFERED": "1",
    }


def known_port(home: Home) -> int:
    """The port that the last bin/dev of this home used."""
    file = home.path / "port"
    return int(file.read_text()) if file.exists() else DEFAULT_PORT


def main() -> int:
    """`python -m config.run COMMAND…`; gives back the command's exit code."""
    try:
        place = home()
        servers = Servers(place)
        servers.start()
    except StartFailed as error:
        print(error, file=sys.stderr)
        return 1
    environment = {**os.environ, **development(place, known_port(place)), **servers.environment()}
    try:
        child = subprocess.Popen([sys.executable, *sys.argv[1:]], env=environment, cwd=CHECKOUT)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the child gets Ctrl-C from the terminal and decides
        return child.wait()
    finally:
        servers.stop()


if __name__ == "__main__":
    sys.exit(main())

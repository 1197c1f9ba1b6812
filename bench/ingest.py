"""How many signed webhooks a second are verified, stored and acknowledged, next to a view that does nothing.

Two web workers. `wrk` makes the load when it is installed, because it needs little of the machine it shares with the
server; otherwise a generator in Python, which slows both figures down, the empty view's more.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from . import load, rows
from .stage import Stage
from .tables import Figure, figure, percentile

SIZES = {"small": (400, 1, 200), "full": (20_000, 8, 1_000)}  # distinct bodies, seconds a run, paced requests a second
CONNECTIONS = 64
SCRIPT = Path(__file__).with_name("webhooks.lua")
WRK_SAYS = {
    "answered": r"(\d+) requests in",
    "rate": r"Requests/sec: +([\d.]+)",
    "other": r"Non-2xx or 3xx responses: (\d+)",
}
EMPTY = "/hooks/empty-view-of-the-bench/"


def run(stage: Stage, size: str, runs: int) -> list[Figure]:
    from . import payloads, people

    bodies, seconds, pace = SIZES[size]
    home = people.tenant()
    port = stage.web(workers=2)
    path = f"/hooks/{home.channel.hook_token}/"
    signed = [payloads.message(home.channel, sender=447_700_900_000 + n % 500, number=n) for n in range(bodies)]
    stored = [payloads.request(path, body) for body in signed]
    empty = [payloads.request(EMPTY, body) for body in signed]
    by_wrk = shutil.which("wrk") is not None
    nothing, whole, share, slow = [], [], [], []
    _flood(stage, port, stored[:400], 1, by_wrk=False)  # warm: imports, connections, the route cache
    for _ in range(runs):
        nothing.append(_flood(stage, port, empty, seconds, by_wrk))
        before = _rows(stage)
        whole.append(_flood(stage, port, stored, seconds, by_wrk, before))
        share.append(100 * whole[-1] / nothing[-1])
        slow.append(_paced(stage, port, stored, pace, seconds))
    how = "load by wrk" if by_wrk else "load by Python"
    return [
        figure(f"empty view ({how})", nothing, "/s"),
        figure("verified, stored, acknowledged", whole, "/s", least=4_000),
        figure("share of the empty view", share, "%", least=40),
        figure(f"p99 at {pace:,} a second", slow, "ms", most=100),
    ]


def _flood(
    stage: Stage, port: int, requests: Sequence[bytes], seconds: float, by_wrk: bool, before: int | None = None
) -> float:
    """Requests a second. With `before`, the number of stored rows until now, every acknowledged one must be stored."""
    if by_wrk:
        answered, rate, refused, spare = *_wrk(stage, port, requests, seconds), CONNECTIONS
    else:
        result = load.flood(port, requests, connections=CONNECTIONS)
        answered, rate = len(result.latencies), result.rate
        refused, spare = answered - result.statuses[200], 0
    if refused:
        raise SystemExit(f"{refused} of {answered} webhooks were refused.")
    if before is not None and not answered <= _rows(stage) - before <= answered + spare:
        raise SystemExit(f"{answered} webhooks were acknowledged, {_rows(stage) - before} are stored.")
    return rate


def _wrk(stage: Stage, port: int, requests: Sequence[bytes], seconds: float) -> tuple[int, float, int]:
    """(answers, answers a second, answers other than 2xx) by wrk; what is under way at the end it does not count."""
    file = stage.folder / "bench-requests"
    file.write_bytes(b"".join(b"%08d" % len(request) + request for request in requests))
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", str(SCRIPT), f"http://127.0.0.1:{port}/"]
    try:
        done = subprocess.run([*command, "--", str(file)], capture_output=True, text=True, check=True)
    finally:
        file.unlink()
    said = {name: re.search(pattern, done.stdout) for name, pattern in WRK_SAYS.items()}
    answered, rate, other = (float(match[1]) if match else 0.0 for match in said.values())
    return int(answered), rate, int(other)


def _paced(stage: Stage, port: int, requests: Sequence[bytes], pace: int, seconds: float) -> float:
    """p99 in milliseconds at a fixed rate; each acknowledged webhook must be stored, none refused."""
    before = _rows(stage)
    wanted = [requests[n % len(requests)] for n in range(int(pace * seconds))]
    result = load.paced(port, wanted, rate=pace, connections=CONNECTIONS)
    if result.statuses[200] != len(wanted) or _rows(stage) - before != len(wanted):
        raise SystemExit(f"{len(wanted)} webhooks were sent, {_rows(stage) - before} are stored: {result.statuses}")
    return 1000 * percentile(result.latencies, 99)


def _rows(stage: Stage) -> int:
    """How many are stored, once those under way when the load ended are through."""
    before = -1
    with stage.admin() as admin:
        while (now := rows.number(admin, "SELECT count(*) FROM inbox_inboundwebhook")) != before:
            before = now
            time.sleep(0.2)
    return now

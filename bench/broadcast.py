"""A broadcast from its start to the last status: a worker expands it, two send it, the hook hears what became of it.

Everything runs as in production, on this one machine, beside a provider that reports `sent`, `delivered` and `read` of
every message, a hundred to a body. Nobody in the audience was written to before, so every conversation is new.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.embedded import free_port, wait_until

from . import rows
from .audiences import House
from .stage import Stage, timed
from .tables import Figure, figure

# People of the fast run; messages of the run at each pace.
SIZES: dict[str, tuple[int, dict[int, int]]] = {
    "small": (300, {80: 160, 1_000: 1_000}),
    "full": (100_000, {80: 2_400, 1_000: 30_000}),
}
PATIENCE = 900  # seconds until a run counts as stuck
LOOK_SECONDS = 0.25
WORKERS = ("broadcasts", "broadcasts", "inbound", "bulk")

UNAPPLIED = "SELECT count(*) FROM inbox_inboundwebhook WHERE processed_at IS NULL"
CHARGED = """
SELECT count(*) FILTER (WHERE kind = 'charge') - count(*) FILTER (WHERE kind = 'refund')
  FROM workspaces_creditentry WHERE broadcast_id = %s
"""
READ = """
SELECT count(*) FROM broadcasts_recipient r JOIN inbox_message m ON m.id = r.message_id
 WHERE r.broadcast_id = %s AND m.status = 'read'
"""


@dataclass(frozen=True)
class Run:
    """What one broadcast took."""

    seconds: float  # from its start to the last accepted message
    pace: float  # accepted a second, from the first to the last
    statuses: float  # seconds from the last accepted message to the last status applied
    growth: float  # MiB that the process which grew most has grown since a quarter was accepted


def run(stage: Stage, size: str, runs: int) -> list[Figure]:
    people, paces = SIZES[size]
    alone = [_written(stage, people) for _ in range(runs)]
    line = Line(stage)
    fast = [line.broadcast(people) for _ in range(runs)]
    rates = [people / each.seconds for each in fast]
    figures = [
        figure("written by one worker, nothing sent", alone, "/s", least=4_000),
        figure(f"{people:,} people, sustained", [each.pace for each in fast], "/s", least=1_500),
        figure("from its start to the last accepted", rates, "/s"),
        figure("last accepted to last status applied", [each.statuses for each in fast], "s", most=10),
        figure("growth of the process that grew most", [max(0.01, each.growth) for each in fast], "MiB", most=32),
    ]
    for pace, count in paces.items():
        real = [line.broadcast(count, pace=pace).pace for _ in range(runs)]
        figures.append(figure(f"set to {pace:,} a second, real rate", real, "/s"))
        off = [max(0.001, abs(100 * rate / pace - 100)) for rate in real]
        figures.append(figure(f"set to {pace:,} a second, off by", off, "%", most=2))
    return figures


def _written(stage: Stage, count: int) -> float:
    """Recipients a second from waiting to a queued, charged message, in this process."""
    from broadcasts import conducting, expanding, freezing
    from workspaces import tenancy

    house = House(stage)
    house.welcome(count)
    broadcast = house.start()
    if not freezing.freeze(broadcast):
        raise SystemExit("The audience was not written down.")
    queued, took = 0, []
    with timed(took):
        with tenancy.scope(house.workspace.pk):
            work = expanding.press(broadcast)
        while chunk := expanding.expand(work, broadcast.created_at, conducting.CHUNK).queued:
            queued += chunk
    with stage.admin() as admin:  # nobody is there to send them, and nobody shall
        admin.execute("UPDATE broadcasts_broadcast SET status = 'finished' WHERE id = %s", [broadcast.pk])
        admin.execute("UPDATE inbox_message SET send_state = 'done' WHERE channel_id = %s", [house.channel.pk])
        admin.execute("VACUUM (ANALYZE) inbox_message")
    if queued != count:
        raise SystemExit(f"{count} people were to receive it, {queued} messages were written.")
    return count / took[0]


class Line:
    """The product's processes, and a provider that reports back."""

    def __init__(self, stage: Stage) -> None:
        from . import people

        self._stage = stage
        web, port = stage.web(), free_port()
        self._provider = f"http://127.0.0.1:{port}"
        self._house = House(stage, base_url=f"{self._provider}/v23.0")
        channel = self._house.channel
        hook = f"http://127.0.0.1:{web}/hooks/{channel.hook_token}/"
        told = [hook, people.APP_SECRET, channel.external_id, channel.account_id]
        stage.spawn(["-m", "bench.echoing", str(port), *told], ready=f"{self._provider}/healthz")
        self._processes = [stage.spawn(["manage.py", "worker", queue]) for queue in WORKERS]
        self._processes.append(stage.spawn(["manage.py", "clock"]))
        listed = lambda: len(stage.valkey().smembers("rq:workers")) >= len(WORKERS)  # noqa: E731
        wait_until(listed, seconds=120, what="the workers")

    def broadcast(self, people: int, *, pace: int | None = None) -> Run:
        """Send one to so many new people, and check that everybody got it once and everything was reported."""
        before = self._journal("mark")
        self._house.welcome(people)
        began = time.time()
        broadcast = self._house.start(pace=pace)
        self._accepted(before["accepted"] + people // 4)
        sizes = self._memory()
        self._accepted(before["accepted"] + people)
        last = self._journal()["last"]
        _reach(self._all_applied, "The last status")
        applied = time.time()
        growth = max(after - size for size, after in zip(sizes, self._memory(), strict=True))
        first = self._check(broadcast.pk, people, before)
        return Run(last - began, (people - 1) / (last - first), applied - last, growth)

    def _accepted(self, goal: int) -> None:
        _reach(lambda: self._journal()["accepted"] >= goal, f"Message {goal}")

    def _journal(self, path: str = "journal") -> dict[str, Any]:
        with urllib.request.urlopen(f"{self._provider}/{path}", timeout=10) as answer:
            return json.load(answer)

    def _all_applied(self) -> bool:
        if self._journal()["pending"]:
            return False
        with self._stage.admin() as admin:
            return rows.number(admin, UNAPPLIED) == 0

    def _check(self, broadcast_id: int, people: int, before: dict[str, Any]) -> float:
        """When the first message was accepted. The provider, the ledger and the messages must agree about how many."""
        now = self._journal()
        with self._stage.admin() as admin:
            counts = {
                "accepted": now["accepted"] - before["accepted"],
                "people": now["people"] - before["people"],
                "charged": rows.number(admin, CHARGED, [broadcast_id]),
                "read": rows.number(admin, READ, [broadcast_id]),
            }
        if set(counts.values()) != {people}:
            raise SystemExit(f"{people} people were to receive it: {counts}")
        return float(now["first"])

    def _memory(self) -> list[float]:
        """MiB that each process has resident."""
        sizes = []
        for process in self._processes:
            if process.poll() is not None:
                raise SystemExit(f"{process.args} has ended.")
            status = Path(f"/proc/{process.pid}/status").read_text()
            line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
            sizes.append(int(line.split()[1]) / 1024)
        return sizes


def _reach(done: Callable[[], bool], what: str) -> None:
    """Wait, looking seldom: whoever looks takes time from those who work."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what} did not come within {PATIENCE} seconds.")
        time.sleep(LOOK_SECONDS)

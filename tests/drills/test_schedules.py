"""Two schedulers over two hundred schedules, killed again and again: each schedule fires once."""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from broadcasts.models import Broadcast
from config.embedded import wait_until
from config.processes import CHECKOUT
from tests.factories import make_workspace
from tests.live.conftest import _database_url as database_url
from workspaces import tenancy
from workspaces.models import Workspace

pytestmark = pytest.mark.usefixtures("committed_db")
SCHEDULES = 200
KILLS = int(os.environ.get("DRILL_KILLS", "8"))
OVER = timedelta(seconds=20)  # within which they become due
PATIENCE = 120.0


def planned(workspace: Workspace) -> None:
    """Half of them once, half of them daily, one after the other."""
    begin = timezone.now() + timedelta(seconds=3)
    rows = []
    for number in range(SCHEDULES):
        at = begin + number * OVER / SCHEDULES
        repeat = "daily" if number % 2 else "never"
        rows.append(
            Broadcast(
                workspace=workspace, name=f"Number {number}", status="scheduled", timing="at", time_zone="UTC",
                repeat=repeat, local_date=at.date(), local_time=at.time(), next_fire_at=at,
            )
        )  # fmt: skip
    with tenancy.scope(workspace.pk):
        Broadcast.objects.bulk_create(rows)


def started(workspace: Workspace) -> int:
    with tenancy.scope(workspace.pk):
        return Broadcast.objects.filter(status="preparing").count()


def scheduler() -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.Popen([sys.executable, "-m", "tests.drills.schedule"], env=environment, cwd=CHECKOUT)


def test_each_schedule_fires_once_whoever_dies() -> None:
    seed = int(os.environ.get("DRILL_SEED") or secrets.randbelow(10**6))
    print(f"DRILL_SEED={seed}")  # noqa: T201  (shown when the drill fails)
    chance, workspace = random.Random(seed), make_workspace()
    running = [scheduler(), scheduler()]
    try:
        planned(workspace)
        for number in range(1, KILLS + 1):
            goal = number * SCHEDULES // (KILLS + 1)
            wait_until(partial(lambda at: started(workspace) >= at, goal), seconds=PATIENCE, what="Starting broadcasts")
            which = chance.randrange(2)
            running[which].kill()
            running[which].wait()
            running[which] = scheduler()
        wait_until(lambda: started(workspace) >= SCHEDULES, seconds=PATIENCE, what="Starting broadcasts")
    finally:
        for process in running:
            process.kill()
            process.wait()

    with tenancy.scope(workspace.pk):
        schedules = list(Broadcast.objects.filter(series=None))
        children = Counter(Broadcast.objects.filter(series__isnull=False).values_list("series_id", flat=True))
    assert Counter(each.status for each in schedules) == {"preparing": SCHEDULES // 2, "scheduled": SCHEDULES // 2}
    series = [each for each in schedules if each.repeat == "daily"]
    assert children == {each.pk: 1 for each in series}
    # And each is going to come round again a day later, at the same time.
    assert all(each.next_fire_at and each.next_fire_at.time() == each.local_time for each in series)
    assert all(each.next_fire_at and each.next_fire_at > timezone.now() + timedelta(hours=23) for each in series)

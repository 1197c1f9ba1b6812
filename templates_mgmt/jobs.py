"""RQ entry points: nothing in, nothing out. Each may be lost, run twice, or run beside itself."""

from __future__ import annotations

import time

from config.queues import answered, ring

from . import tasks

BUDGET = 120.0  # seconds of new tasks per job, well below its time limit


def work_on_tasks() -> None:
    """Carry out what waits to be done at providers, and ring again while there is more."""
    answered("templates_mgmt.jobs.work_on_tasks")
    until = time.monotonic() + BUDGET
    while tasks.work_next():
        if time.monotonic() > until:
            ring("templates_mgmt.jobs.work_on_tasks", queue="default")
            return

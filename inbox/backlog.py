"""Work off stored webhooks, with two hands when there are many."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from . import receiving

_lane = ThreadPoolExecutor(max_workers=1, thread_name_prefix="apply")


def work_off(budget: float) -> int:
    """Apply what is due for up to `budget` seconds; returns how many stored webhooks were taken.

    While batches come full, a second lane works beside this one: PostgreSQL writes for one, the other reads bodies.
    """
    until = time.monotonic() + budget
    taken = receiving.apply_pending()
    beside = _lane.submit(_apply_beside, until) if taken >= receiving.BATCH else None
    taken += _apply_until(until) if taken else 0
    return taken + (beside.result() if beside else 0)


def _apply_until(until: float) -> int:
    taken = 0
    while time.monotonic() < until and (more := receiving.apply_pending()):
        taken += more
    return taken


def _apply_beside(until: float) -> int:
    try:
        return _apply_until(until)
    finally:
        connection.close()

"""RQ entry points: primary keys in, nothing out. Each may be lost, run twice, or run beside itself."""

from __future__ import annotations

from config.queues import answered

from . import conducting


def conduct(broadcast_id: int) -> None:
    """Take one broadcast as far as it goes now."""
    answered(conducting.JOB, broadcast_id)
    conducting.work_on(broadcast_id)

"""RQ entry points: nothing in, nothing out. Each may be lost, run twice, or run beside itself."""

from __future__ import annotations

from config.queues import answered

from . import credit_notices


def tell_of_low_credits() -> None:
    """Mail the admins of workspaces whose credits run out."""
    answered(credit_notices.JOB)
    credit_notices.tell_all()

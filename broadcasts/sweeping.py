"""Find the work of broadcasts that no job announced. The rows decide, so several sweepers may run."""

from __future__ import annotations

from typing import Any

from . import conducting, firing, hearing, tallying


def sweep() -> dict[str, Any]:
    """One round; returns what was found, for the log."""
    found: dict[str, Any] = {
        "schedules": firing.fire_due(),
        "broadcasts": conducting.carry_on(),
        "answers": hearing.hear(),
        "tallies": tallying.refresh_due(),
    }
    return {name: count for name, count in found.items() if count}


def prune() -> int:
    """Look after what needs it every few minutes; returns how many schedules were moved."""
    return firing.recompute()

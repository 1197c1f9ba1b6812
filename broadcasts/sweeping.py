"""Find the work of broadcasts that no job announced. The rows decide, so several sweepers may run."""

from __future__ import annotations

from typing import Any


def sweep() -> dict[str, Any]:
    """One round; returns what was found, for the log."""
    return {}


def prune() -> int:
    """Delete what is past its keeping time; returns how many rows went."""
    return 0

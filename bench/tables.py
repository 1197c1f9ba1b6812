"""Figures: medians, percentiles, one table for people and one JSON document for programs."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One measured thing. `least` or `most` is what it should reach, None where nothing was promised."""

    name: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None
    runs: tuple[float, ...] = ()

    @property
    def reached(self) -> bool | None:
        if self.least is not None:
            return self.value >= self.least
        return self.value <= self.most if self.most is not None else None


def figure(
    name: str, runs: Sequence[float], unit: str, *, least: float | None = None, most: float | None = None
) -> Figure:
    """The median of several runs."""
    return Figure(name, statistics.median(runs), unit, least, most, tuple(round(run, 3) for run in runs))


def unpromised(measured: Figure) -> Figure:
    """The figure without its mark."""
    return replace(measured, least=None, most=None)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that `percent` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent * len(ordered) / 100) - 1)]


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print the table."""
    width = max(len(each.name) for each in figures)
    print(f"\n{title}\n")
    for each in figures:
        wish = f"at least {_plain(each.least)}" if each.least is not None else ""
        wish = f"at most {_plain(each.most)}" if each.most is not None else wish
        verdict = {True: "reached", False: "MISSED", None: ""}[each.reached]
        print(f"  {each.name:<{width}}  {_plain(each.value):>10} {each.unit:<10} {wish:<18} {verdict}".rstrip())
    print()


def save(path: Path, bench: str, size: str, figures: Sequence[Figure]) -> None:
    """Write the figures, the machine and the time as JSON."""
    document = {
        "bench": bench,
        "size": size,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": [asdict(each) | {"reached": each.reached} for each in figures],
    }
    path.write_text(json.dumps(document, indent=2) + "\n")


def machine() -> dict[str, object]:
    """What these figures were measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _plain(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:,.3g}"

"""`python -m bench NAME`: measure one thing, print a table, write JSON."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from bench import tables
from bench.stage import open_stage

BENCHES = {
    "send": "Sending",
    "ingest": "Taking webhooks in",
    "broadcast": "A broadcast from its start to the last status",
    "apply": "Applying delivery statuses",
    "pages": "Inbox pages",
    "live": "Live signals",
    "import": "Importing contacts",
    "segments": "Segments",
    "estimate": "Breaking an audience down",
}
MODULES = {"import": "imports"}  # where the name of a bench is no name for a module


def main() -> int:
    """Run one bench; 1 when a figure missed its mark. Only the full size has marks."""
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measure one part of Carillon on this machine.")
    parser.add_argument("name", choices=BENCHES)
    parser.add_argument("--size", choices=("small", "full"), default="full", help="small: seconds, proves that it runs")
    parser.add_argument("--runs", type=int, default=3, help="the table shows medians of so many runs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    chosen = parser.parse_args()
    with open_stage() as stage:
        figures = import_module(f"bench.{MODULES.get(chosen.name, chosen.name)}").run(stage, chosen.size, chosen.runs)
    if chosen.size != "full":
        figures = [tables.unpromised(each) for each in figures]
    tables.show(f"{BENCHES[chosen.name]} ({chosen.size}, median of {chosen.runs})", figures)
    if chosen.json:
        tables.save(chosen.json, chosen.name, chosen.size, figures)
    return 1 if any(each.reached is False for each in figures) else 0


if __name__ == "__main__":
    sys.exit(main())

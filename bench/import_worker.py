"""One import as a worker does it, with its times and its memory: the process that `bench.imports` measures."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path


def main() -> None:
    """Import the named file twice; prints the figures as JSON."""
    import django

    django.setup()
    from django.core.files import File

    from contacts import jobs  # noqa: F401  # what an idle worker has in memory too
    from contacts.importing import running, steps
    from contacts.importing.mapping import Mapping
    from workspaces import tenancy
    from workspaces.models import Member

    path, workspace_id, member_id = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    seconds: dict[str, float] = {}
    new: dict[str, int] = {}
    running.work_next()
    memory = _Memory()
    for name in ("import", "again"):
        with tenancy.scope(workspace_id), path.open("rb") as stored:
            member = Member.objects.select_related("workspace").get(pk=member_id)
            run = steps.upload(member.workspace, File(stored), path.name, by=member, most_rows=None)
            chosen = Mapping(("name", "phone", "new:text" if name == "import" else "field:city", "tags"), country="SA")
            from contacts import fields

            run = steps.check(run, chosen, known=list(fields.fields_of(workspace_id)))
        took = _work(running)
        seconds.setdefault("check", took)
        with tenancy.scope(workspace_id):
            run = steps.start(run, by=member)
        seconds[name] = _work(running)
        with tenancy.scope(workspace_id):
            run.refresh_from_db()
            if run.state != run.State.DONE:
                raise SystemExit(f"The import ended as {run.state}: {run.error}")
            new[name] = run.counts["done"].get("new", 0)
    figures = {"seconds": seconds, "new": new["import"], "new_again": new["again"], "grown_mib": memory.grown()}
    print(json.dumps(figures))


def _work(running: object) -> float:
    began = time.perf_counter()
    while running.work_next():  # type: ignore[attr-defined]
        pass
    return time.perf_counter() - began


class _Memory:
    """The highest resident memory since it was made, looked at twenty times a second."""

    def __init__(self) -> None:
        self._start = self._peak = _resident()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self._peak = max(self._peak, _resident())
            time.sleep(0.05)

    def grown(self) -> float:
        return (self._peak - self._start) / 2**20


def _resident() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    main()

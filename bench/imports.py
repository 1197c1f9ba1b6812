"""How many rows of a CSV file a second become contacts, and how much memory the worker takes for it.

The file goes the way of every import: examined as an upload, checked, run. Its size and number of rows are what the
web page would refuse; nothing else differs. Measured in a process of its own, so that its memory is the worker's.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

from .stage import Stage
from .tables import Figure, figure

ROWS = {"small": 20_000, "full": 1_000_000}
TIMES_WRITTEN_TWICE = 100  # one row in so many has a number that stood further up
TIMES_BAD = 200  # one row in so many has no number at all
MOST_MEMORY = 200  # MiB above an idle worker


def run(stage: Stage, size: str, runs: int) -> list[Figure]:
    from . import people

    rates: dict[str, list[float]] = {"import": [], "check": [], "again": []}
    grown: list[float] = []
    for number in range(runs):
        tenant = people.tenant()
        owner = people.member(tenant.workspace, role="owner")
        path = stage.folder / f"people-{number}.csv"
        good = write_file(path, ROWS[size], seed=number)
        try:
            found = _measured(stage, path, tenant.workspace.pk, owner.pk)
        finally:
            path.unlink()
        stored = _people(stage, tenant.workspace.pk)
        if not stored == found["new"] == good:
            raise SystemExit(f"{good} people are in the file, {found['new']} were added, {stored} are stored.")
        if found["new_again"]:
            raise SystemExit(f"The second import of the same file added {found['new_again']} people.")
        for name, seconds in found["seconds"].items():
            rates[name].append(ROWS[size] / seconds)
        grown.append(found["grown_mib"])
        _clear(stage)
    return [
        figure(f"import {ROWS[size]:,} rows into an empty workspace", rates["import"], "rows/s", least=50_000),
        figure("check the same file first", rates["check"], "rows/s"),
        figure("import it again, everybody known", rates["again"], "rows/s"),
        figure("memory above an idle worker", grown, "MiB", most=MOST_MEMORY),
    ]


def write_file(path: Path, rows: int, *, seed: int) -> int:
    """A file as customers send it: numbers in several spellings, some twice, some none. Returns how many are good."""
    chance = random.Random(seed)
    first = ("Nora", "Omar", "Lina", "Paul", "Aisha", "Chen", "Marta", "Ivan", "أحمد", "فاطمة")
    last = ("Haddad", "Smith", "Okafor", "Pérez", "Weber", "Rossi", "Khan", "خالد")
    cities = ("Riyadh", "Jeddah", "Dammam", "Dubai", "Cairo")
    written: list[str] = []
    good = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("Name,Mobile,City,Tags\r\n")
        for number in range(rows):
            name = f"{chance.choice(first)} {chance.choice(last)}"
            if number % TIMES_BAD == TIMES_BAD - 1:
                phone = "none"
            elif number % TIMES_WRITTEN_TWICE == 1 and written:
                phone = chance.choice(written)
            else:
                phone = _spelt(number, chance)
                good += 1
                if len(written) < 10_000:
                    written.append(phone)
            file.write(f'"{name}",{phone},{chance.choice(cities)},{"vip" if number % 7 == 0 else ""}\r\n')
    return good


def _spelt(number: int, chance: random.Random) -> str:
    """A number of its own, seven times in ten in the plain international form."""
    inner = f"5{number:08d}"
    kind = chance.random()
    if kind < 0.7:
        return f"+966{inner}"
    if kind < 0.9:
        return f"0{inner}"
    return f"+966 {inner[:2]} {inner[2:5]} {inner[5:]}" if kind < 0.95 else f"00966{inner}"


def _measured(stage: Stage, path: Path, workspace_id: int, member_id: int) -> dict[str, object]:
    command = [sys.executable, "-m", "bench.import_worker", str(path), str(workspace_id), str(member_id)]
    done = subprocess.run(command, env=stage.environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def _people(stage: Stage, workspace_id: int) -> int:
    with stage.admin() as admin:
        found = admin.execute("SELECT count(*) FROM contacts_contact WHERE workspace_id = %s", [workspace_id])
        return found.fetchone()[0]


def _clear(stage: Stage) -> None:
    """Every run begins with empty tables."""
    with stage.admin() as admin:
        admin.execute("TRUNCATE contacts_contact, contacts_identity, contacts_importrun CASCADE")
        admin.execute("CHECKPOINT")

"""What the pages of an import show."""

from __future__ import annotations

from collections.abc import Mapping as Form
from collections.abc import Sequence
from typing import Any

from workspaces.places import countries
from workspaces.presenting_times import Calendar

from .importing import encodings, undoing
from .importing.mapping import IGNORE, TARGETS, Mapping, MappingRefused, choices, refuse_unusable
from .importing.reading import FieldPlan, Reader
from .importing.rows import Refused
from .importing.sniffing import samples
from .models import CustomField, ImportProblem, ImportRun

State = ImportRun.State
MAPPABLE = {State.UPLOADED, State.CHECKED}
SHOWN_SAMPLES = 3
SHOWN_PREVIEW = 5
SHOWN_PROBLEMS = 50
STEPS = ("Upload", "Columns", "Check", "Import", "Report")
STEP_OF = {State.UPLOADED: 2, State.CHECKING: 3, State.CHECKED: 3, State.RUNNING: 4}
SAMPLE = (
    ("Name", "Phone", "E-mail", "Language", "Tags", "City", "Marketing consent"),
    ("Nora Haddad", "+966500000001", "nora@example.com", "ar", "VIP; Newsletter", "Riyadh", "yes"),
    ("Paul Weber", "+4915100000002", "paul@example.com", "de", "", "Hamburg", ""),
    ("Aisha Khan", "+447700900003", "", "en", "VIP", "London", "no"),
)
# Count → its words, in the order they are shown.
FIGURES = {
    "new": ("new", "added"),
    "updated": ("to update", "updated"),
    "unchanged": ("known, nothing to change", "known, nothing to change"),
    "skipped": ("known, left as they are", "known, left as they are"),
    "duplicate": ("twice in the file", "twice in the file"),
    "invalid": ("with a problem", "with a problem"),
    "suppressed": ("", "erased before: opted out"),
}
NOT_SHOWN_EMPTY = {"unchanged", "skipped", "suppressed"}


def stepper(run: ImportRun | None) -> list[tuple[str, bool]]:
    """The steps of the wizard, and which one this is."""
    at = STEP_OF.get(State(run.state), 5) if run else 1
    return [(name, number == at) for number, name in enumerate(STEPS, 1)]


def in_list(run: ImportRun, calendar: Calendar) -> dict[str, Any]:
    """One line of the list of imports."""
    done = run.counts.get("done", {})
    return {
        "run": run,
        "rows": run.counts.get("found", {}).get("rows") or run.format.get("rows"),
        "added": done.get("new"),
        "updated": done.get("updated"),
        "at": calendar.long(run.created_at),
        "tone": {"done": "ok", "failed": "bad", "checked": "warn", "uploaded": "warn"}.get(run.state, "info"),
    }


def mapping(run: ImportRun, known: Sequence[CustomField]) -> dict[str, Any]:
    """The page on which columns are given their meaning."""
    chosen = Mapping.of(run.mapping)
    rows = samples(run.format)
    guessed = run.format.get("guessed", [])
    columns = [
        {
            "number": at,
            "title": title,
            "samples": [row[at] for row in rows if at < len(row) and row[at].strip()][:SHOWN_SAMPLES],
            "target": chosen.columns[at] if at < len(chosen.columns) else IGNORE,
            "guessed": at < len(guessed) and guessed[at] != IGNORE and chosen.columns[at : at + 1] == (guessed[at],),
        }
        for at, title in enumerate(run.format["titles"])
    ]
    return {
        "run": run,
        "steps": stepper(run),
        "chosen": chosen,
        "columns": columns,
        "targets": choices(known),
        "countries": countries(),
        "encodings": list(encodings.NAMES.items()),
        "form": run.format,
        "has_consent_column": "consent" in chosen.columns,
        "preview": preview(run, chosen, known),
        "problem": problem(run, chosen, known),
    }


def problem(run: ImportRun, chosen: Mapping, known: Sequence[CustomField]) -> str:
    """Why the file cannot be checked with these columns, '' if it can."""
    try:
        refuse_unusable(chosen, run.format["titles"], known)
    except MappingRefused as refused:
        return str(refused)
    return ""


def preview(run: ImportRun, chosen: Mapping, known: Sequence[CustomField]) -> list[dict[str, str]]:
    """What becomes of the first rows."""
    if not {"phone", "id"} & set(chosen.columns) or len(chosen.columns) != len(run.format["titles"]):
        return []
    by_key = {f"field:{field.key}": FieldPlan(field.key, field.kind, tuple(field.choices)) for field in known}
    plans = [
        FieldPlan(title, target.removeprefix("new:")) if target.startswith("new:") else by_key.get(target)
        for title, target in zip(run.format["titles"], chosen.columns, strict=True)
    ]
    reader = Reader(chosen, run.format["titles"], plans, {})
    rows = [(line, list(row)) for line, row in enumerate(samples(run.format)[:SHOWN_PREVIEW], 1)]
    shown = []
    for line, row in rows:
        try:
            batch = next(reader.batches(iter([(line, row)]), 1))
        except Refused as refused:
            return [{"problem": str(refused)}]
        shown += [{"problem": f"{bad.column}: {bad.reason}" if bad.column else bad.reason} for bad in batch.problems]
        shown += [_previewed(text, chosen, row) for text in batch.lines]
    return shown


def _previewed(line: str, chosen: Mapping, row: Sequence[str]) -> dict[str, str]:
    cells = line.rstrip("\n").split("\t")
    tags = [row[at] for at, target in enumerate(chosen.columns) if target == "tags" and row[at]]
    return {
        "phone": f"+{cells[2]}" if cells[2] else "",
        "name": cells[4].replace("\\\\", "\\"),
        "email": cells[5],
        "tags": ", ".join([*([chosen.tag] if chosen.tag else []), *tags]),
        "consent": {"opted_in": "yes", "opted_out": "no"}.get(cells[12], "not given"),
    }


def chosen(form: Form[str, str], run: ImportRun) -> Mapping:
    """What somebody chose on the page."""
    columns = tuple(form.get(f"column-{at}", IGNORE)[:60] for at in range(len(run.format["titles"])))
    stated = form.get("consent") == "stated"
    return Mapping(
        columns=columns,
        country=form.get("country", "") if form.get("country") in dict(countries()) else "",
        duplicates="skip" if form.get("duplicates") == "skip" else "update",
        consent="stated" if stated else "column" if "consent" in columns else "none",
        wording=" ".join(form.get("wording", "").replace("\x00", "").split())[:500],
        tag=" ".join(form.get("tag", "").replace("\x00", "").split())[:60],
    )


def progress(run: ImportRun, calendar: Calendar) -> dict[str, Any]:
    """Where the import stands, in words and figures."""
    part = "done" if run.counts.get("done") or run.state == State.RUNNING else "found"
    counts = run.counts.get(part, {})
    found = run.counts.get("found", {})
    rows = found.get("rows") if part == "done" else run.format.get("rows")
    left_out = found.get("invalid", 0) + found.get("duplicate", 0)
    past = part == "done"
    last = undoing.until(run)
    return {
        "run": run,
        "steps": stepper(run),
        "working": run.state in {State.CHECKING, State.RUNNING} or (run.state == State.UNDONE and run.lease_until),
        "rows_done": counts.get("rows", 0),
        "rows": rows or None,
        "figures": [
            {"name": FIGURES[key][past], "count": counts.get(key, 0), "bad": key in {"duplicate", "invalid"}}
            for key in FIGURES
            if FIGURES[key][past] and (counts.get(key) or key not in NOT_SHOWN_EMPTY)
        ],
        "importable": found.get("new", 0) + found.get("existing", 0),
        "left_out": left_out,
        "new_tags": run.counts.get("new_tags", []),
        "problems": _problems(run),
        "has_problems": bool(run.file)
        and ImportProblem.objects.filter(workspace_id=run.workspace_id, run=run).exists(),
        "undone": run.counts.get("undone"),
        "undo_until": calendar.long(last) if last and last > calendar.now else "",
        "at": calendar.long(run.created_at),
        "finished": calendar.long(run.finished_at) if run.finished_at else "",
        "targets": _targets(run),
    }


def _problems(run: ImportRun) -> list[ImportProblem]:
    if run.state not in {State.CHECKED, State.DONE, State.CANCELLED}:
        return []
    found = ImportProblem.objects.filter(workspace_id=run.workspace_id, run=run)
    return list(found.defer("row").order_by("line")[:SHOWN_PROBLEMS])


def _targets(run: ImportRun) -> str:
    """Which columns are imported, in words."""
    columns = Mapping.of(run.mapping).columns
    pairs = zip(run.format.get("titles", []), columns, strict=False)
    return ", ".join(title for title, target in pairs if target in TARGETS or target != IGNORE)

"""The rows an import left out, to be corrected and imported again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contacts.models import ImportProblem, ImportRun
from workspaces import tenancy

AT_ONCE = 2_000


def rows(run: ImportRun) -> Iterator[Sequence[str]]:
    """Titles, then each row as it stood in the file with its line and the reason; read some thousands at a time."""
    titles = run.format["titles"]
    yield [*titles, "Line", "Problem"]
    after = 0
    while found := _some(run, after):
        after = found[-1].line
        for problem in found:
            cells = [*problem.row, *[""] * (len(titles) - len(problem.row))]
            yield [*cells[: len(titles)], str(problem.line), _reason(problem, cells[len(titles) :])]


def _reason(problem: ImportProblem, more: Sequence[str]) -> str:
    reason = f"{problem.column}: {problem.reason}" if problem.column else problem.reason
    return f"{reason} Further cells: {' | '.join(more)}" if more else reason


def _some(run: ImportRun, after: int) -> list[ImportProblem]:
    with tenancy.scope(run.workspace_id):
        found = ImportProblem.objects.filter(workspace_id=run.workspace_id, run_id=run.pk, line__gt=after)
        return list(found.order_by("line")[:AT_ONCE])

"""Check and carry out imports, batch by batch, so that a killed worker goes on exactly where it stopped.

Each batch is one transaction that holds its effects, its problems and the note that it is done. The note is made last
and only if the run is still in the state the worker found it in; a worker that was overtaken or cancelled undoes its
batch. Reading a file is Python, writing is PostgreSQL: one thread reads while LANES batches are being written.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import structlog
from django.core.files.storage import default_storage
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection, connections
from django.utils import timezone

from contacts.models import ImportProblem, ImportRun
from live.publishing import publish
from workspaces import auditing, tenancy

from . import preparing, staging
from .reading import Batch, Reader
from .rows import Refused, Row, rows_of

log = structlog.get_logger(__name__)

State = ImportRun.State
LEASE_SECONDS = 30
LANES = 2
TRIES = 5  # of a batch that met another writer
BUDGET = 240.0  # seconds of one job, well below its time limit; the next job goes on
# Which part of `counts` a state fills.
PARTS = {State.CHECKING: "found", State.RUNNING: "done"}

CLAIM = """
UPDATE contacts_importrun SET lease_until = clock_timestamp() + %s * interval '1 second' WHERE id = (
    SELECT id FROM contacts_importrun
     WHERE state IN ('checking', 'running', 'undone') AND lease_until <= clock_timestamp()
     ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, workspace_id
"""
DUE = """
SELECT EXISTS (SELECT 1 FROM contacts_importrun
                WHERE state IN ('checking', 'running', 'undone') AND lease_until <= clock_timestamp())
"""


class Overtaken(Exception):
    """The run was cancelled, or another worker has it."""


def due() -> bool:
    """Whether some workspace has an import that nobody works on."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(DUE)
        return bool(cursor.fetchone()[0])


def work_next() -> bool:
    """Check, carry out or take back one import that is due; False when none is."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(CLAIM, [LEASE_SECONDS])
        claimed = cursor.fetchone()
    if claimed is None:
        return False
    with tenancy.scope(claimed[1]):
        run = ImportRun.objects.select_related("workspace", "created_by").get(workspace_id=claimed[1], pk=claimed[0])
    try:
        _carry_on(run)
    except Overtaken:
        log.info("import left to others", run=run.pk)
    except Refused as refused:
        _fail(run, str(refused))
    except (OperationalError, InterfaceError):
        raise  # the database is away; the lease runs out and somebody goes on
    except Exception:
        log.exception("import failed", run=run.pk)
        _fail(run, "Something went wrong here. What was imported before stays; import the file again to go on.")
    return True


def _carry_on(run: ImportRun) -> None:
    if run.state == State.UNDONE:
        from . import undoing

        undoing.take_back(run)
        return
    if run.state == State.RUNNING:
        preparing.make_labels(run)
    done = _drive(run)
    if not done:
        _release(run)
    elif run.state == State.CHECKING:
        _finish(run, State.CHECKED)
    else:
        _finish(run, State.DONE)


def _drive(run: ImportRun) -> bool:
    """Send every batch that is not done yet through the database; False when the budget is used up before the end."""
    reader = preparing.reader(run)
    until = time.monotonic() + BUDGET
    position, ahead = run.position, {start for start, _ in run.counts.get("ahead", [])}
    pending: deque[Future[None]] = deque()
    with default_storage.open(run.file) as file, ThreadPoolExecutor(LANES) as lanes:
        try:
            for batch in reader.batches(_rows(file, run), run.format["batch"]):
                if batch.end <= position or batch.start in ahead:
                    continue  # read all the same: who stands where decides what is a duplicate
                if time.monotonic() > until:
                    return False
                pending.append(lanes.submit(_lane, run, batch, reader))
                while len(pending) > LANES:
                    pending.popleft().result()
            for rest in pending:
                rest.result()
        except BaseException:
            for rest in pending:
                rest.cancel()
            raise
    return True


def _rows(file: Any, run: ImportRun) -> Iterator[Row]:
    limit = run.format.get("most_rows")
    for count, row in enumerate(rows_of(file, run.format)):
        if limit is not None and count >= limit:
            raise Refused(f"The file has more than {limit:,} rows; split it and import the parts one after the other.")
        yield row


def _lane(run: ImportRun, batch: Batch, reader: Reader) -> None:
    """One batch in a thread, with a connection of its own that goes back when it is written."""
    terms = preparing.terms(run)
    apply = staging.count if run.state == State.CHECKING else staging.write
    try:
        for attempt in range(1, TRIES + 1):
            before = batch.counts.copy(), list(batch.problems)
            try:
                _commit(run, batch, reader, lambda: apply(batch, terms))
                return
            except (IntegrityError, OperationalError) as error:
                # Somebody added the same address, or held the same rows the other way round.
                if attempt == TRIES or not _passes(error):
                    raise
                batch.counts, batch.problems = before
    finally:
        connections.close_all()


def _passes(error: DatabaseError) -> bool:
    state = getattr(error.__cause__, "sqlstate", "") or ""
    return state in {"23505", "40001", "40P01", "55P03"}


def _commit(run: ImportRun, batch: Batch, reader: Reader, apply: Callable[[], Counter[str]]) -> None:
    with tenancy.scope(run.workspace_id):
        counts = apply() + batch.counts
        ImportProblem.objects.bulk_create(
            [
                ImportProblem(
                    workspace_id=run.workspace_id,
                    run_id=run.pk,
                    line=problem.line,
                    column=problem.column,
                    value=problem.value,
                    reason=problem.reason,
                    row=problem.row,
                )
                for problem in batch.problems
            ],
            batch_size=2000,
            ignore_conflicts=True,
        )
        counts["rows"] = batch.end - batch.start - batch.counts["blank"]
        _note(run, batch, counts, reader)
        publish(run.workspace_id, f"imp-{run.uuid}")


def _note(run: ImportRun, batch: Batch, counts: Counter[str], reader: Reader) -> None:
    """Write down that a batch is done. Raises Overtaken, which undoes it, when it is not ours to do any more."""
    stored = ImportRun.objects.select_for_update(no_key=True).get(workspace_id=run.workspace_id, pk=run.pk)
    ahead = sorted([*stored.counts.get("ahead", []), [batch.start, batch.end]])
    is_known = batch.end <= stored.position or [batch.start, batch.end] in stored.counts.get("ahead", [])
    if stored.state != run.state or is_known:
        raise Overtaken
    position = stored.position
    while ahead and ahead[0][0] == position:
        position = ahead.pop(0)[1]
    part = PARTS[State(run.state)]
    total = Counter(stored.counts.get(part, {}))
    total.update(counts)
    changes = {part: dict(total), "ahead": ahead}
    if run.state == State.CHECKING:
        changes["new_tags"] = sorted(reader.new_tags.values())
    stored.counts = {**stored.counts, **changes}
    stored.position = position
    stored.lease_until = timezone.now() + timedelta(seconds=LEASE_SECONDS)
    stored.save(update_fields=["counts", "position", "lease_until"])


def _release(run: ImportRun) -> None:
    """Let the next job go on at once."""
    with tenancy.scope(run.workspace_id):
        ImportRun.objects.filter(workspace_id=run.workspace_id, pk=run.pk, state=run.state).update(
            lease_until=timezone.now()
        )


def _finish(run: ImportRun, state: ImportRun.State) -> None:
    with tenancy.scope(run.workspace_id):
        stored = ImportRun.objects.select_for_update().get(workspace_id=run.workspace_id, pk=run.pk)
        if stored.state != run.state:
            raise Overtaken
        if not stored.counts.get(PARTS[State(run.state)], {}).get("rows"):
            raise Refused("The file has titles but no rows below them.")
        stored.state, stored.lease_until = state, None
        if state == State.DONE:
            stored.finished_at = timezone.now()
            done = stored.counts["done"]
            auditing.record(run.created_by, "import.finished", stored.filename, after=done)
            publish(run.workspace_id, "contacts")
        stored.save()
        publish(run.workspace_id, f"imp-{run.uuid}")


def _fail(run: ImportRun, reason: str) -> None:
    with tenancy.scope(run.workspace_id):
        ImportRun.objects.filter(workspace_id=run.workspace_id, pk=run.pk, state=run.state).update(
            state=State.FAILED, error=reason, lease_until=None, finished_at=timezone.now()
        )
        publish(run.workspace_id, f"imp-{run.uuid}")

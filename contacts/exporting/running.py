"""Write lists of people to files for download: a job per file, begun again from the start if its worker died."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import structlog
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from config.queues import ring
from contacts import fields, labels, values
from contacts.listing import Filter, people
from contacts.models import Consent, ConsentState, CustomField, ExportRun, Identity, Purpose, SearchableContact
from live.publishing import publish
from workspaces import auditing, tenancy
from workspaces.models import Member, Workspace

from . import spreadsheets

log = structlog.get_logger(__name__)

State = ExportRun.State
FORMATS = {"csv": "CSV", "xlsx": "Excel (XLSX)"}  # other formats of ExportRun are not lists
KEEP = timedelta(days=7)  # how long a file can be downloaded
LEASE_SECONDS = 60
AT_ONCE = 2_000  # people read from the database at a time
JOB = "contacts.jobs.work_on_exports"

CLAIM = """
UPDATE contacts_exportrun SET state = 'running', lease_until = clock_timestamp() + %s * interval '1 second' WHERE id = (
    SELECT id FROM contacts_exportrun
     WHERE format IN ('csv', 'xlsx')
       AND (state = 'queued' OR (state = 'running' AND lease_until <= clock_timestamp()))
     ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, workspace_id
"""
DUE = """
SELECT EXISTS (SELECT 1 FROM contacts_exportrun WHERE format IN ('csv', 'xlsx')
                  AND (state = 'queued' OR (state = 'running' AND lease_until <= clock_timestamp())))
"""
# Titles the importer knows again, in the order of the file.
TITLES = ("Carillon ID", "Phone", "Name", "E-mail", "Language", "Country", "Time zone", "Tags", "Marketing consent")
CONSENTS = {ConsentState.OPTED_IN.value: "yes", ConsentState.OPTED_OUT.value: "no"}


class ExportRefused(Exception):
    """The export cannot be made; the text says why."""


class _Overtaken(Exception):
    """Another worker has the run, or it is gone."""


@transaction.atomic
def request(workspace: Workspace, filters: dict[str, str], *, format: str, by: Member) -> ExportRun:
    """Have the people a filter leaves written to a file. Raises ExportRefused for an unknown format."""
    if format not in FORMATS:
        raise ExportRefused("Choose CSV or Excel.")
    chosen = Filter.read(filters)
    run = ExportRun.objects.create(
        workspace=workspace,
        format=format,
        filters=chosen.params(),
        created_by=by,
        expires_at=timezone.now() + KEEP,
    )
    auditing.record(by, "export.requested", f"{FORMATS[format]}", after={"filter": chosen.params()})
    publish(workspace.pk, "exports")
    ring(JOB, queue="bulk")
    return run


def due() -> bool:
    """Whether some workspace has an export that nobody writes."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(DUE)
        return bool(cursor.fetchone()[0])


def work_next() -> bool:
    """Write one file that is due; False when none is."""
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        cursor.execute(CLAIM, [LEASE_SECONDS])
        claimed = cursor.fetchone()
    if claimed is None:
        return False
    with tenancy.scope(claimed[1]):
        run = ExportRun.objects.select_related("workspace").get(workspace_id=claimed[1], pk=claimed[0])
    try:
        _write(run)
    except _Overtaken:
        log.info("export left to others", run=run.pk)
    except ExportRefused as refused:
        _end(run, State.FAILED, error=str(refused))
    except (OperationalError, InterfaceError):
        raise  # the database is away; the lease runs out and somebody begins again
    except Exception:
        log.exception("export failed", run=run.pk)
        _end(run, State.FAILED, error="Something went wrong here. Export again.")
    return True


def _write(run: ExportRun) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"contacts.{run.format}"
        rows = _Rows(run)
        if run.format == "csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(spreadsheets.csv_text(rows))
        else:
            spreadsheets.write_xlsx(str(path), rows, "Contacts")
        with path.open("rb") as written:
            stored = default_storage.save(f"{run.workspace_id}/exports/contacts.{run.format}", File(written))
    try:
        _end(run, State.DONE, file=stored, count=rows.count)
    except BaseException:
        default_storage.delete(stored)
        raise


def _end(run: ExportRun, state: ExportRun.State, *, file: str = "", count: int | None = None, error: str = "") -> None:
    with tenancy.scope(run.workspace_id):
        mine = ExportRun.objects.filter(workspace_id=run.workspace_id, pk=run.pk, state=State.RUNNING)
        if not mine.update(state=state, file=file, count=count, error=error, lease_until=None):
            raise _Overtaken
        publish(run.workspace_id, "exports")


class _Rows:
    """The titles and one row a person, read a few thousand at a time in the order people were added."""

    def __init__(self, run: ExportRun) -> None:
        self.count = 0
        self._run = run

    def __iter__(self) -> Iterator[Sequence[str]]:
        with tenancy.scope(self._run.workspace_id):
            columns = list(fields.fields_of(self._run.workspace_id))
            tags = {tag.pk: tag.name for tag in labels.tags_of(self._run.workspace_id)}
        yield [*TITLES, *(column.label for column in columns)]
        last = 0
        while found := self._next(last, columns, tags):
            last = found[-1][0]
            self.count += len(found)
            if self._run.format == "xlsx" and self.count > spreadsheets.MOST_ROWS:
                raise ExportRefused(f"An Excel file holds at most {spreadsheets.MOST_ROWS:,} people. Export as CSV.")
            for _, row in found:
                yield row

    def _next(self, last: int, columns: Sequence[CustomField], tags: dict[int, str]) -> list[tuple[int, Sequence[str]]]:
        run = self._run
        with tenancy.scope(run.workspace_id):
            mine = ExportRun.objects.filter(workspace_id=run.workspace_id, pk=run.pk, state=State.RUNNING)
            if not mine.update(lease_until=timezone.now() + timedelta(seconds=LEASE_SECONDS)):
                raise _Overtaken
            chosen = people(run.workspace, Filter.read(run.filters)).filter(pk__gt=last).order_by("pk")
            found = list(chosen[:AT_ONCE])
            addresses = _identities(run.workspace_id, [person.pk for person in found])
        return [(person.pk, _row(person, addresses.get(person.pk, ("", "")), columns, tags)) for person in found]


def _identities(workspace_id: int, contact_ids: list[int]) -> dict[int, tuple[str, str]]:
    """Contact → its first number, and the strictest word of its identities on marketing."""
    identities = Identity.objects.filter(workspace_id=workspace_id, contact_id__in=contact_ids).order_by("pk")
    said = dict(
        Consent.objects.filter(
            workspace_id=workspace_id, purpose=Purpose.MARKETING, identity__contact_id__in=contact_ids
        ).values_list("identity_id", "state")
    )
    found: dict[int, tuple[str, str]] = {}
    for pk, contact_id, phone in identities.values_list("pk", "contact_id", "phone"):
        known, state = found.get(contact_id, ("", ""))
        found[contact_id] = (known or phone, max(state, said.get(pk, "")))  # "opted_out" sorts behind "opted_in"
    return found


def _row(
    person: SearchableContact, address: tuple[str, str], columns: Sequence[CustomField], tags: dict[int, str]
) -> Sequence[str]:
    names = sorted(tags[pk] for pk in person.tag_ids if pk in tags)
    return [
        str(person.uuid),
        address[0],
        person.name,
        person.email,
        person.language,
        person.country,
        person.time_zone,
        "; ".join(names),
        CONSENTS.get(address[1], ""),
        *(values.typed(column.kind, person.fields.get(column.key)) for column in columns),
    ]


def remove_expired() -> int:
    """Delete files past their time; returns how many."""
    with tenancy.all_workspaces():
        old = ExportRun.objects.filter(format__in=FORMATS, expires_at__lt=timezone.now()).exclude(file="")
        found = list(old.values_list("pk", "file")[:1000])
        for _, name in found:
            default_storage.delete(name)
        ExportRun.objects.filter(pk__in=[pk for pk, _ in found]).update(file="")
    return len(found)

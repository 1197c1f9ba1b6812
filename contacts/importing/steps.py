"""The steps of an import that people take: upload, map, check, start, cancel. The work between them is `running`'s."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePath

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from config.queues import ring
from contacts import fields
from contacts.models import CustomField, ImportProblem, ImportRun
from live.publishing import publish
from workspaces import auditing, tenancy
from workspaces.models import Member, Workspace

from . import mapping, reading, sniffing
from .mapping import Mapping
from .rows import Refused

State = ImportRun.State
JOB = "contacts.jobs.work_on_imports"
KEEP = timedelta(days=7)  # how long the uploaded file and the rejected rows are kept after the end


class StepRefused(Exception):
    """The import is not where this step can be taken; the text says why."""


def upload(
    workspace: Workspace, file: File, name: str, *, by: Member, most_rows: int | None = sniffing.WEB_ROWS
) -> ImportRun:
    """Keep a file and find out how to read it. Nothing is stored of a refused one. Raises Refused."""
    name = clean_name(name)
    if most_rows is not None and file.size > sniffing.WEB_BYTES:
        most = sniffing.WEB_BYTES // (1024 * 1024)
        raise Refused(f"The file is larger than {most} MB; split it and import the parts one after the other.")
    form = sniffing.examine(file, name, most_rows=most_rows)
    form |= {"most_rows": most_rows, "batch": reading.batch_rows(form["rows"]), "size": file.size}
    known = list(fields.fields_of(workspace.pk))
    guessed = mapping.guess(form["titles"], sniffing.samples(form), known)
    file.seek(0)
    stored = default_storage.save(f"{workspace.pk}/imports/{PurePath(name).suffix or '.csv'}", file)
    try:
        with transaction.atomic():
            run = ImportRun.objects.create(
                workspace=workspace,
                filename=name,
                file=stored,
                format=form | {"guessed": guessed},
                mapping=Mapping(tuple(guessed), country=workspace.default_country).stored(),
                created_by=by,
            )
            auditing.record(by, "import.uploaded", name)
    except BaseException:
        default_storage.delete(stored)
        raise
    return run


def clean_name(name: str) -> str:
    """A file's name without folders and signs nobody can read."""
    name = PurePath(name.replace("\\", "/")).name
    return re.sub(r"[^\w .()\[\]-]", "_", name)[-200:].strip() or "file.csv"


@transaction.atomic
def read_again(run: ImportRun, *, encoding: str, header: bool) -> ImportRun:
    """Read the file in another encoding, or with or without titles; columns are guessed anew. Raises Refused."""
    run = _locked(run)
    if run.state not in {State.UPLOADED, State.CHECKED}:
        raise StepRefused("This file is being worked on already.")
    with default_storage.open(run.file) as file:
        form = sniffing.again(file, run.format, encoding=encoding, header=header)
    known = list(fields.fields_of(run.workspace_id))
    guessed = mapping.guess(form["titles"], sniffing.samples(form), known)
    run.format = run.format | form | {"guessed": guessed}
    run.mapping = {**run.mapping, "columns": guessed}
    _forget(run)
    run.state = State.UPLOADED
    run.save()
    return run


@transaction.atomic
def keep_mapping(run: ImportRun, chosen: Mapping) -> ImportRun:
    """Remember what was chosen so far, right or not."""
    run = _locked(run)
    if run.state == State.CHECKED and chosen.stored() != run.mapping:
        _forget(run)
        run.state = State.UPLOADED
    if run.state == State.UPLOADED:
        run.mapping = chosen.stored()
        run.save()
    return run


@transaction.atomic
def check(run: ImportRun, chosen: Mapping, *, known: Sequence[CustomField]) -> ImportRun:
    """Have the whole file checked with these columns. Raises MappingRefused, and StepRefused once it is imported."""
    run = _locked(run)
    if run.state not in {State.UPLOADED, State.CHECKED}:
        raise StepRefused("This file is being worked on already.")
    mapping.refuse_unusable(chosen, run.format["titles"], known)
    _forget(run)
    run.mapping = chosen.stored()
    _hand_over(run, State.CHECKING)
    return run


@transaction.atomic
def start(run: ImportRun, *, by: Member) -> ImportRun:
    """Import the file as it was checked. A second start does nothing. Raises StepRefused before that."""
    run = _locked(run)
    if run.state in {State.RUNNING, State.DONE}:
        return run
    if run.state != State.CHECKED:
        raise StepRefused("The file has to be checked first.")
    found = run.counts.get("found", {})
    if not found.get("new") and not found.get("existing"):
        raise StepRefused("No row of this file can be imported.")
    ImportProblem.objects.filter(workspace_id=run.workspace_id, run=run).delete()
    run.position, run.created_by = 0, by
    run.counts = {**run.counts, "ahead": [], "done": {}}
    auditing.record(by, "import.started", run.filename, after={"rows": found.get("rows", 0)})
    _hand_over(run, State.RUNNING)
    return run


@transaction.atomic
def cancel(run: ImportRun, *, by: Member) -> ImportRun:
    """Stop; what is imported stays. Does nothing to an import that has ended."""
    run = _locked(run)
    if run.state in {State.UPLOADED, State.CHECKING, State.CHECKED, State.RUNNING}:
        run.state, run.lease_until, run.finished_at = State.CANCELLED, None, timezone.now()
        run.save()
        auditing.record(by, "import.cancelled", run.filename, after=run.counts.get("done"))
        publish(run.workspace_id, f"imp-{run.uuid}", "contacts")
    return run


def remove_expired() -> int:
    """Delete uploads and rejected rows of imports that ended a week ago or were left lying; returns how many."""
    past = timezone.now() - KEEP
    with tenancy.all_workspaces():
        old = ImportRun.objects.exclude(file="").exclude(state__in=[State.CHECKING, State.RUNNING])
        old = old.filter(created_at__lt=past).exclude(finished_at__gt=past)
        found = list(old.values_list("pk", "file")[:1000])
        for _, name in found:
            default_storage.delete(name)
        ids = [pk for pk, _ in found]
        ImportProblem.objects.filter(run__in=ids).delete()
        ImportRun.objects.filter(pk__in=ids).update(file="")
    return len(found)


def _locked(run: ImportRun) -> ImportRun:
    return ImportRun.objects.select_for_update().get(workspace_id=run.workspace_id, pk=run.pk)


def _forget(run: ImportRun) -> None:
    """Forget what a check found."""
    ImportProblem.objects.filter(workspace_id=run.workspace_id, run=run).delete()
    run.counts, run.position = {}, 0


def _hand_over(run: ImportRun, state: ImportRun.State) -> None:
    run.state, run.lease_until = state, timezone.now()
    run.save()
    publish(run.workspace_id, f"imp-{run.uuid}")
    ring(JOB, queue="bulk")

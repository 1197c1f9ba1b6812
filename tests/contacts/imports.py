"""Files of people for tests, and an import taken through all its steps by the real worker functions."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.base import File
from openpyxl import Workbook

from contacts import fields
from contacts.importing import running, steps
from contacts.importing.mapping import Mapping
from contacts.models import Contact, Identity, ImportProblem, ImportRun
from tests.factories import make_member
from workspaces import tenancy
from workspaces.models import Member, Workspace


def uploaded(content: str | bytes, *, by: Member | None = None, name: str = "people.csv", **options: Any) -> ImportRun:
    """A file on its way in, its columns guessed."""
    by = by or make_member()
    content = content.encode() if isinstance(content, str) else content
    with tenancy.scope(by.workspace_id):
        return steps.upload(by.workspace, File(io.BytesIO(content), name), name, by=by, **options)


def checked(run: ImportRun, *columns: str, batch: int = 0, **choices: Any) -> ImportRun:
    """The same file once it is checked, with these columns or the guessed ones."""
    with tenancy.scope(run.workspace_id):
        known = list(fields.fields_of(run.workspace_id))
        chosen = Mapping.of({**run.mapping, **({"columns": list(columns)} if columns else {}), **choices})
        if batch:
            run.format["batch"] = batch
            run.save()
        steps.check(run, chosen, known=known)
    return worked(run)


def finished(run: ImportRun, *, by: Member | None = None) -> ImportRun:
    """The same file once it is imported."""
    with tenancy.scope(run.workspace_id):
        steps.start(run, by=by or Member.objects.get(pk=run.created_by_id))
    return worked(run)


def imported(
    content: str | bytes, *columns: str, by: Member | None = None, name: str = "people.csv", **choices: Any
) -> Any:
    return finished(checked(uploaded(content, by=by, name=name), *columns, **choices))


def worked(run: ImportRun) -> ImportRun:
    while running.work_next():
        pass
    return again(run)


def again(run: ImportRun) -> ImportRun:
    with tenancy.scope(run.workspace_id):
        return ImportRun.objects.select_related("workspace", "created_by").get(pk=run.pk)


def people(workspace: Workspace) -> list[Contact]:
    with tenancy.scope(workspace.pk):
        return list(Contact.objects.filter(workspace=workspace).order_by("pk"))


def numbers(workspace: Workspace) -> list[str]:
    with tenancy.scope(workspace.pk):
        return sorted(Identity.objects.filter(workspace=workspace).values_list("phone", flat=True))


def problems(run: ImportRun) -> list[tuple[int, str, str]]:
    """Line, column and reason of every row left out."""
    with tenancy.scope(run.workspace_id):
        found = ImportProblem.objects.filter(run=run).order_by("line")
        return list(found.values_list("line", "column", "reason"))


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    stored = io.BytesIO()
    book.save(stored)
    return stored.getvalue()

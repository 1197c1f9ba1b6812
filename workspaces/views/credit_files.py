"""The ledger and monthly statements as CSV."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from .. import auditing, credit_days, credit_ledger, credit_references, presenting_credits, presenting_ledger
from ..access import workspace_view
from ..credit_ledger import Filter
from ..csv_writing import csv_bytes
from ..models import CreditPocket, Workspace
from .credits import month_named, months_of, pocket_named

MOST_NAMES = 5_000  # broadcasts whose names a file carries


@require_GET
@workspace_view("read_credits")
def ledger(request: Any, workspace: Workspace) -> HttpResponseBase:
    """Every entry of a filter, written while it is sent: millions need no memory and no job."""
    chosen = Filter.read(request.GET)
    calendar = presenting_credits.calendar_of(workspace, timezone.now())
    names = _names(workspace, credit_ledger.broadcasts_in(workspace, most=MOST_NAMES))
    auditing.record(request.member, "credits.exported", "Ledger", after={"filter": chosen.params()})
    batches = credit_ledger.read_all(workspace, chosen)
    rows = presenting_ledger.file_rows(batches, chosen.pocket, names, calendar)
    return _download(rows, f"credits-{workspace.slug}-{calendar.local(calendar.now):%Y-%m-%d}.csv")


@require_GET
@workspace_view("read_credits")
def statement(request: Any, workspace: Workspace) -> HttpResponseBase:
    """One month by day, kind, source and broadcast."""
    kind = pocket_named(request)
    month = month_named(request, months_of(workspace, kind))
    pocket = get_object_or_404(CreditPocket, workspace_id=workspace.pk, kind=kind)
    found = credit_days.statement(workspace, pocket, month, now=timezone.now())
    names = _names(workspace, {each.broadcast_id for each in found.sums if each.broadcast_id})
    auditing.record(request.member, "credits.exported", f"Statement {month:%Y-%m}", after={"pocket": kind})
    rows = presenting_ledger.statement_rows(found, names)
    return _download(rows, f"credits-{workspace.slug}-{kind}-{month:%Y-%m}.csv")


def _names(workspace: Workspace, broadcast_ids: Any) -> dict[int, str]:
    found = credit_references.broadcasts(workspace, list(broadcast_ids))
    return {pk: name for pk, (name, _) in found.items()}


def _download(rows: Any, name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingHttpResponse(csv_bytes(rows), content_type="text/csv; charset=utf-8", headers=headers)

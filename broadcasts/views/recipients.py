"""The people of one broadcast: a table with filters, and the same as a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from broadcasts import presenting_recipients, presenting_report, recipients_table, tallying
from broadcasts.recipients_table import EVERYBODY, Filter
from contacts.exporting import spreadsheets
from workspaces import auditing
from workspaces.access import workspace_view
from workspaces.fragments import is_fragment
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .parts import PAGE, broadcast_of


@require_GET
@workspace_view("read_broadcasts")
def listing(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """A page of people. For htmx the rows only: a next page is added, another filter replaces."""
    broadcast = broadcast_of(workspace, uuid)
    chosen, after = Filter.read(request.GET), _number(request.GET.get("after", ""))
    page = recipients_table.page(broadcast, chosen, after=after)
    calendar = Calendar.of(request)
    base = reverse("broadcasts:recipients", args=[workspace.slug, broadcast.uuid])
    context = {
        "rows": presenting_recipients.rows(page.rows, broadcast, workspace, calendar),
        "more": _next(base, chosen, page.more) if page.more else "",
        "chosen": chosen,
        "table": base,
        "here": f"{base}{chosen.query()}",
        "download": reverse("broadcasts:recipients_file", args=[workspace.slug, broadcast.uuid]) + chosen.query(),
        "later": bool(after),
    }
    if after and is_fragment(request):
        return render(request, "broadcasts/_recipient_rows.html", context)
    figures = tallying.recent(broadcast)
    context |= {**PAGE, **presenting_report.head(broadcast, workspace, calendar), "tab": "recipients"}
    context |= _around(broadcast, chosen, figures)
    if not is_fragment(request):
        return render(request, "broadcasts/recipients.html", context)
    response = render(request, "broadcasts/_recipients.html", context)
    response["HX-Replace-Url"] = f"{base}{chosen.query()}"
    return response


def _around(broadcast: Any, chosen: Filter, figures: tallying.Figures) -> dict[str, Any]:
    """The filter's choices with how many people each leaves, and how many are shown now."""
    everybody = figures["audience"] + figures["left_out"]
    narrowed = chosen.cause or chosen.country or chosen.q
    plain = everybody if chosen.who == EVERYBODY else figures[chosen.who]
    return {
        "found": recipients_table.count(broadcast, chosen) if narrowed else plain,
        "whos": [
            (who, label, everybody if who == EVERYBODY else figures[who])
            for who, label in presenting_recipients.CHOICES.items()
        ],
        "all_causes": presenting_recipients.causes(chosen, figures, broadcast),
        "all_countries": presenting_recipients.all_countries(figures),
        "empty": everybody == 0,
    }


def _number(written: str) -> int:
    return int(written) if written.isdecimal() and len(written) < 19 else 0


def _next(base: str, chosen: Filter, after: int) -> str:
    query = chosen.query()
    return f"{base}{query}{'&' if query else '?'}after={after}"


@require_GET
@workspace_view("read_broadcasts")
def file(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponseBase:
    """The people a filter leaves as CSV, written while it is read; the rows are those of the table."""
    broadcast = broadcast_of(workspace, uuid)
    chosen = Filter.read(request.GET)
    auditing.record(request, "broadcast.exported", broadcast.name, after={"filter": chosen.params()})
    found = recipients_table.everyone(broadcast, chosen)
    lines = spreadsheets.csv_text(presenting_recipients.lines(found, broadcast))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    name = slugify(broadcast.name) or "broadcast"
    response["Content-Disposition"] = f'attachment; filename="{name}-{chosen.who.replace("_", "-")}.csv"'
    response["X-Content-Type-Options"] = "nosniff"
    return response

"""The list of broadcasts."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from broadcasts import listing, presenting_list
from broadcasts.listing import Filter
from workspaces.access import allows, workspace_view
from workspaces.fragments import is_fragment
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar


@require_GET
@workspace_view("read_broadcasts")
def list_(request: Any, workspace: Workspace) -> HttpResponse:
    """A page of broadcasts. For htmx the rows only: a next page is added, another filter replaces."""
    asked, after = Filter.read(request.GET), _id(request.GET.get("after", ""))
    page = listing.page(workspace, asked, after)
    base = reverse("broadcasts:list", args=[workspace.slug])
    context = {
        "section": "broadcasts",
        "rows": presenting_list.rows(page.broadcasts, workspace, Calendar.of(request)),
        "more": f"{base}{asked.query(after=str(page.after))}" if page.after else "",
        "chosen": asked,
        "base": base,
        "here": f"{base}{asked.query()}",
        "can_manage": allows(request.member.role, "manage_broadcasts"),
        "lacks": "" if page.broadcasts else presenting_list.first_steps(workspace),
        "later": after is not None,
    }
    if is_fragment(request):
        if after is not None:
            return render(request, "broadcasts/_rows.html", context)
        response = render(request, "broadcasts/_list.html", context)
        response["HX-Replace-Url"] = f"{base}{asked.query()}"
        return response
    return render(request, "broadcasts/list.html", {**context, **_around(workspace)})


def _around(workspace: Workspace) -> dict[str, Any]:
    """What stands around the rows."""
    counts = listing.counts(workspace)
    return {
        "states": [(state, label, counts[state]) for state, (label, _) in listing.STATES.items()],
        "lacks": presenting_list.first_steps(workspace),
        "tab": "list",
    }


def _id(written: str) -> int | None:
    return int(written) if written.isdecimal() and len(written) < 19 else None

"""What sending cost: the overview, the ledger, monthly statements and the price list."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from .. import credit_days, credit_ledger, credit_prices, presenting_credits, presenting_ledger, presenting_prices
from ..access import workspace_view
from ..credit_ledger import Filter
from ..fragments import is_fragment
from ..models import CreditEntry, CreditPocket, Workspace

LATEST = 8  # lines on the overview


def around(workspace: Workspace, tab: str, **more: Any) -> dict[str, Any]:
    """What every page about credits shows: its tab, and what is wrong with a balance."""
    found = presenting_credits.pockets(workspace, timezone.now())
    return {
        "section": "credits",
        "tab": tab,
        "pockets": found,
        "notices": [pocket for pocket in found if pocket.tone and pocket.used],
        **more,
    }


def pocket_named(request: HttpRequest) -> str:
    """The pocket the address asks for, messages otherwise."""
    named = request.GET.get("pocket", "")
    return named if named in CreditPocket.Kind.values else CreditPocket.Kind.WHATSAPP.value


@require_GET
@workspace_view("read_credits")
def overview(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """Balance, pace and the latest entries; for htmx the part that changes."""
    kind, now = pocket_named(request), timezone.now()
    calendar, chosen = presenting_credits.calendar_of(workspace, now), Filter(pocket=kind)
    latest = credit_ledger.page(workspace, chosen, size=LATEST)
    base = reverse("credits:overview", args=[workspace.slug])
    context = around(
        workspace,
        "overview",
        **presenting_credits.overview(workspace, kind, now),
        rows=presenting_ledger.rows(latest.lines, workspace, calendar, chosen),
        check=presenting_credits.check(workspace, calendar),
        chosen=chosen,
        here=f"{base}{chosen.query()}",
    )
    return render(request, "credits/_overview.html" if is_fragment(request) else "credits/overview.html", context)


@require_GET
@workspace_view("read_credits")
def badge(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """The sign in the navigation that credits are running out."""
    notices = around(workspace, "")["notices"]
    return render(request, "credits/_badge.html", {"notices": notices}) if notices else HttpResponse()


@require_GET
@workspace_view("read_credits")
def ledger(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """A page of entries. For htmx the rows only: a next page is added, another filter replaces."""
    chosen, before = Filter.read(request.GET), _before(request)
    calendar = presenting_credits.calendar_of(workspace, timezone.now())
    page, base = credit_ledger.page(workspace, chosen, before=before), reverse("credits:ledger", args=[workspace.slug])
    context: dict[str, Any] = {
        "rows": presenting_ledger.rows(page.lines, workspace, calendar, chosen),
        "more": f"{base}{chosen.query(before=str(page.more))}" if page.more else "",
        "chosen": chosen,
        "base": base,
        "here": f"{base}{chosen.query()}",
        "newest": f"{base}{chosen.query()}" if before and not is_fragment(request) else "",
    }
    if is_fragment(request) and before:
        return render(request, "credits/_rows.html", context)
    if is_fragment(request):
        response = render(request, "credits/_list.html", context)
        response["HX-Replace-Url"] = context["here"]
        return response
    named = credit_ledger.broadcasts_in(workspace)
    context |= around(workspace, "ledger", **presenting_ledger.choices(workspace, chosen, named))
    return render(request, "credits/ledger.html", context)


def _before(request: HttpRequest) -> int | None:
    written = request.GET.get("before", "")
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 19 else None


@require_GET
@workspace_view("read_credits")
def totals(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """What the entries of a filter add up to; apart from the list, because it has to read them all."""
    found = credit_ledger.totals(workspace, Filter.read(request.GET))
    context = {
        "totals": found,
        "taken": presenting_credits.signed(found.taken),
        "given": presenting_credits.signed(found.given),
        "amount": presenting_credits.signed(found.amount),
    }
    return render(request, "credits/_totals.html", context)


@require_GET
@workspace_view("read_credits")
def statement(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """One month of one pocket, from its first balance to its last."""
    kind, now = pocket_named(request), timezone.now()
    months = months_of(workspace, kind)
    month = month_named(request, months)
    row = CreditPocket.objects.filter(workspace_id=workspace.pk, kind=kind).first()
    context = around(
        workspace,
        "statement",
        kind=kind,
        kind_label=CreditPocket.Kind(kind).label,
        month=month,
        month_name=presenting_ledger.month_name(month),
        months=[(f"{each:%Y-%m}", presenting_ledger.month_name(each)) for each in months],
        chosen_month=f"{month:%Y-%m}",
        running=month == months[0],
        zone=workspace.time_zone.replace("_", " "),
    )
    if row is not None:
        found = credit_days.statement(workspace, row, month, now=now)
        last = found.days[-1].date
        context["statement"] = presenting_ledger.statement(found, workspace)
        context["entries"] = Filter(pocket=kind, since=f"{month}", until=f"{last}").query()
    return render(request, "credits/statement.html", context)


def months_of(workspace: Workspace, kind: str) -> list[date]:
    """The months a pocket has a history for, newest first."""
    entries = CreditEntry.objects.filter(workspace_id=workspace.pk).order_by("created_at", "id")
    first = entries.values_list("created_at", flat=True).first()
    month = credit_days.today(workspace, timezone.now()).replace(day=1)
    begin = credit_days.today(workspace, first).replace(day=1) if first else month
    found = [min(begin, month)]
    while found[-1] < month:
        found.append(credit_days.following(found[-1]))
    return found[::-1]


def month_named(request: HttpRequest, months: list[date]) -> date:
    """The month the address asks for if there is one, else the newest."""
    named = request.GET.get("month", "")
    return next((month for month in months if f"{month:%Y-%m}" == named), months[0])


@require_GET
@workspace_view("read_credits")
def prices(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    """What a message costs: the prices in force, those to come, those that were."""
    now = timezone.now()
    context = around(
        workspace, "prices", **presenting_prices.lists(workspace, now), default=credit_prices.DEFAULT_CREDITS
    )
    return render(request, "credits/prices.html", context)

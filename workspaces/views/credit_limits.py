"""What admins decide about credits: when they are told, how much a day, which pocket holds them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from .. import credit_limits, presenting_credits
from ..access import workspace_view
from ..credits import NotEnough, NotPossible
from ..forms import CreditLimitsForm, CreditTransferForm
from ..models import CreditPocket, Member, Role, Workspace
from .credits import around


@require_http_methods(["GET", "POST"])
@workspace_view("manage_credits")
def limits(request: Any, workspace: Workspace) -> HttpResponse:
    """The bound to be told at and the day's limit, of each pocket."""
    rows = list(CreditPocket.objects.filter(workspace_id=workspace.pk).order_by("pk"))
    changed = None
    if request.method == "POST":
        kind = request.POST.get("pocket", "")
        changed = get_object_or_404(CreditPocket, workspace_id=workspace.pk, kind=kind)
    forms = [(row, _limits_form(row, request.POST if changed and changed.pk == row.pk else None)) for row in rows]
    for row, form in forms:
        if form.is_bound and form.is_valid():
            credit_limits.change(row, **form.cleaned_data, by=request.member)
            messages.success(request, f"The limits of {row.get_kind_display()} are saved.")
            return redirect("credits:limits", workspace.slug)
    now = timezone.now()
    admins = Member.objects.filter(workspace_id=workspace.pk, removed_at=None, role__in=(Role.OWNER, Role.ADMIN))
    context = around(
        workspace,
        "limits",
        forms=[(presenting_credits.pocket_of(row, now), form) for row, form in forms],
        told=list(admins.order_by("pk").values_list("name", flat=True)),
        day_ends=_day_ends(workspace, now),
        zone=workspace.time_zone.replace("_", " "),
    )
    return render(request, "credits/limits.html", context, status=422 if any(form.errors for _, form in forms) else 200)


def _limits_form(row: CreditPocket, given: Any) -> CreditLimitsForm:
    initial = {"low_balance": row.low_balance, "daily_cap": row.daily_cap}
    return CreditLimitsForm(given, initial=initial, auto_id=f"{row.kind}-%s")


def _day_ends(workspace: Workspace, now: datetime) -> str:
    """When the day of the cap ends, on the workspace's clock."""
    tomorrow = datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time.min, tzinfo=UTC)
    return presenting_credits.calendar_of(workspace, now).clock(tomorrow)


@require_http_methods(["GET", "POST"])
@workspace_view("manage_credits")
def transfers(request: Any, workspace: Workspace) -> HttpResponse:
    """Move credits from one pocket to another."""
    initial = {
        "source": CreditPocket.Kind.WHATSAPP,
        "target": CreditPocket.Kind.SMS,
        "seen": credit_limits.newest_move(workspace.pk),
    }
    form = CreditTransferForm(request.POST or None, initial=initial)
    if form.is_bound and form.is_valid():
        try:
            credit_limits.move(**form.cleaned_data, by=request.member)
        except (NotEnough, NotPossible) as refused:
            form.add_error("amount", str(refused))
        except credit_limits.MovedMeanwhile as refused:
            form.add_error(None, str(refused))
            form.data = {**request.POST.dict(), "seen": str(initial["seen"])}
        else:
            target = CreditPocket.Kind(form.cleaned_data["target"]).label
            messages.success(request, f"{form.cleaned_data['amount']:,} credits are now in {target}.")
            return redirect("credits:overview", workspace.slug)
    context = around(workspace, "transfers", form=form)
    return render(request, "credits/transfer.html", context, status=422 if form.errors else 200)

"""The last step: look through everything, launch once, and take it back while there is time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from broadcasts import campaigns, presenting_review, presenting_wizard
from broadcasts.forms import NameForm
from broadcasts.models import Broadcast
from broadcasts.presenting_wizard import STEPS
from workspaces.access import workspace_view
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .draft_parts import broadcast_of, has_message, preview, problems_of, report_url, saved, summary, to_step

GREW = 0.1  # by which share the audience may have grown since its number was confirmed


@require_http_methods(["GET", "POST"])
@workspace_view("manage_broadcasts")
def review(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Everything that was decided, with what stands in the way. Its POSTs lead to other steps."""
    broadcast = broadcast_of(workspace, uuid)
    if not broadcast.is_editable:
        return redirect(report_url(workspace, broadcast))
    if request.method == "GET":
        return _page(request, workspace, broadcast)
    _rename(request, broadcast)
    _, _, where = request.POST.get("do", "").partition(":")
    return to_step(workspace, broadcast, where if where in STEPS else "review")


def _rename(request: Any, broadcast: Broadcast) -> None:
    form = NameForm(request.POST)
    if not form.is_valid() or form.cleaned_data["name"] == broadcast.name:
        return
    try:
        campaigns.save(broadcast, revision=broadcast.revision, by=request.member, name=form.cleaned_data["name"])
    except campaigns.Stale:
        messages.warning(request, "The name was not changed: somebody else saved this draft.")


def _page(request: Any, workspace: Workspace, broadcast: Broadcast, status: int = 200, **extra: Any) -> HttpResponse:
    base, calendar = report_url(workspace, broadcast), Calendar.of(request)
    counted = summary(request, broadcast, base, patient=True)
    problems = problems_of(request, broadcast, counted)
    context = {
        **presenting_wizard.page(workspace, broadcast, "review", problems),
        **saved(request, broadcast),
        **counted,
        "step_url": f"{base}review/",
        "has_message": has_message(broadcast),
        "facts": presenting_review.facts(broadcast, presenting_review.described(broadcast)),
        "hurdles": presenting_review.hurdles(problems, base, f"/w/{workspace.slug}/credits/"),
        "notes": presenting_review.notes(broadcast, counted["people"], calendar),
        "preview": preview(request, workspace, broadcast),
        **presenting_review.launching(broadcast, counted["people"], counted["exact"], calendar),
    }
    return render(request, "broadcasts/wizard_review.html", {**context, **extra}, status=status)


@require_POST
@workspace_view("manage_broadcasts")
def launch(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Hand the draft over; pressed twice, in two tabs or again after an error, it goes out once."""
    broadcast = broadcast_of(workspace, uuid)
    if broadcast.is_editable:
        if refusal := _unconfirmed(request, broadcast):
            return _page(request, workspace, broadcast, status=422, **refusal)
        _rename(request, broadcast)
    try:
        launched = campaigns.launch(broadcast, key=_key(request, broadcast), by=request.member)
    except campaigns.Refused as refused:
        return _page(request, workspace, broadcast_of(workspace, uuid), status=422, refused=str(refused))
    if launched.timing == Broadcast.Timing.NOW:
        return redirect("broadcasts:starting", workspace.slug, launched.uuid)
    messages.success(request, "It is scheduled.")
    return redirect(report_url(workspace, launched))


def _key(request: Any, broadcast: Broadcast) -> UUID:
    try:
        return UUID(request.POST.get("key", ""))
    except ValueError:
        return broadcast.launch_key


def _unconfirmed(request: Any, broadcast: Broadcast) -> dict[str, Any]:
    """Why this launch is not what somebody looked through: an older draft, a number not typed, many more people."""
    if request.POST.get("revision", "") != str(broadcast.revision):
        return {"refused": "The draft was changed meanwhile. This is how it is now: look through it once more."}
    shown, typed = (_digits(request.POST.get(name, "")) for name in ("people", "typed"))
    if shown > presenting_review.TYPE_ABOVE and typed != shown:
        return {"typed_wrong": True}
    now = summary(request, broadcast, "", patient=True)["people"]
    if now > shown + max(50, shown * GREW):
        return {
            "refused": f"There were {shown:,} people when you looked, now there are {now:,}. Look through it again."
        }
    return {}


def _digits(written: str) -> int:
    digits = "".join(each for each in written[:20] if each.isdecimal())
    return int(digits) if digits else 0


@require_GET
@workspace_view("manage_broadcasts")
def starting(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """The ten seconds between Send and the first message, with the way back."""
    broadcast = broadcast_of(workspace, uuid)
    if broadcast.is_editable:
        return to_step(workspace, broadcast, "review")
    report = report_url(workspace, broadcast)
    if broadcast.status != Broadcast.Status.SCHEDULED or broadcast.timing != Broadcast.Timing.NOW:
        return redirect(report)
    context = {
        "section": "broadcasts",
        "broadcast": broadcast,
        "report_url": report,
        "fire_at": broadcast.next_fire_at,
        "seconds": presenting_review.seconds_left(broadcast, Calendar.of(request)),
    }
    return render(request, "broadcasts/wizard_starting.html", context)


@require_POST
@workspace_view("manage_broadcasts")
def withdrawal(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Undo: back to the draft, as long as it has not begun."""
    broadcast = broadcast_of(workspace, uuid)
    try:
        campaigns.withdraw(broadcast, by=request.member)
    except campaigns.Refused as refused:
        messages.error(request, str(refused))
        return redirect(reverse("broadcasts:list", args=[workspace.slug]) + f"{broadcast.uuid}/")
    messages.success(request, "Nothing was sent. It is a draft again.")
    return to_step(workspace, broadcast, "review")

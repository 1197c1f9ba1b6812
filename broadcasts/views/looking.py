"""What a draft would do, while it is written: how many people, who they are, how it looks to them, a test."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from broadcasts import audience, presenting_message, presenting_timing, presenting_wizard, reasons, trying, value_gaps
from broadcasts.models import Broadcast
from contacts.people import NotAcceptable
from contacts.presenting_rows import rows
from inbox.presenting_pages import inbox_url
from workspaces.access import workspace_view
from workspaces.fragments import is_fragment
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

from .draft_parts import SAMPLE, broadcast_of, preview, report_url, summary


def _draft(request: Any, workspace: Workspace, uuid: UUID) -> Broadcast:
    """The draft of this address. Raises Http404 for what is none any more."""
    broadcast = broadcast_of(workspace, uuid)
    if not broadcast.is_editable:
        raise Http404("No draft any more")
    return broadcast


def _base(workspace: Workspace, broadcast: Broadcast) -> str:
    return report_url(workspace, broadcast)


@require_GET
@workspace_view("manage_broadcasts")
def estimate(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Who would receive it and what that costs; with ?patient= exactly, if it takes a moment longer."""
    broadcast = _draft(request, workspace, uuid)
    base = _base(workspace, broadcast)
    step = request.GET.get("step", "")
    context = {"broadcast": broadcast, "base": base, "step": step if step in presenting_wizard.STEPS else "audience"}
    context |= summary(request, broadcast, base, patient="patient" in request.GET)
    return render(request, "broadcasts/_wizard_summary.html", context)


@require_GET
@workspace_view("manage_broadcasts")
def people(request: Any, workspace: Workspace, uuid: UUID, reason: str) -> HttpResponse:
    """Some of those who receive it, or of those who do not for one reason."""
    broadcast = _draft(request, workspace, uuid)
    if reason != presenting_wizard.ALL and reason not in reasons.LEFT_OUT:
        raise Http404("No such reason")
    calendar = Calendar.of(request)
    wanted = "" if reason == presenting_wizard.ALL else reason
    try:
        found = audience.sample(broadcast, wanted, SAMPLE)
        counted = audience.breakdown(broadcast, now=calendar.now)
    except audience.BadAudience as bad:
        raise Http404(str(bad)) from bad
    listed = rows(
        found, workspace_id=workspace.pk, base=reverse("contacts:people", args=[workspace.slug]), calendar=calendar
    )
    count = counted.left_out.get(wanted, 0) if wanted else counted.will_receive
    context = {
        "section": "broadcasts",
        "broadcast": broadcast,
        "base": _base(workspace, broadcast),
        "title": reasons.LEFT_OUT[wanted] if wanted else "Will receive it",
        "sample": listed,
        "count": max(count, len(listed)),
    }
    template = "broadcasts/_wizard_people.html" if is_fragment(request) else "broadcasts/wizard_people.html"
    return render(request, template, context)


@require_GET
@workspace_view("manage_broadcasts")
def phone(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """The message as one of its people would get it; ?at= says which of them."""
    broadcast = _draft(request, workspace, uuid)
    context = {"base": _base(workspace, broadcast), "preview": preview(request, workspace, broadcast)}
    return render(request, "broadcasts/_wizard_preview.html", context)


@require_GET
@workspace_view("manage_broadcasts")
def gaps(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """How many people lack what the message wants to say."""
    broadcast = _draft(request, workspace, uuid)
    labels = dict(presenting_message.field_labels(workspace.pk))
    found = value_gaps.count(broadcast, now=Calendar.of(request).now)
    context = {
        "base": _base(workspace, broadcast),
        "gaps_known": True,
        "gaps": [
            {
                "label": labels.get(gap.field, gap.field).lower(),
                "count": gap.missing,
                "of": gap.people,
                "fallback": gap.fallback,
            }
            for gap in found
        ],
    }
    return render(request, "broadcasts/_wizard_gaps.html", context)


@require_GET
@workspace_view("manage_broadcasts")
def when(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """When the draft as it is kept would go out, in a sentence."""
    broadcast = _draft(request, workspace, uuid)
    context = {
        "base": _base(workspace, broadcast),
        "when": presenting_timing.when(broadcast, Calendar.of(request)),
    }
    return render(request, "broadcasts/_wizard_when.html", context)


@require_POST
@workspace_view("manage_broadcasts")
def test(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Send the draft as it is kept to up to three numbers."""
    broadcast = _draft(request, workspace, uuid)
    typed = request.POST.get("test_numbers", "")[:200]
    context = {
        "base": _base(workspace, broadcast),
        "test_numbers": typed,
        "most_tests": trying.MOST,
    }
    status = 200
    try:
        numbers = trying.numbers_in(typed.replace(";", ",").split(","), workspace.default_country)
    except NotAcceptable as bad:
        context["test_error"], status = str(bad), 422
    else:
        request.session["test_numbers"] = typed
        tried = trying.send(broadcast, numbers, by=request.member)
        context["tried"] = [_tried(each, workspace) for each in tried]
    if not request.htmx:
        return redirect(f"{_base(workspace, broadcast)}message/")
    return render(request, "broadcasts/_wizard_test.html", context, status=status)


def _tried(tried: trying.Tried, workspace: Workspace) -> dict[str, str]:
    conversation = tried.message.conversation if tried.message else None
    href = f"{inbox_url(workspace)}all/c/{conversation.uuid}/" if conversation else ""
    return {"number": tried.number, "problem": tried.problem, "href": href}

"""The list of templates, beginning a new one, and fetching what changed at the provider."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from templates_mgmt import drafting, languages, notices, presenting_list, presenting_news, syncing
from templates_mgmt import listing as templates
from templates_mgmt.forms import NewTemplateForm
from templates_mgmt.listing import Filter
from templates_mgmt.models import MessageTemplate
from templates_mgmt.refusals import TemplateRefused
from workspaces.access import allows, workspace_view
from workspaces.fragments import is_fragment
from workspaces.models import Channel, Workspace
from workspaces.presenting_times import Calendar

from .parts import PAGE, to_language


@require_GET
@workspace_view("read_templates")
def listing(request: Any, workspace: Workspace) -> HttpResponse:
    """A page of templates. For htmx the rows only: a next page is added, another filter replaces."""
    chosen, number = Filter.read(request.GET), _number(request.GET.get("page", ""))
    page = templates.page(workspace, chosen, number)
    calendar, base = Calendar.of(request), reverse("templates_mgmt:listing", args=[workspace.slug])
    context = {
        "rows": presenting_list.rows(page.templates, workspace, calendar),
        "more": f"{base}{chosen.query(page=str(number + 1))}" if page.has_more else "",
        "before": f"{base}{chosen.query(page=str(number - 1))}" if number > 1 else "",
        "chosen": chosen,
        "base": base,
        "base_of_kind": f"{base}?kind=quick" if chosen.kind == "quick" else base,
        "here": f"{base}{chosen.query()}",
        "can_manage": allows(request.member.role, "manage_templates"),
    }
    if not is_fragment(request):
        return render(request, "templates_mgmt/list.html", {**context, **_around(request, workspace, chosen, calendar)})
    if number > 1:
        return render(request, "templates_mgmt/_rows.html", context)
    context["accounts"] = presenting_list.accounts(workspace, calendar)
    response = render(request, "templates_mgmt/_list.html", context)
    response["HX-Replace-Url"] = f"{base}{chosen.query()}"
    return response


def _number(written: str) -> int:
    return max(int(written), 1) if written.isdecimal() and len(written) < 5 else 1


def _around(request: Any, workspace: Workspace, chosen: Filter, calendar: Calendar) -> dict[str, Any]:
    """What stands around the rows."""
    tabs = [("provider", "Approved by WhatsApp"), ("quick", "Quick templates")]
    counts, base = templates.counts(workspace), reverse("templates_mgmt:listing", args=[workspace.slug])
    manages = allows(request.member.role, "manage_templates")
    return {
        **PAGE,
        "tabs": [
            (f"{base}?kind={kind}" if kind == "quick" else base, label, counts[kind], kind == chosen.kind)
            for kind, label in tabs
        ],
        "all_statuses": templates.STATUSES.items(),
        "all_languages": languages.LANGUAGES.items(),
        "all_categories": MessageTemplate.Category.choices,
        "all_orders": [(key, order[0]) for key, order in templates.ORDERS.items()],
        "accounts": presenting_list.accounts(workspace, calendar),
        "news": presenting_news.rows(notices.unseen(request.member), workspace, calendar) if manages else [],
    }


@require_http_methods(["GET", "POST"])
@workspace_view("manage_templates")
def new(request: Any, workspace: Workspace) -> HttpResponse:
    """Begin a template: what it is for, its name and first language. The text is written in the editor."""
    given = request.POST if request.method == "POST" else None
    quick = (request.POST if given else request.GET).get("kind") == MessageTemplate.Kind.QUICK
    form = NewTemplateForm(given, workspace=workspace, quick=quick, initial=_initial(request))
    if given is not None and form.is_valid():
        try:
            translation = drafting.create(workspace, **form.chosen(), by=request.member)
        except TemplateRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            return to_language(workspace, translation, "edit")
    context = {"form": form, "quick": quick, "no_channel": not quick and not form.has_channel, **PAGE}
    return render(request, "templates_mgmt/new.html", context, status=422 if form.errors else 200)


def _initial(request: Any) -> dict[str, str]:
    name = request.GET.get("name", "")[:120]
    return {"name": name, "category": "utility", "language": "en"}


def _uuid(written: str) -> UUID:
    try:
        return UUID(written)
    except ValueError:
        raise Http404("No such number.") from None


@require_http_methods(["GET", "POST"])
@workspace_view("manage_templates")
def sync(request: Any, workspace: Workspace) -> HttpResponse:
    """How the accounts stand with the provider; a POST asks to fetch what changed there."""
    if request.method == "POST":
        channels = Channel.objects.filter(workspace_id=workspace.pk, disconnected_at=None)
        channel = get_object_or_404(channels, uuid=_uuid(request.POST.get("channel", "")))
        try:
            syncing.request(channel, by=request.member)
        except TemplateRefused as refused:
            messages.error(request, str(refused))
        if not request.htmx:
            return redirect("templates_mgmt:listing", workspace.slug)
    context = {"accounts": presenting_list.accounts(workspace, Calendar.of(request)), "can_manage": True}
    return render(request, "templates_mgmt/_sync.html", context)

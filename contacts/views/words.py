"""Settings page: the words by which customers opt out and in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from contacts import keywords
from contacts.forms import WordsForm
from workspaces.access import workspace_view
from workspaces.models import Workspace

LISTS = {
    "opt_out": ("Opt-out words", "Whoever writes one of these gets no more marketing messages from then on."),
    "opt_in": ("Opt-in words", "Whoever writes one of these gets marketing messages again."),
}


@require_GET
@workspace_view("manage_fields")
def consent_words(request: Any, workspace: Workspace) -> HttpResponse:
    """Both lists."""
    return _page(request, workspace)


@require_POST
@workspace_view("manage_fields")
def change(request: Any, workspace: Workspace, action: str) -> HttpResponse:
    """Keep the workspace's own words, or go back to the ones everybody begins with."""
    if action not in LISTS:
        raise Http404("No such list")
    form = WordsForm(request.POST, auto_id=f"{action}_%s")
    try:
        if request.POST.get("do") == "reset":
            keywords.reset(workspace.pk, action, by=request.member)
            messages.success(request, f"{LISTS[action][0]}: back to the first ones.")
            return redirect("contact_settings:words", workspace.slug)
        if form.is_valid():
            wanted = form.cleaned_data["words"].splitlines()
            answer = form.cleaned_data["confirmation"]
            keywords.change(workspace.pk, action, wanted=wanted, confirmation=answer, by=request.member)
            messages.success(request, f"{LISTS[action][0]}: saved.")
            return redirect("contact_settings:words", workspace.slug)
    except keywords.NotAcceptable as refusal:
        form.add_error(None, str(refusal))
    return _page(request, workspace, refused=(action, form))


def _page(request: Any, workspace: Workspace, *, refused: tuple[str, WordsForm] | None = None) -> HttpResponse:
    lists = []
    for action, (title, lead) in LISTS.items():
        known = keywords.editable(workspace.pk, action)
        initial = {"words": "\n".join(known.words), "confirmation": known.confirmation}
        form = WordsForm(initial=initial, auto_id=f"{action}_%s")
        if refused and refused[0] == action:
            form = refused[1]
        lists.append({"action": action, "title": title, "lead": lead, "form": form, "is_default": known.is_default})
    context = {"lists": lists, "section": "settings", "tab": "words"}
    return render(request, "contacts/settings_words.html", context, status=422 if refused else 200)

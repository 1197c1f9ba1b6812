"""The list of people, what is done with several of them at once, and adding one by hand."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import adding, deleting, labels, listing, segments
from contacts.forms import ContactForm
from contacts.listing import Filter
from contacts.models import Contact, Segment, Tag
from contacts.people import NotAcceptable
from contacts.presenting_rows import rows
from workspaces.access import allows, workspace_view
from workspaces.fragments import is_fragment, told
from workspaces.models import Channel, Workspace
from workspaces.presenting_times import Calendar

MOST_AT_ONCE = 1000  # people a form names; more than anybody loads into one page


@require_GET
@workspace_view("read_contacts")
def people(request: Any, workspace: Workspace) -> HttpResponse:
    """A page of people. For htmx the rows only: a next page is added, another filter replaces."""
    chosen = Filter.read(request.GET)
    after = request.GET.get("after", "")[:400]
    page = listing.page(workspace, chosen, after=after)
    base = reverse("contacts:people", args=[workspace.slug])
    context = {
        "rows": rows(page.people, workspace_id=workspace.pk, base=base, calendar=Calendar.of(request)),
        "more": f"{base}{_with(chosen, page.more)}" if page.more else "",
        "chosen": chosen,
        "base": base,
        "sorted": _headings(chosen, base),
        "can_manage": allows(request.member.role, "manage_contacts"),
    }
    if not is_fragment(request):
        return render(request, "contacts/people.html", {**context, **_around(request, workspace, chosen)})
    if after:
        return render(request, "contacts/_rows.html", context)
    response = render(request, "contacts/_people.html", context)
    response["HX-Replace-Url"] = f"{base}{chosen.query()}"
    return response


def _with(chosen: Filter, more: str) -> str:
    return f"?{urlencode({**chosen.params(), 'after': more})}"


def _headings(chosen: Filter, base: str) -> dict[str, dict[str, str]]:
    """For each heading that sorts: where it leads, and how the list stands now."""
    ways = {"name": ("name", "name-backwards"), "seen": ("seen", "seen-oldest"), "added": ("added", "added-oldest")}
    made = {}
    for name, (first, second) in ways.items():
        wanted = second if chosen.sort == first else first
        now = ""
        if chosen.sort in (first, second):
            now = "descending" if listing.ORDERS[chosen.sort].descending else "ascending"
        made[name] = {"href": f"{base}{chosen.query(sort=wanted)}", "now": now, "says": listing.ORDERS[wanted].label}
    return made


def _around(request: Any, workspace: Workspace, chosen: Filter) -> dict[str, Any]:
    """What stands around the rows: the filter's choices and where things are done."""
    saved = Segment.objects.filter(workspace_id=workspace.pk).order_by("name")
    return {
        "section": "contacts",
        "tab": "people",
        "all_tags": [(str(tag.pk), tag.name) for tag in labels.tags_of(workspace.pk)],
        "all_segments": [(str(uuid), name) for uuid, name in saved.values_list("uuid", "name")],
        "all_consents": listing.CONSENTS.items(),
        "all_channels": Channel.Kind.choices,
        "all_blocked": listing.BLOCKED.items(),
        "all_orders": [(key, order.label) for key, order in listing.ORDERS.items()],
        "viewer_zone": Calendar.of(request).zone.key,
        "deleted": _deleted(request, workspace),
        "count_url": reverse("contacts:count", args=[workspace.slug]) + chosen.query(),
    }


def _deleted(request: Any, workspace: Workspace) -> list[str]:
    """Whom the form before this page deleted, once: without scripts there is no toast to undo it from."""
    workspace_id, ids = request.session.pop("deleted", (None, []))
    if workspace_id != workspace.pk:
        return []
    gone = Contact.objects.filter(workspace_id=workspace.pk, pk__in=ids).exclude(deleted_at=None)
    return [str(uuid) for uuid in gone.values_list("uuid", flat=True)]


@require_GET
@workspace_view("read_contacts")
def count(request: Any, workspace: Workspace) -> HttpResponse:
    """How many people a filter leaves: at once if that is quick, else an estimate that asks for the exact figure."""
    chosen = Filter.read(request.GET)
    counted = segments.count(listing.people(workspace, chosen), patient="patient" in request.GET)
    again = ""
    if not counted.exact and "patient" not in request.GET:
        query = chosen.query()
        again = f"{request.path}{query}{'&' if query else '?'}patient=yes"
    return render(request, "contacts/_count.html", {"counted": counted, "again": again})


@require_http_methods(["GET", "POST"])
@workspace_view("edit_contacts")
def new(request: Any, workspace: Workspace) -> HttpResponse:
    """Add somebody by hand."""
    form = ContactForm(request.POST or None, workspace=workspace)
    context: dict[str, Any] = {"form": form, "section": "contacts", "tab": "people"}
    if request.method == "POST" and form.is_valid():
        try:
            made = adding.add(workspace, **form.cleaned_data, by=request.member)
        except NotAcceptable as refusal:
            form.add_error("number" if form.cleaned_data["number"] else None, str(refusal))
        except adding.AlreadyThere as there:
            form.add_error("number", str(there))
            context["known"] = there.contact
        else:
            messages.success(request, "The contact is added.")
            return redirect("contacts:record", workspace.slug, made.uuid)
    return render(request, "contacts/new.html", context, status=422 if form.errors else 200)


@require_POST
@workspace_view("manage_contacts")
def bulk(request: Any, workspace: Workspace) -> HttpResponse:
    """Tag, untag, delete or bring back the people a form names."""
    act = ACTS.get(request.POST.get("act", ""))
    uuids = _uuids(request.POST.getlist("contact"))
    ids = list(Contact.objects.filter(workspace_id=workspace.pk, uuid__in=uuids).values_list("pk", flat=True))
    if act is None or not ids:
        return _answer(request, workspace, "Choose some people first.", [], bad=True)
    try:
        return act(request, workspace, ids)
    except labels.LabelRefused as refusal:
        return _answer(request, workspace, str(refusal), [], bad=True)


def _tag(request: Any, workspace: Workspace, ids: list[int]) -> HttpResponse:
    tag = labels.make_tag(workspace.pk, request.POST.get("label", ""), by=request.member)
    changed = labels.tag_people(workspace.pk, ids, tag, by=request.member)
    return _answer(request, workspace, f"{_people(len(changed))} tagged {tag.name}.", changed, undo="untag", tag=tag)


def _untag(request: Any, workspace: Workspace, ids: list[int]) -> HttpResponse:
    name = labels.clean_name(request.POST.get("label", ""))
    tag = Tag.objects.filter(workspace_id=workspace.pk, name__iexact=name).first()
    if tag is None:
        raise labels.LabelRefused(f"There is no tag “{name}”.")
    changed = labels.untag_people(workspace.pk, ids, tag, by=request.member)
    text = f"{tag.name} taken from {_people(len(changed))}."
    return _answer(request, workspace, text, changed, undo="tag", tag=tag)


def _delete(request: Any, workspace: Workspace, ids: list[int]) -> HttpResponse:
    gone = deleting.delete(workspace.pk, ids, by=request.member)
    text = f"{_people(len(gone))} deleted, to be erased in {deleting.KEEP.days} days."
    return _answer(request, workspace, text, gone, undo="restore")


def _restore(request: Any, workspace: Workspace, ids: list[int]) -> HttpResponse:
    changed = deleting.restore(workspace.pk, ids, by=request.member)
    return _answer(request, workspace, f"{_people(len(changed))} brought back.", changed)


ACTS = {"tag": _tag, "untag": _untag, "delete": _delete, "restore": _restore}


def _answer(
    request: Any,
    workspace: Workspace,
    text: str,
    changed: list[int],
    *,
    undo: str = "",
    tag: Tag | None = None,
    bad: bool = False,
) -> HttpResponse:
    """For htmx the rows that changed and a toast with Undo; else the list again, with a sentence."""
    if not is_fragment(request):
        (messages.error if bad else messages.success)(request, text)
        if undo == "restore":
            request.session["deleted"] = [workspace.pk, changed]
        return redirect(f"{reverse('contacts:people', args=[workspace.slug])}{Filter.read(request.POST).query()}")
    found = list(Contact.objects.filter(workspace_id=workspace.pk, pk__in=changed).order_by("pk"))
    # Somebody who came back has a place in the list that only the list knows, so the list is asked again.
    back = not undo and bool(changed)
    shown = [person for person in found if person.deleted_at is None and not back]
    base = reverse("contacts:people", args=[workspace.slug])
    context = {
        "rows": rows(shown, workspace_id=workspace.pk, base=base, calendar=Calendar.of(request)),
        "gone": [person.uuid for person in found if person.deleted_at is not None],
        "can_manage": True,
    }
    toast: dict[str, Any] = {"text": text, "bad": bad}
    if undo and changed:
        values = {"act": undo, "contact": [str(person.uuid) for person in found], "label": tag.name if tag else ""}
        toast |= {"undo": request.path, "values": values}
    response = render(request, "contacts/_changed_rows.html", context)
    return told(response, toast=toast, **({"people:refresh": ""} if back else {}))


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number:,} people"


def _uuids(words: list[str]) -> list[UUID]:
    found = []
    for word in words[:MOST_AT_ONCE]:
        try:
            found.append(UUID(word))
        except ValueError:
            continue
    return found

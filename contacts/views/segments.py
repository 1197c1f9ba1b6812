"""Segments: the list, the builder with its live count, and saving."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import presenting_rules as presenting
from contacts import segments
from contacts.models import SearchableContact, Segment
from contacts.presenting_rows import rows
from contacts.segments.books import book_of
from contacts.segments.rules import MOST_GROUPS
from contacts.segments.vocabulary import Book
from workspaces.access import workspace_view
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar

PAGE = {"section": "contacts", "tab": "segments"}


@require_GET
@workspace_view("manage_contacts")
def listing(request: Any, workspace: Workspace) -> HttpResponse:
    """Every segment with its rules in words, and whether they still make sense."""
    book, calendar = book_of(workspace.pk), Calendar.of(request)
    found = Segment.objects.filter(workspace_id=workspace.pk).order_by("name")
    return render(
        request, "contacts/segments.html", {"segments": [_in_list(each, book, calendar) for each in found], **PAGE}
    )


def _in_list(segment: Segment, book: Book, calendar: Calendar) -> dict[str, Any]:
    try:
        rules = segments.parse(segment.rules, book, stored=True)
    except segments.BadRules as bad:
        words, problems = "", [str(bad)]
    else:
        words, problems = presenting.in_words(rules, book), rules.problems
    counted = calendar.long(segment.counted_at) if segment.counted_at else ""
    return {"segment": segment, "words": words, "problems": problems, "counted": counted}


@require_http_methods(["GET", "POST"])
@workspace_view("manage_contacts")
def new(request: Any, workspace: Workspace) -> HttpResponse:
    """Build a segment."""
    return _edit(request, workspace, None)


@require_http_methods(["GET", "POST"])
@workspace_view("manage_contacts")
def segment(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Change a segment."""
    return _edit(request, workspace, get_object_or_404(Segment, workspace_id=workspace.pk, uuid=uuid))


def _edit(request: Any, workspace: Workspace, present: Segment | None) -> HttpResponse:
    book, form = book_of(workspace.pk), request.POST
    if request.method == "GET":
        return _builder(request, present, book, *_stored(present, book))
    if form.get("do"):
        boxes, name = _changed(form, book), form.get("name", "")
        return _builder(request, present, book, form.get("match", "all"), boxes, name=name)
    try:
        rules = segments.parse(presenting.read(form), book)
        if present is None:
            segments.create(workspace, name=form.get("name", ""), rules=rules, by=request.member)
        else:
            segments.change(present, name=form.get("name", ""), rules=rules, by=request.member)
    except (segments.BadRules, segments.SegmentRefused) as refusal:
        boxes = presenting.boxes_again(form, book) or presenting.first_boxes(book)
        shown = {"name": form.get("name", ""), "error": str(refusal)}
        return _builder(request, present, book, form.get("match", "all"), boxes, status=422, **shown)
    messages.success(request, "The segment is saved.")
    return redirect("contacts:segments", workspace.slug)


def _stored(present: Segment | None, book: Book) -> tuple[str, list[presenting.Box]]:
    if present is not None:
        try:
            rules = segments.parse(present.rules, book, stored=True)
        except segments.BadRules:
            pass
        else:
            return rules.match, presenting.boxes_of(rules, book)
    return "all", presenting.first_boxes(book)


def _changed(form: Any, book: Book) -> list[presenting.Box]:
    """The form with a row or group more or less, for browsers without scripts."""
    act, _, name = form.get("do", "").partition(":")
    boxes = presenting.boxes_again(form, book)
    for box in boxes:
        if act == "add" and box.id == name:
            box.rows.append(presenting.row(book, box.id))
        if act == "remove":
            box.rows[:] = [each for each in box.rows if each.id != name]
    boxes = [box for box in boxes if box.rows]
    if act == "add-group" and len(boxes) < MOST_GROUPS:
        boxes += presenting.first_boxes(book)
    return boxes or presenting.first_boxes(book)


def _builder(
    request: Any,
    present: Segment | None,
    book: Book,
    match: str,
    boxes: list[presenting.Box],
    *,
    name: str = "",
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "segment": present,
        "name": name or (present.name if present else ""),
        "match": match,
        "boxes": boxes,
        "error": error,
        "total_rows": sum(len(box.rows) for box in boxes),
        **PAGE,
    }
    return render(request, "contacts/segment.html", context, status=status)


@require_GET
@workspace_view("manage_contacts")
def row(request: Any, workspace: Workspace) -> HttpResponse:
    """One more condition, or with ?row= the same one after another field or comparison was chosen."""
    book, group, name = book_of(workspace.pk), _number(request, "box"), _number(request, "of")
    shown = presenting.row_again(request.GET, book, name, group) if name else presenting.row(book, group)
    return render(request, "contacts/_condition.html", {"row": shown, "focus": bool(name)})


@require_GET
@workspace_view("manage_contacts")
def box(request: Any, workspace: Workspace) -> HttpResponse:
    """One more group."""
    [made] = presenting.first_boxes(book_of(workspace.pk))
    return render(request, "contacts/_group.html", {"box": made})


def _number(request: Any, name: str) -> str:
    written = request.GET.get(name, "")
    return written[:12] if written.isdecimal() else ""


@require_POST
@workspace_view("manage_contacts")
def estimate(request: Any, workspace: Workspace) -> HttpResponse:
    """How many people the rules in the form describe, and five of them. Changes nothing but a saved segment's count."""
    book = book_of(workspace.pk)
    try:
        rules = segments.parse(presenting.read(request.POST), book)
    except segments.BadRules as bad:
        return render(request, "contacts/_estimate.html", {"problem": str(bad)})
    people = segments.compiled(workspace, rules, book=book).people
    patient = "patient" in request.GET
    counted = segments.count(people, patient=patient)
    _remember(workspace, request.POST.get("segment", ""), rules, counted)
    everybody = SearchableContact.objects.filter(workspace_id=workspace.pk)
    context = {
        "counted": counted,
        "total": segments.count(everybody),
        "sample": rows(
            segments.sample(people),
            workspace_id=workspace.pk,
            base=reverse("contacts:people", args=[workspace.slug]),
            calendar=Calendar.of(request),
        ),
        "again": not counted.exact and not patient,
    }
    return render(request, "contacts/_estimate.html", context)


def _remember(workspace: Workspace, uuid: str, rules: segments.Rules, counted: segments.Count) -> None:
    """A saved segment whose rules stand unchanged in the form keeps the count."""
    try:
        known = Segment.objects.filter(workspace_id=workspace.pk, uuid=UUID(uuid)).first()
    except ValueError:
        return
    if known is not None and known.rules == rules.as_json():
        segments.remember(known, counted)


@require_POST
@workspace_view("manage_contacts")
def deletion(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Forget a segment."""
    found = get_object_or_404(Segment, workspace_id=workspace.pk, uuid=uuid)
    segments.delete(found, by=request.member)
    messages.success(request, f"The segment “{found.name}” is deleted. Its people stay.")
    return redirect("contacts:segments", workspace.slug)

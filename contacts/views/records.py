"""One person: the record, its parts, and what is changed in place."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from contacts import blocking, consent, labels, people
from contacts import notes as note_verbs
from contacts import presenting_cards as cards
from contacts.models import ConsentState, Contact, ContactNote, Identity, Purpose, Tag
from workspaces.access import workspace_view
from workspaces.fragments import is_fragment
from workspaces.models import Workspace
from workspaces.places import time_zones
from workspaces.presenting_times import Calendar

from .parts import back, card_context, contact_of, identities_of, part, record_page


@require_GET
@workspace_view("read_contacts")
def record(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Everything about one person."""
    return record_page(request, contact_of(workspace, uuid))


@require_GET
@workspace_view("read_contacts")
def card(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """The parts of a record, for the side of a conversation and for a record that somebody else changed."""
    return render(request, "contacts/_card.html", card_context(request, contact_of(workspace, uuid)))


@require_http_methods(["GET", "POST"])
@workspace_view("edit_contacts")
def value(request: Any, workspace: Workspace, uuid: UUID, name: str) -> HttpResponse:
    """One fact: GET gives its form, with ?shown its value; POST keeps what was typed."""
    contact = contact_of(workspace, uuid)
    found = cards.fact(contact, name)
    if found is None:
        raise Http404("No such field")
    error, given = "", found.typed
    if request.method == "POST":
        given = request.POST.get("value", "")[:2000]
        try:
            contact = people.change(contact, name, given, by=request.member)
        except people.NotAcceptable as refusal:
            error = str(refusal)
        else:
            if not is_fragment(request):
                return back(contact, request)
            shown = {"fact": cards.fact(contact, name), "focus": True}
            return part(request, contact, "_fact.html", shown)
    if is_fragment(request) and "shown" in request.GET:
        return part(request, contact, "_fact.html", {"fact": found, "focus": True})
    form = {"fact": found, "typed": given, "error": error, "zones": time_zones() if found.kind == "zone" else []}
    status = 422 if error else 200
    if is_fragment(request):
        return part(request, contact, "_fact_form.html", form, status=status)
    return record_page(request, contact, status=status, editing=found.name, form=form)


@require_POST
@workspace_view("edit_contacts")
def tags(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Add a tag by name, made when new, or take one away by its key."""
    contact, error = contact_of(workspace, uuid), ""
    removed = request.POST.get("remove", "")
    if removed:
        tag = get_object_or_404(Tag, workspace_id=workspace.pk, pk=int(removed) if removed.isdecimal() else 0)
        labels.untag_people(workspace.pk, [contact.pk], tag, by=request.member)
    else:
        try:
            tag = labels.make_tag(workspace.pk, request.POST.get("add", ""), by=request.member)
        except labels.LabelRefused as refusal:
            error = str(refusal)
        else:
            labels.tag_people(workspace.pk, [contact.pk], tag, by=request.member)
    contact.refresh_from_db()
    context = {**cards.tags(contact), "tag_error": error, "focus": True}
    status = 422 if error else 200
    if is_fragment(request):
        return part(request, contact, "_tags.html", context, status=status)
    return record_page(request, contact, status=status, **context) if error else back(contact, request)


@require_POST
@workspace_view("edit_contacts")
def notes(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Write a note."""
    contact, text, error = contact_of(workspace, uuid), request.POST.get("text", ""), ""
    try:
        note_verbs.add(contact, text, by=request.member)
    except people.NotAcceptable as refusal:
        error = str(refusal)
    return _notes(request, contact, error=error, text=text if error else "")


@require_POST
@workspace_view("edit_contacts")
def note_deletion(request: Any, workspace: Workspace, uuid: UUID, note_id: int) -> HttpResponse:
    """Take a note away."""
    contact = contact_of(workspace, uuid)
    note = get_object_or_404(ContactNote, workspace_id=workspace.pk, contact=contact, pk=note_id)
    error = ""
    try:
        note_verbs.delete(note, by=request.member)
    except PermissionError as refusal:
        error = str(refusal)
    return _notes(request, contact, error=error)


def _notes(request: Any, contact: Contact, *, error: str = "", text: str = "") -> HttpResponse:
    shown = cards.written_notes(contact, request.member, Calendar.of(request))
    context = {"notes": shown, "note_error": error, "note_text": text}
    status = 422 if error else 200
    if is_fragment(request):
        return part(request, contact, "_notes.html", context, status=status)
    return record_page(request, contact, status=status, **context) if error else back(contact, request)


@require_POST
@workspace_view("edit_contacts")
def blocked(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Block somebody, or let messages out again."""
    contact = contact_of(workspace, uuid)
    verb = blocking.block if request.POST.get("blocked") == "yes" else blocking.unblock
    contact = verb(contact, by=request.member)
    if is_fragment(request):
        return part(request, contact, "_blocked.html", {})
    return back(contact, request)


@require_POST
@workspace_view("edit_contacts")
def consent_change(request: Any, workspace: Workspace, uuid: UUID) -> HttpResponse:
    """Write down what somebody told the team about being written to."""
    contact, error = contact_of(workspace, uuid), ""
    given = request.POST.get("identity", "")
    of_contact = Identity.objects.filter(workspace_id=workspace.pk, contact=contact)
    identity = of_contact.filter(pk=int(given) if given.isdecimal() and len(given) < 19 else 0).first()
    purpose, state = request.POST.get("purpose", ""), request.POST.get("state", "")
    if purpose not in Purpose.values or state not in ConsentState.values:
        raise Http404("No such consent")
    verb = consent.opt_in if state == ConsentState.OPTED_IN else consent.opt_out
    wording = request.POST.get("wording", "").replace("\x00", "").strip()[:2000]
    try:
        if identity is None:
            raise consent.ConsentRefused("This address does not belong to this contact any more.")
        verb(identity, purpose, source="agent", wording=wording, by=request.member)
    except consent.ConsentRefused as refusal:
        error = str(refusal)
    shown = cards.consent(contact, identities_of(contact), Calendar.of(request))
    context = {"consents": shown, "consent_error": error, "consent_of": (identity.pk if identity else 0, purpose)}
    status = 422 if error else 200
    if is_fragment(request):
        return part(request, contact, "_consent.html", context, status=status)
    if error:
        messages.error(request, error)
    return back(contact, request)

"""What several pages about one person answer with."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from contacts import presenting_cards as cards
from contacts.models import Contact, Identity
from workspaces.models import Workspace
from workspaces.presenting_times import Calendar


def contact_of(workspace: Workspace, uuid: UUID) -> Contact:
    """The person of this workspace. Raises Http404, for deleted ones too."""
    return get_object_or_404(Contact, workspace_id=workspace.pk, uuid=uuid, deleted_at=None)


def identities_of(contact: Contact) -> list[Identity]:
    return list(Identity.objects.filter(workspace_id=contact.workspace_id, contact=contact).order_by("pk"))


def card_context(request: Any, contact: Contact) -> dict[str, Any]:
    """Everything of a person but what was said: the same parts stand on the record and beside a conversation."""
    calendar, identities = Calendar.of(request), identities_of(contact)
    return {
        "person": cards.person(contact, identities, request.workspace, calendar),
        "addresses": cards.addresses(contact, identities),
        "facts": cards.facts(contact),
        "consents": cards.consent(contact, identities, calendar),
        "notes": cards.written_notes(contact, request.member, calendar),
        **cards.tags(contact),
    }


def record_page(request: Any, contact: Contact, *, status: int = 200, **extra: Any) -> HttpResponse:
    """The whole page about one person; `extra` puts a form with its errors where a part stands."""
    context = {**card_context(request, contact), "section": "contacts", "viewer_zone": Calendar.of(request).zone.key}
    return render(request, "contacts/record.html", {**context, **extra}, status=status)


def part(request: Any, contact: Contact, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """One part of a record for htmx."""
    identities = identities_of(contact)
    head = cards.person(contact, identities, request.workspace, Calendar.of(request))
    return render(request, f"contacts/{template}", {"person": head, **context}, status=status)


def back(contact: Contact, request: Any) -> HttpResponse:
    """To the record, after a form without htmx."""
    return redirect("contacts:record", request.workspace.slug, contact.uuid)

"""What the team writes down about a person."""

from __future__ import annotations

from django.db import transaction

from workspaces.access import MANAGERS
from workspaces.models import Member

from .models import Contact, ContactNote
from .people import NotAcceptable, tell

LONGEST = 4000  # characters


@transaction.atomic
def add(contact: Contact, text: str, *, by: Member) -> ContactNote:
    """Write a note. Raises NotAcceptable for an empty one and for one longer than 4,000 characters."""
    text = text.replace("\x00", "").strip()
    if not text:
        raise NotAcceptable("Write something first.")
    if len(text) > LONGEST:
        raise NotAcceptable(f"A note has at most {LONGEST:,} characters.")
    note = ContactNote.objects.create(workspace_id=contact.workspace_id, contact=contact, author=by, text=text)
    tell(contact)
    return note


def may_delete(note: ContactNote, *, by: Member) -> bool:
    """Authors take their own notes away, owners and admins everybody's."""
    return note.author_id == by.pk or by.role in MANAGERS


@transaction.atomic
def delete(note: ContactNote, *, by: Member) -> None:
    """Take a note away. Raises PermissionError when it is somebody else's."""
    if not may_delete(note, by=by):
        raise PermissionError("Only its author or an admin can delete a note.")
    contact = note.contact
    note.delete()
    tell(contact)

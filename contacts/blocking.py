"""Nothing is sent to a blocked person. What they write still arrives, and still stands in the inbox."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from workspaces import auditing
from workspaces.models import Member

from .models import Contact
from .people import locked, tell


@transaction.atomic
def block(contact: Contact, *, by: Member) -> Contact:
    """Send nothing to this person until `unblock`."""
    contact = locked(contact)
    if contact.blocked_at is None:
        contact.blocked_at = timezone.now()
        _keep(contact, "contact.blocked", by)
    return contact


@transaction.atomic
def unblock(contact: Contact, *, by: Member) -> Contact:
    """Let messages to this person out again."""
    contact = locked(contact)
    if contact.blocked_at is not None:
        contact.blocked_at = None
        _keep(contact, "contact.unblocked", by)
    return contact


def _keep(contact: Contact, action: str, by: Member) -> None:
    contact.save(update_fields=["blocked_at"])
    auditing.record(by, action, f"contact {contact.uuid}")
    tell(contact)

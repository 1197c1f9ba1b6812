"""Change what is known about one person."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q

from live.publishing import publish
from workspaces import auditing
from workspaces.models import Member

from . import values
from .models import Contact, CustomField

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")
CUSTOM = "custom."  # before the key of a custom field, so that one called "email" is told from the e-mail address


class NotAcceptable(ValueError):
    """What was typed cannot be kept; the text says what can."""


@transaction.atomic
def change(contact: Contact, field: str, typed: str, *, by: Member | None) -> Contact:
    """Set `name`, `email`, `language`, `time_zone` or `custom.<key>` to what somebody typed; empty takes it away.

    Raises NotAcceptable for a value that does not fit, KeyError for a field that does not exist or is archived.
    """
    contact = locked(contact)
    if field.startswith(CUSTOM):
        key = field.removeprefix(CUSTOM)
        if not _change_custom(contact, key, typed):
            return contact
        what = f"custom field {key}"
    else:
        value = READERS[field](typed)
        if value == getattr(contact, field):
            return contact
        setattr(contact, field, value)
        contact.save(update_fields=[field])
        what = field
    if by is not None:
        # Which field, not what stood in it: the audit log cannot be erased, the person can.
        auditing.record(by, "contact.changed", f"contact {contact.uuid}", after={"field": what})
    tell(contact)
    return contact


def locked(contact: Contact) -> Contact:
    """The contact as it is stored now, locked for a change."""
    return Contact.objects.select_for_update().get(workspace_id=contact.workspace_id, pk=contact.pk)


def tell(contact: Contact) -> None:
    """Let the screens that show this person look again."""
    publish(contact.workspace_id, f"contact-{contact.uuid}", "contacts")


def _change_custom(contact: Contact, key: str, typed: str) -> bool:
    found = CustomField.objects.filter(workspace_id=contact.workspace_id, key=key, archived_at=None).first()
    if found is None:
        raise KeyError(key)
    try:
        value = values.read(found.kind, found.choices, typed)
    except values.NotAValue as error:
        raise NotAcceptable(str(error)) from error
    kept = {name: old for name, old in contact.fields.items() if name != key}
    if value is not None:
        kept[key] = value
    if kept == contact.fields:
        return False
    contact.fields = kept
    contact.save(update_fields=["fields"])
    return True


def _plain(typed: str) -> str:
    return " ".join(typed.replace("\x00", "").split())


def _name(typed: str) -> str:
    name = _plain(typed)
    if len(name) > 200:
        raise NotAcceptable("A name has at most 200 characters.")
    return name


def _email(typed: str) -> str:
    email = _plain(typed)
    if not email:
        return ""
    try:
        validate_email(email)
    except ValidationError:
        raise NotAcceptable("This is not an e-mail address. Write it like name@example.com.") from None
    if len(email) > 254:
        raise NotAcceptable("An e-mail address has at most 254 characters.")
    return email


def _language(typed: str) -> str:
    parts = _plain(typed).replace("_", "-").split("-")
    tag = "-".join([parts[0].lower(), *(part.title() if len(part) == 4 else part.upper() for part in parts[1:])])
    if tag and (len(tag) > 12 or not LANGUAGE.fullmatch(tag)):
        raise NotAcceptable("This is not a language code. Write it like ar, en or pt-BR.")
    return tag


def _time_zone(typed: str) -> str:
    name = _plain(typed)
    if name and name not in zoneinfo.available_timezones():
        raise NotAcceptable("This is not a time zone. Write it like Asia/Dubai or Europe/London.")
    return name


READERS: dict[str, Callable[[str], str]] = {
    "name": _name,
    "email": _email,
    "language": _language,
    "time_zone": _time_zone,
}


def wrote_to(workspace_id: int, contact_id: int, at: datetime) -> None:
    """Note when somebody of the business last wrote to this person."""
    Contact.objects.filter(
        Q(last_outbound_at=None) | Q(last_outbound_at__lt=at), workspace_id=workspace_id, pk=contact_id
    ).update(last_outbound_at=at)

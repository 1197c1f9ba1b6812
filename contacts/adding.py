"""Add one person by hand."""

from __future__ import annotations

import phonenumbers
from django.db import transaction
from phonenumbers import NumberParseException, PhoneNumberFormat

from workspaces import auditing
from workspaces.models import Channel, Member, Workspace

from . import consent, deleting
from .models import Contact, Identity, IdentityAlias
from .people import READERS, NotAcceptable, tell
from .searching import ARABIC_DIGITS


class AlreadyThere(Exception):
    """The number belongs to somebody; `contact` says to whom."""

    def __init__(self, contact: Contact) -> None:
        super().__init__("This number belongs to somebody already.")
        self.contact = contact


def read_number(typed: str, country: str) -> tuple[str, str]:
    """(E.164 number, country it belongs to) of what somebody typed; `country` reads a number without its code.

    Raises NotAcceptable.
    """
    plain = typed.translate(ARABIC_DIGITS).strip()
    if len(plain) > 40:
        raise NotAcceptable("This is too long for a phone number.")
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    if not plain.startswith("+") and not country:
        raise NotAcceptable("Write the number with its country code, like +44 7700 900123.")
    try:
        number = phonenumbers.parse(plain, country or None)
    except NumberParseException:
        raise NotAcceptable("This is not a phone number. Write it like +44 7700 900123.") from None
    if not phonenumbers.is_possible_number(number) or number.extension:
        raise NotAcceptable("A phone number of this country has another length. Check the digits and the country code.")
    region = phonenumbers.region_code_for_number(number) or ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164), region if len(region) == 2 else ""


@transaction.atomic
def add(
    workspace: Workspace, *, name: str, number: str, country: str = "", email: str = "", language: str = "", by: Member
) -> Contact:
    """A new person with a number on WhatsApp, or without one.

    Raises NotAcceptable when something cannot be read or nothing was given, AlreadyThere when the number is known.
    Somebody who was deleted and has this number comes back instead of being made twice.
    """
    name, email, language = READERS["name"](name), READERS["email"](email), READERS["language"](language)
    phone, region = read_number(number, country or workspace.default_country) if number.strip() else ("", "")
    if not (name or phone or email):
        raise NotAcceptable("Write at least a name, a number or an e-mail address.")
    if phone and (known := _owner(workspace.pk, phone.removeprefix("+"))):
        if known.deleted_at is None or not deleting.restore(workspace.pk, [known.pk], by=by):
            raise AlreadyThere(known)
        return known
    contact = Contact.objects.create(
        workspace_id=workspace.pk, name=name, email=email, language=language, country=region
    )
    if phone:
        identity = Identity.objects.create(
            workspace_id=workspace.pk,
            contact=contact,
            channel_kind=Channel.Kind.WHATSAPP_CLOUD,
            address=phone.removeprefix("+"),
            phone=phone,
        )
        consent.keep_suppressed([identity])
    auditing.record(by, "contact.added", f"contact {contact.uuid}")
    tell(contact)
    return contact


def _owner(workspace_id: int, address: str) -> Contact | None:
    """Whose number this is, in any spelling that the provider said is the same."""
    kind = Channel.Kind.WHATSAPP_CLOUD
    known = Identity.objects.select_related("contact").filter(workspace_id=workspace_id, channel_kind=kind)
    identity = known.filter(address=address).first()
    if identity is None:
        alias = IdentityAlias.objects.filter(workspace_id=workspace_id, channel_kind=kind, address=address).first()
        identity = known.filter(pk=alias.identity_id).first() if alias else None
    return identity.contact if identity else None

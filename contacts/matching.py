"""Find the person behind a provider's address, or make them, safely under concurrent webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from live.publishing import publish

from . import consent, deleting
from .models import Contact, Identity, IdentityAlias


def find_or_create(
    workspace_id: int,
    channel_kind: str,
    *,
    address: str = "",
    user_id: str = "",
    profile_name: str = "",
    username: str = "",
    seen_at: datetime | None = None,
) -> Identity:
    """The identity a provider means by `address` (digits) or `user_id`, with its contact.

    Made when new; the unique constraints decide between concurrent makers, so fifty webhooks of one new person make
    one contact. An identity known by one of the two ids learns the other; a name people gave is never overwritten.
    Another spelling of a number counts as the number once the provider said so (`learn_aliases`). Somebody who was
    deleted comes back, a new one gets the opt-outs of the suppression list. Raises ValueError when both ids are empty.
    """
    if not address and not user_id:
        raise ValueError("The provider named no sender.")
    identity = _find(workspace_id, channel_kind, address, user_id)
    if identity is None:
        identity = _make(workspace_id, channel_kind, address, user_id, profile_name, username)
    if seen_at is not None:
        _note_seen(identity.contact_id, seen_at)
    _learn(identity, address, user_id, profile_name, username)
    if identity.contact.deleted_at is not None:
        deleting.revive(identity.contact)
    return identity


def _note_seen(contact_id: int, at: datetime) -> None:
    """The person's row is locked either way and first: whoever answers them locks it before the conversation."""
    if not Contact.objects.filter(Q(last_seen_at=None) | Q(last_seen_at__lt=at), pk=contact_id).update(last_seen_at=at):
        Contact.objects.select_for_update(no_key=True).filter(pk=contact_id).values_list("pk").first()


def _find(workspace_id: int, channel_kind: str, address: str, user_id: str) -> Identity | None:
    known = Q()
    if address:
        known |= Q(address=address)
    if user_id:
        known |= Q(user_id=user_id)
    found = Identity.objects.filter(known, workspace_id=workspace_id, channel_kind=channel_kind)
    # Two rows when a number and a user id met separately before; the number's row owns the conversation people know.
    known_as = max(found.select_related("contact"), key=lambda identity: identity.address == address, default=None)
    if known_as is not None and (known_as.address == address or not address):
        return known_as
    return _by_alias(workspace_id, channel_kind, address) or known_as


def _by_alias(workspace_id: int, channel_kind: str, address: str) -> Identity | None:
    if not address:
        return None
    aliases = IdentityAlias.objects.select_related("identity__contact")
    alias = aliases.filter(workspace_id=workspace_id, channel_kind=channel_kind, address=address).first()
    return alias.identity if alias else None


def learn_aliases(workspace_id: int, channel_kind: str, said: Sequence[tuple[Identity, str, str]]) -> int:
    """Note by which address and user id the provider calls each of these identities; returns how many were news.

    This is how Brazil's ninth digit, Mexico's 1 and Argentina's 9 become known: from the provider's answer, never from
    a rule. An address that is a person of its own already stays one; joining two people is a decision for people.
    Two queries for a whole batch, because a broadcast to Brazil says the same of everybody in it, each time.
    """
    others: dict[str, Identity] = {}
    for identity, address, user_id in said:
        _learn(identity, "" if identity.address else address, user_id, "", "")
        if address and address != identity.address:
            others.setdefault(address, identity)
    if not others:
        return 0
    known = {"workspace_id": workspace_id, "channel_kind": channel_kind, "address__in": list(others)}
    for taken in (Identity.objects.filter(**known), IdentityAlias.objects.filter(**known)):
        for address in taken.values_list("address", flat=True):
            others.pop(address, None)
    IdentityAlias.objects.bulk_create(
        [
            IdentityAlias(workspace_id=workspace_id, channel_kind=channel_kind, address=address, identity=identity)
            for address, identity in others.items()
        ],
        ignore_conflicts=True,
    )
    return len(others)


def _make(
    workspace_id: int, channel_kind: str, address: str, user_id: str, profile_name: str, username: str
) -> Identity:
    for _attempt in range(3):
        with transaction.atomic():
            contact = Contact.objects.create(workspace_id=workspace_id, name=profile_name[:200])
            identity = Identity(
                workspace_id=workspace_id,
                contact=contact,
                channel_kind=channel_kind,
                address=address,
                user_id=user_id,
                phone=f"+{address}" if address.isdigit() else "",
                username=username.lstrip("@")[:100],
                profile_name=profile_name[:200],
            )
            Identity.objects.bulk_create([identity], ignore_conflicts=True)
            winner = _find(workspace_id, channel_kind, address, user_id)
            if winner is not None:
                if winner.contact_id != contact.pk:
                    contact.delete()  # somebody else made the person a moment ago
                else:
                    consent.keep_suppressed([winner], purposes=[consent.MARKETING])
                    publish(workspace_id, "contacts")
                return winner
    raise RuntimeError("An identity vanished while it was being made.")


def _learn(identity: Identity, address: str, user_id: str, profile_name: str, username: str) -> None:
    news: dict[str, str] = {}
    if address and not identity.address:
        news["address"] = address
        news["phone"] = f"+{address}" if address.isdigit() else ""
    if user_id and identity.user_id != user_id:
        news["user_id"] = user_id
    if profile_name and identity.profile_name != profile_name[:200]:
        news["profile_name"] = profile_name[:200]
    if username and identity.username != username.lstrip("@")[:100]:
        news["username"] = username.lstrip("@")[:100]
    if not news:
        return
    for key in ("address", "user_id"):
        if key in news and _is_taken(identity, key, news[key]):
            # The other half is a person of its own already; joining two people is a decision, not a guess.
            news.pop(key)
            if key == "address":
                news.pop("phone")
    for key, value in news.items():
        setattr(identity, key, value)
    if news:
        identity.save(update_fields=list(news))
    contact = identity.contact
    if profile_name and not contact.name:
        contact.name = profile_name[:200]
        contact.save(update_fields=["name"])


def _is_taken(identity: Identity, key: str, value: str) -> bool:
    same = Identity.objects.filter(workspace_id=identity.workspace_id, channel_kind=identity.channel_kind)
    return same.filter(**{key: value}).exclude(pk=identity.pk).exists()

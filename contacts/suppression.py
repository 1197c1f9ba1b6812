"""Addresses that must not be messaged although nobody knows any more whose they are.

What is kept is an HMAC under a key of the workspace that is itself sealed: enough to recognise an address that comes
back with an import, useless to whoever steals the table.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Collection, Iterable

from django.db import transaction

from workspaces import secrets

from .models import Identity, IdentityAlias, Suppression, SuppressionKey
from .models.consents import Purpose

KEY_BYTES = 32


def names_of(identity: Identity, aliases: Iterable[str] = ()) -> list[str]:
    """Everything this identity can come back as, in the form digests are made of."""
    addresses = [address for address in (identity.address, *aliases) if address]
    return [f"address:{address}" for address in addresses] + ([f"user:{identity.user_id}"] if identity.user_id else [])


def remember(identities: Collection[Identity], purposes: Collection[str]) -> None:
    """Keep the digests of these identities and of their aliases, all of one workspace, before they are forgotten."""
    if not identities or not purposes:
        return
    workspace_id = next(iter(identities)).workspace_id
    key = _key(workspace_id)
    known = IdentityAlias.objects.filter(workspace_id=workspace_id, identity__in=identities)
    aliases = list(known.values_list("identity_id", "address"))
    Suppression.objects.bulk_create(
        [
            Suppression(
                workspace_id=workspace_id,
                channel_kind=identity.channel_kind,
                digest=_digest(key, name),
                purpose=purpose,
            )
            for identity in identities
            for name in names_of(identity, [address for pk, address in aliases if pk == identity.pk])
            for purpose in purposes
        ],
        ignore_conflicts=True,
    )


def among(identities: Collection[Identity], purpose: str) -> set[int]:
    """Primary keys of those identities, all of one workspace, that are suppressed for a purpose."""
    if not identities:
        return set()
    workspace_id = next(iter(identities)).workspace_id
    found = Suppression.objects.filter(workspace_id=workspace_id, purpose=purpose)
    if not found.exists():
        return set()  # most workspaces: an import of a million rows costs one look
    key = _key(workspace_id)
    digests = {
        (identity.channel_kind, _digest(key, name)): identity.pk
        for identity in identities
        for name in names_of(identity)
    }
    hits = found.filter(digest__in=[digest for _, digest in digests]).values_list("channel_kind", "digest")
    return {digests[hit] for kind, digest in hits if (hit := (kind, bytes(digest))) in digests}


def lift(identity: Identity, purpose: str) -> None:
    """Forget a suppression, because the person behind the address asked for it themselves."""
    found = Suppression.objects.filter(
        workspace_id=identity.workspace_id, channel_kind=identity.channel_kind, purpose=purpose
    )
    if found.exists():
        key = _key(identity.workspace_id)
        found.filter(digest__in=[_digest(key, name) for name in names_of(identity)]).delete()


def both() -> list[str]:
    """Every purpose: what an erased person is suppressed for."""
    return [purpose.value for purpose in Purpose]


def _digest(key: bytes, name: str) -> bytes:
    return hmac.new(key, name.encode(), hashlib.sha256).digest()


@transaction.atomic
def _key(workspace_id: int) -> bytes:
    """The workspace's key, made when it is first needed; two makers agree on the one that was first."""
    place = f"suppression:key:{workspace_id}"
    stored = SuppressionKey.objects.filter(workspace_id=workspace_id)
    row = stored.first()
    if row is None:
        fresh = {"key": base64.b64encode(os.urandom(KEY_BYTES)).decode()}
        SuppressionKey.objects.bulk_create(
            [SuppressionKey(workspace_id=workspace_id, sealed=secrets.seal(fresh, place=place))], ignore_conflicts=True
        )
        row = stored.get()
    return base64.b64decode(secrets.unseal(bytes(row.sealed), place=place)["key"])

"""Secrets at rest: encrypted with MultiFernet and bound to the row they belong to.

The plaintext is an envelope that names workspace, model, field and row, checked on decryption: a ciphertext copied
into another row does not open there. Keys come from FIELD_ENCRYPTION_KEYS; the first encrypts, all decrypt.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class SecretUnreadable(Exception):
    """A stored secret does not decrypt, or belongs to another row."""


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def seal(value: dict[str, Any], *, place: str) -> bytes:
    """Encrypt `value` for one place, e.g. "channel:credentials:<workspace id>:<uuid>"."""
    envelope = json.dumps({"place": place, "value": value}).encode()
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(envelope)


def unseal(token: bytes, *, place: str) -> dict[str, Any]:
    """Decrypt what `seal` made for the same place. Raises SecretUnreadable."""
    try:
        envelope = json.loads(_box(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(bytes(token)))
    except (InvalidToken, ValueError) as error:
        raise SecretUnreadable("A stored secret does not decrypt with FIELD_ENCRYPTION_KEYS.") from error
    if envelope.get("place") != place:
        raise SecretUnreadable("A stored secret belongs to another row.")
    return envelope["value"]


def reseal(token: bytes) -> bytes:
    """Encrypt an existing ciphertext anew under the first key (key rotation)."""
    return _box(tuple(settings.FIELD_ENCRYPTION_KEYS)).rotate(bytes(token))

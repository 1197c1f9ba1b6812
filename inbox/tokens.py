"""The correlation token sent along with each message and echoed in its statuses.

`v1.<message uuid>.<attempt>.<10 hex of HMAC>`: it settles a message whose answer was lost, so it must not be forgeable
by whoever can sign webhooks of another channel. No personal data: every app subscribed to the account sees it.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid
from functools import cache
from typing import NamedTuple

from django.conf import settings

from providers.signatures import equal


class Token(NamedTuple):
    message: uuid.UUID
    attempt: int


@cache
def _key() -> bytes:
    return hashlib.sha256(b"correlation-token:" + settings.SECRET_KEY.encode()).digest()


def _mark(payload: str) -> str:
    return hmac.digest(_key(), payload.encode(), "sha256").hex()[:10]  # in one call: a quarter of hmac.new's time


def make(message: uuid.UUID, attempt: int) -> str:
    """The token of one attempt to send a message; at most 60 characters."""
    payload = f"v1.{message.hex}.{attempt}"
    return f"{payload}.{_mark(payload)}"


def read(token: str | None) -> Token | None:
    """Whose token this is, or None when it is not one of ours."""
    if not token or not token.startswith("v1.") or token.count(".") != 3:
        return None
    payload, _, mark = token.rpartition(".")
    if not equal(_mark(payload), mark):
        return None
    _, message, attempt = payload.split(".")
    return Token(uuid.UUID(hex=message), int(attempt))

"""Webhook signatures. Always over the raw bytes: the same JSON written out again signs differently."""

from __future__ import annotations

import hashlib
import hmac


def sha256_hex(secret: str, body: bytes) -> str:
    """HMAC-SHA256 of the body as lower-case hex."""
    return hmac.new(secret.encode("utf-8", "surrogatepass"), body, hashlib.sha256).hexdigest()


def matches_sha256(secret: str, body: bytes, presented: str | None, prefix: str = "sha256=") -> bool:
    """Does the presented header value sign this body? An empty secret or header never matches."""
    if not secret or not presented:
        return False
    expected = prefix + sha256_hex(secret, body)
    return equal(expected, presented)


def equal(expected: str, presented: str) -> bool:
    """Compare two secrets in constant time; unlike `hmac.compare_digest` also with non-ASCII text."""
    return hmac.compare_digest(expected.encode("utf-8", "surrogatepass"), presented.encode("utf-8", "surrogatepass"))

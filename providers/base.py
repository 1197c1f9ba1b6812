"""What every adapter offers. An adapter is a package whose names fit `Adapter`; the registry lists them.

Every call is pure: the caller owns connections, time-outs, pace, retries and the clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from providers.types import Capabilities, Credentials, Failure, MediaRef, Outbound, Outcome, Parsed, Request


class MediaFound(NamedTuple):
    """Where a media file can be fetched right now. `size` is None when the provider does not say."""

    url: str
    mime_type: str
    size: int | None


class Explanation(NamedTuple):
    """A provider error code in plain words: what happened, and what a person can do about it.

    `retry` says whether the same message can succeed later: after time, or after something outside it was repaired.
    """

    text: str
    action: str
    retry: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """The finding of one connection check. `problem` is empty when nothing is wrong."""

    problem: str = ""
    facts: dict[str, str] = field(default_factory=dict)  # display_phone_number, verified_name, quality_rating ...


class Adapter(Protocol):
    """One provider. `headers` are looked up without regard to case; `body` is always the raw bytes."""

    capabilities: Capabilities

    def refuse(self, outbound: Outbound) -> str | None:
        """Say in plain words why this message cannot be sent here, or None when it can."""

    def send(self, outbound: Outbound, credentials: Credentials) -> Request:
        """Describe the request that sends this message."""

    def sent(self, status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
        """Read the answer to `send`. Never raises."""

    def mark_read(self, message_id: str, credentials: Credentials, typing: bool = False) -> Request:
        """Describe the request that marks a message read and, with `typing`, shows the typing dots."""

    def upload(self, kind: str, filename: str, mime: str, content: bytes, credentials: Credentials) -> Request:
        """Describe the request that stores a file with the provider."""

    def uploaded(self, status: int, headers: Mapping[str, str], body: bytes) -> MediaRef | Failure:
        """Read the answer to `upload`. Repeating an upload harms nobody, so this never says `unknown`."""

    def media_lookup(self, media_id: str, credentials: Credentials) -> Request:
        """Describe the request that asks where a media file is."""

    def media_found(self, status: int, headers: Mapping[str, str], body: bytes) -> MediaFound | Failure:
        """Read the answer to `media_lookup`."""

    def media_download(self, url: str, credentials: Credentials) -> Request:
        """Describe the request for the bytes. Raises `ForeignHost` when the token must not go to that host."""

    def verify(self, secret: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Is this webhook signed with the secret? False for an empty secret."""

    def challenge(self, query: Mapping[str, str], verify_token: str) -> str | None:
        """The text to answer a subscription challenge with, or None when it must be refused."""

    def parse(self, body: bytes, headers: Mapping[str, str]) -> Parsed:
        """Read a webhook. Raises `MalformedPayload`, and nothing else."""

    def check(self, credentials: Credentials) -> Sequence[tuple[str, Request]]:
        """The named requests whose answers `checked` turns into findings, to be made in this order."""

    def checked(
        self, name: str, status: int, headers: Mapping[str, str], body: bytes, credentials: Credentials
    ) -> Checked:
        """Read the answer to one request of `check`."""

    def subscribe(self, credentials: Credentials) -> Request:
        """Describe the request that makes the provider deliver webhooks for this account."""

    def explain(self, code: str) -> Explanation:
        """Put an error code into plain words, also one never seen before."""

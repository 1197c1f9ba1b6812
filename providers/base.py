"""What every adapter offers. An adapter is a package whose names fit `Adapter`; the registry lists them.

Every call is pure: the caller owns connections, time-outs, pace, retries and the clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from providers.types import (
    Capabilities,
    Credentials,
    Failure,
    MediaRef,
    Outbound,
    Outcome,
    Parsed,
    Request,
    Submitted,
    TemplatePage,
)

TemplateStatus = Literal[
    "in_review", "approved", "rejected", "paused", "disabled", "archived", "deleting", "deleted", "other"
]


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


class Limits(NamedTuple):
    """How much a sender may send; None where nothing was said about it."""

    per_second: int | None = None  # messages
    per_day: int | None = None  # people the business writes to first within 24 hours; 0: without limit


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

    def limits(self, said: Mapping[str, Any]) -> Limits:
        """What a check's facts, or the details of a `phone_quality` or `account` event, say about limits."""

    def explain(self, code: str) -> Explanation:
        """Put an error code into plain words, also one never seen before."""


class TemplateAdapter(Protocol):
    """The further names of a provider whose templates are written here and approved there.

    Changes (create, edit, delete) answer `unknown` when they may have been made: look the template up before the
    next try. Look-ups and uploads never do.
    """

    def list_templates(self, credentials: Credentials, after: str = "") -> Request:
        """Describe the request for a page of the account's templates; `after` comes from the page before."""

    def find_template(self, credentials: Credentials, name: str, language: str) -> Request:
        """Describe the request that looks one template up. Its page may hold others: compare name and language."""

    def listed(self, status: int, headers: Mapping[str, str], body: bytes) -> TemplatePage | Failure:
        """Read the answer to `list_templates` or `find_template`."""

    def create_template(
        self,
        credentials: Credentials,
        name: str,
        language: str,
        category: str,
        parameter_format: str,
        components: list[dict[str, Any]],
    ) -> Request:
        """Describe the request that submits a new language for review."""

    def created(self, status: int, headers: Mapping[str, str], body: bytes) -> Submitted | Failure:
        """Read the answer to `create_template`."""

    def edit_template(
        self, credentials: Credentials, provider_id: str, category: str | None, components: list[dict[str, Any]]
    ) -> Request:
        """Describe the request that replaces a template's components; None leaves the category alone."""

    def edited(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure | None:
        """Read the answer to `edit_template`. None: it is in review again."""

    def delete_template(self, credentials: Credentials, name: str, provider_id: str = "") -> Request:
        """Describe the request that deletes every language of a name, or the one with this id."""

    def deleted(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure | None:
        """Read the answer to `delete_template`. None: it is gone, or was gone already."""

    def open_upload(self, credentials: Credentials, filename: str, size: int, mime: str) -> Request:
        """Describe the request that begins the upload of a sample file; `size` in bytes."""

    def upload_opened(self, status: int, headers: Mapping[str, str], body: bytes) -> str | Failure:
        """Read the answer to `open_upload`: the session that `put_upload` wants."""

    def put_upload(self, credentials: Credentials, session: str, content: bytes) -> Request:
        """Describe the request that carries the file."""

    def upload_put(self, status: int, headers: Mapping[str, str], body: bytes) -> str | Failure:
        """Read the answer to `put_upload`: the handle that stands for the file in a component's example."""

    def template_status(self, word: str) -> TemplateStatus:
        """What the provider's status means; `other` for a word nobody has seen before."""

    def explain_rejection(self, reason: str) -> Explanation | None:
        """Why the provider rejected a template, in plain words; None when there is no reason to explain."""

"""The vocabulary between adapters and the rest: what to send, what came back, what came in.

Everything here is plain data. Adapters turn `Outbound` into a `Request`, an HTTP answer into a
`Sent` or `Failure`, and webhook bytes into a list of `Event`; nobody in this package opens a socket.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Kind = Literal[
    "text", "image", "video", "audio", "voice", "document", "sticker", "location", "contacts",
    "reaction", "interactive", "template",
    "button_reply", "list_reply", "flow_reply", "order", "unsupported", "other",
]

FailureClass = Literal["permanent", "recipient", "retry", "throttle", "credentials", "unknown"]
ThrottleScope = Literal["recipient", "sender", "account"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one channel needs to talk to its provider. Secrets never show in `repr`."""

    base_url: str
    external_id: str  # WhatsApp: phone number id
    account_id: str = ""  # WhatsApp: WABA id
    token: str = field(default="", repr=False)
    app_secret: str = field(default="", repr=False)
    verify_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A file the provider can already reach: by its own media id, or by a public https link."""

    id: str = ""
    link: str = ""
    mime_type: str = ""
    filename: str = ""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to send. `content` has one documented shape per kind, see docs/providers.md.

    `to` is the provider's address (digits for WhatsApp, no plus sign); `to_user_id` a provider user id
    used when there is no number. `token` is the correlation token the provider echoes in statuses.
    """

    kind: str
    to: str
    content: dict[str, Any]
    token: str = ""
    to_user_id: str = ""
    reply_to: str = ""
    media: MediaRef | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, described. `json`, (`fields`, `file`) and `content` exclude each other."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    json: dict[str, Any] | None = None
    fields: dict[str, str] | None = None
    file: tuple[str, bytes, str] | None = field(default=None, repr=False)  # name, content, MIME type
    params: dict[str, str] | None = None
    content: bytes | None = field(default=None, repr=False)  # the body itself, as it is


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider accepted the message under this id."""

    provider_message_id: str
    address: str = ""  # the provider's own idea of the recipient (wa_id); may differ from what was sent
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """The provider did not accept the message, or nobody knows (`unknown`: never resend blindly)."""

    failure_class: FailureClass
    error_code: str = ""
    text: str = ""  # plain words for people
    retry_after: float | None = None  # seconds
    scope: ThrottleScope | None = None


Outcome = Sent | Failure


@dataclass(frozen=True, slots=True)
class Submitted:
    """The provider took a template in for review. It may have filed it under another category than asked for."""

    provider_id: str
    status: str  # the provider's word
    category: str  # ours: marketing, utility, authentication; empty when the answer names none


@dataclass(frozen=True, slots=True)
class RemoteTemplate:
    """One language of a template as the provider has it. `components` is the provider's list, whole."""

    provider_id: str
    name: str
    language: str
    category: str  # in lower case
    status: str  # the provider's word; the adapter's `template_status` says what it means
    quality: str  # green, yellow, red; empty when there is none yet
    parameter_format: str  # positional or named
    components: list[dict[str, Any]]
    reason: str  # why it was rejected, the provider's word; empty when it was not


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """Some of an account's templates. `after` fetches the following ones; empty on the last page."""

    templates: list[RemoteTemplate]
    after: str


@dataclass(slots=True)  # not frozen: a frozen one takes three times as long to make, and statuses come by the thousand
class Event:
    """One thing a webhook told us, in the printed form's words. Fields that do not apply stay None.

    `type` is one of: message echo status reaction message_edited message_deleted system postback referral
    optin read delivered user_preference template_status template_quality template_category
    template_components phone_quality account provider_error connection qr contact typing call group
    bot_blocked bot_unblocked ignored.
    """

    type: str
    pointer: str = ""  # where in the payload it stood, e.g. entry/0/changes/0/value/messages/0
    channel_ref: str | None = None  # phone number id the event names, None when it names none
    account_ref: str | None = None  # WABA id
    direction: Literal["in", "out"] | None = None
    from_: str | None = None
    from_user_id: str | None = None
    to: str | None = None
    to_user_id: str | None = None
    chat_id: str | None = None
    profile_name: str | None = None
    username: str | None = None
    kind: str | None = None
    provider_message_id: str | None = None
    target_message_id: str | None = None
    timestamp: datetime | None = None
    text: str | None = None
    emoji: str | None = None
    media: dict[str, Any] | None = None
    location: dict[str, Any] | None = None
    contacts: list[dict[str, Any]] | None = None
    reply: dict[str, Any] | None = None
    reply_to: str | None = None
    forwarded: bool | None = None
    referral: dict[str, Any] | None = None
    order: dict[str, Any] | None = None
    flow_response: Any = None
    status: str | None = None
    error_code: str | None = None
    error_title: str | None = None
    error_class: FailureClass | None = None  # for failed statuses: what to do about it
    pricing: dict[str, Any] | None = None
    tracker: str | None = None
    reason: str | None = None
    details: dict[str, Any] = field(default_factory=dict)  # type-specific extras, printed at the top level


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a webhook body held: events, and elements that could not be read (pointer, reason)."""

    events: list[Event]
    broken: list[tuple[str, str]] = field(default_factory=list)


class MalformedPayload(ValueError):
    """The body is not what the provider documents (no JSON, not an object, too deep)."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do; asked before sending so that unsupported things are refused with a reason."""

    kinds: frozenset[str]
    reply_window: timedelta | None  # None: no window, free text always allowed
    echoes_token: bool
    max_text: int  # characters
    max_caption: int  # characters
    media_limits: dict[str, int]  # kind -> bytes
    media_types: dict[str, frozenset[str]]  # kind -> MIME types (empty set: any)
    opted_out_codes: frozenset[str] = frozenset()  # error codes that say "this person stopped marketing messages"
    media_hosts: tuple[str, ...] = ()  # hosts media may be fetched from, besides the base URL's own
    pair_seconds: float = 0.0  # seconds apart that messages to one person may go on and on; 0: no such rule
    templates: bool = False  # messages to people who did not write first are approved texts, see `TemplateAdapter`

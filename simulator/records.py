"""The things the simulator remembers. Plain data; `state.World` holds them, `storage.Storage` keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Channel:
    """A business number and where its webhooks go."""

    phone_number_id: str
    waba_id: str
    display_phone_number: str
    token: str = field(repr=False)
    app_secret: str = field(repr=False)
    verify_token: str = field(default="", repr=False)
    verified_name: str = ""
    hook_url: str = ""
    provider: str = "whatsapp_cloud"
    quality_rating: str = "GREEN"
    subscribed: bool = True
    enforce_window: bool = True
    window_error: str = "webhook"  # or "sync": both happen with the real one
    accept_unknown: bool = False  # treat every plausible number as a customer
    auto_read_seconds: float | None = None

    @property
    def digits(self) -> str:
        return "".join(c for c in self.display_phone_number if c.isdigit())


@dataclass(slots=True)
class Customer:
    """A person with the app on a phone. `number` is empty for people known only by their user id."""

    number: str
    name: str
    user_id: str = ""
    username: str = ""
    on_whatsapp: bool = True

    @property
    def key(self) -> str:
        return self.number or self.user_id


@dataclass(slots=True)
class Message:
    id: str
    phone_number_id: str
    customer: str
    direction: str  # "in": from the customer, "out": from the business
    type: str
    body: dict[str, Any]
    at: float
    seq: int = 0
    status: str = "accepted"
    callback: str | None = None
    context: dict[str, Any] | None = None
    errors: list[dict[str, Any]] | None = None
    reactions: dict[str, str] = field(default_factory=dict)
    history: list[tuple[str, float]] = field(default_factory=list)
    edited: bool = False
    deleted: bool = False
    revision: int = 0
    billing: dict[str, Any] | None = None


@dataclass(slots=True)
class Chat:
    """One customer and one business number."""

    phone_number_id: str
    customer: str
    last_inbound_at: float = 0.0
    unread: int = 0
    touched_at: float = 0.0
    typing_until: float = 0.0


@dataclass(slots=True)
class Media:
    id: str
    phone_number_id: str
    mime_type: str
    sha256: str
    size: int
    filename: str = ""
    expires_at: float = 0.0


@dataclass(slots=True)
class Template:
    """One language of a message template. Statuses and categories are the provider's words."""

    id: str
    waba_id: str
    name: str
    language: str
    category: str
    status: str
    components: list[dict[str, Any]]
    parameter_format: str = "POSITIONAL"
    quality: str = "UNKNOWN"
    rejected_reason: str = "NONE"
    previous_category: str = ""
    next_category: str = ""  # announced, in force from `category_at`
    created_at: float = 0.0
    edits: list[float] = field(default_factory=list)  # of the approved template: what its limits count
    review_at: float | None = None
    gone_at: float | None = None  # deleted, and out of the list from then on
    category_at: float | None = None

    @property
    def is_sendable(self) -> bool:
        return self.status in ("APPROVED", "FLAGGED", "REINSTATED")

    def wire(self) -> dict[str, Any]:
        """As the list shows it."""
        shown = {
            "id": self.id, "name": self.name, "language": self.language, "category": self.category,
            "status": self.status, "parameter_format": self.parameter_format, "components": self.components,
            "quality_score": {"score": self.quality}, "rejected_reason": self.rejected_reason,
        }  # fmt: skip
        if self.previous_category:
            shown["previous_category"] = self.previous_category
        if self.next_category:
            shown["correct_category"] = self.next_category
        return shown


@dataclass(slots=True)
class Upload:
    """A sample file on its way in, and its handle once it is whole."""

    session: str
    waba_ids: list[str]  # accounts whose token opened it
    filename: str
    mime_type: str
    size: int
    created_at: float
    received: int = 0
    handle: str = ""
    media_id: str = ""


@dataclass(slots=True)
class PendingEvent:
    """One element of a webhook that still has to reach the channel's hook."""

    id: int
    phone_number_id: str
    kind: str  # "message", "status" or "field"
    item: dict[str, Any]
    due: float
    created: float
    attempts: int = 0
    released: bool = False

"""What rules may speak of: fields, comparisons, and the tags, channels and custom fields of one workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Comparison -> its words, by the type of what is compared.
TEXT = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "contains_not": "does not contain",
    "starts_with": "starts with",
    "filled": "is filled in",
    "empty": "is empty",
}
CODE = {"is": "is", "is_not": "is not", "filled": "is known", "empty": "is not known"}
NUMBER = {
    "is": "is",
    "is_not": "is not",
    "more": "is more than",
    "less": "is less than",
    "filled": "is filled in",
    "empty": "is empty",
}
DATE = {
    "on": "is on",
    "before": "is before",
    "after": "is after",
    "past_days": "was within the past days:",
    "next_days": "comes within the next days:",
    "filled": "is filled in",
    "empty": "is empty",
}
YES_NO = {"is": "is", "filled": "is answered", "empty": "is not answered"}
MOMENT = {
    "within_days": "within the past days:",
    "before_days": "longer ago than days:",
    "before": "before",
    "after": "after",
}
MAYBE_MOMENT = {**MOMENT, "ever": "at any time", "never": "never"}
TAG = {"has": "has the tag", "has_not": "does not have the tag"}
CHANNEL = {"has": "can be reached over", "has_not": "cannot be reached over"}
CONSENT = {"is": "is", "is_not": "is not"}
STATE = {"is": "is"}
BROADCAST = {
    "received": "got",
    "not_received": "did not get",
    "read": "read",
    "not_read": "got and did not read",
    "replied": "replied to",
    "not_replied": "got and did not reply to",
    "failed": "could not be reached by",
}
OPS = {
    "text": TEXT,
    "code": CODE,
    "number": NUMBER,
    "date": DATE,
    "choice": CODE,
    "yes_no": YES_NO,
    "moment": MOMENT,
    "maybe_moment": MAYBE_MOMENT,
    "tag": TAG,
    "channel": CHANNEL,
    "consent": CONSENT,
    "state": STATE,
    "broadcast": BROADCAST,
}
WITHOUT_VALUE = frozenset({"filled", "empty", "ever", "never"})
IN_DAYS = frozenset({"past_days", "next_days", "within_days", "before_days"})
CONSENT_STATES = {"opted_in": "opted in", "opted_out": "opted out", "unknown": "not known"}

# What every contact has: key -> (label, type).
BUILT_IN = {
    "name": ("Name", "text"),
    "email": ("E-mail", "text"),
    "language": ("Language", "code"),
    "country": ("Country", "code"),
    "time_zone": ("Time zone", "code"),
    "tag": ("Tag", "tag"),
    "consent.marketing": ("Marketing consent", "consent"),
    "consent.service": ("Service consent", "consent"),
    "channel": ("Channel", "channel"),
    "last_inbound": ("Last wrote to us", "maybe_moment"),
    "last_outbound": ("Last message from us", "maybe_moment"),
    "created": ("Added", "moment"),
    "blocked": ("Blocked", "state"),
    "broadcast": ("Broadcast", "broadcast"),
}
CUSTOM = "field."  # a custom field stands in rules as "field.<key>"


@dataclass(frozen=True, slots=True)
class Book:
    """What rules of one workspace may speak of: its custom fields, tags and channels."""

    fields: Mapping[str, tuple[str, str, tuple[str, ...]]] = field(default_factory=dict)  # key -> label, kind, choices
    archived: Mapping[str, str] = field(default_factory=dict)  # key -> label
    tags: Mapping[int, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)  # kind -> label
    broadcasts: Mapping[str, str] = field(default_factory=dict)  # uuid -> name and day, newest first

    def kind_of(self, name: str) -> str:
        """The type of a field, '' for one that does not exist (any more)."""
        if name.startswith(CUSTOM):
            known = self.fields.get(name.removeprefix(CUSTOM))
            return known[1] if known else ""
        return BUILT_IN[name][1] if name in BUILT_IN else ""

    def label_of(self, name: str) -> str:
        """A field in words."""
        if name.startswith(CUSTOM):
            key = name.removeprefix(CUSTOM)
            known = self.fields.get(key)
            return known[0] if known else self.archived.get(key, key)
        return BUILT_IN[name][0] if name in BUILT_IN else name

    def choices_of(self, name: str) -> tuple[str, ...]:
        known = self.fields.get(name.removeprefix(CUSTOM)) if name.startswith(CUSTOM) else None
        return known[2] if known else ()

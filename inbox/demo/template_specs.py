"""The words in which demo templates are described."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Part = dict[str, Any]
Variables = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Spec:
    """One language of a template. `status` is ours; `files` are made by inbox.demo.files, by their place."""

    name: str
    language: str
    category: str  # empty for quick ones
    status: str
    components: list[Part]
    variables: Variables = field(default_factory=dict)
    named: bool = False
    quality: str = ""
    reason: str = ""
    explanation: str = ""
    files: dict[str, str] = field(default_factory=dict)

    @property
    def is_quick(self) -> bool:
        return not self.category

    @property
    def key(self) -> str:
        """How stories name it."""
        return f"{self.name}:{self.language}"


def head(text: str) -> Part:
    return {"type": "HEADER", "format": "TEXT", "text": text}


def picture() -> Part:
    return {"type": "HEADER", "format": "IMAGE", "example": {"header_handle": ["4::ZGVtbw=="]}}


def body(text: str, *samples: str, **named: str) -> Part:
    part: Part = {"type": "BODY", "text": text}
    if samples:
        part["example"] = {"body_text": [list(samples)]}
    elif named:
        pairs = [{"param_name": name, "example": sample} for name, sample in named.items()]
        part["example"] = {"body_text_named_params": pairs}
    return part


def foot(text: str) -> Part:
    return {"type": "FOOTER", "text": text}


def buttons(*listed: Part) -> Part:
    return {"type": "BUTTONS", "buttons": list(listed)}


def reply(text: str) -> Part:
    return {"type": "QUICK_REPLY", "text": text}


def link(text: str, url: str, sample: str = "") -> Part:
    return {"type": "URL", "text": text, "url": url} | ({"example": [sample]} if sample else {})


def call(text: str, number: str) -> Part:
    return {"type": "PHONE_NUMBER", "text": text, "phone_number": number}


def coupon(sample: str) -> Part:
    return {"type": "COPY_CODE", "text": "Copy offer code", "example": [sample]}


def carousel(*cards: list[Part]) -> Part:
    return {"type": "CAROUSEL", "cards": [{"components": parts} for parts in cards]}


def code(text: str, expiry: str, button: str) -> list[Part]:
    """An authentication template as the provider lists it; the words are the provider's."""
    address = "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp{{1}}"
    return [
        body(text, "204816") | {"add_security_recommendation": True},
        foot(expiry) | {"code_expiration_minutes": 10},
        buttons(link(button, address, "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp204816")),
    ]


def contact(key: str, sample: str, fallback: str = "") -> dict[str, str]:
    """A variable that takes its value from the contact."""
    return {"sample": sample, "source": "field", "value": key, "fallback": fallback}


def ask(sample: str) -> dict[str, str]:
    """A variable that somebody types each time."""
    return {"sample": sample, "source": "ask", "value": "", "fallback": ""}

"""One line that stands for a message where there is no room for it."""

from __future__ import annotations

from typing import Any

WORDS = {
    "image": "Photo",
    "video": "Video",
    "audio": "Audio",
    "voice": "Voice message",
    "document": "Document",
    "sticker": "Sticker",
    "location": "Location",
    "contacts": "Contact card",
    "order": "Order",
    "template": "Template",
    "interactive": "Message with buttons",
    "unsupported": "Message that only the phone can show",
    "other": "Message that only the phone can show",
}
LIMIT = 160  # characters, the width of the column


def preview_of(kind: str, text: str, content: dict[str, Any]) -> str:
    """At most 160 characters on one line: the text where there is one, else the kind in words."""
    if words := WORDS.get(kind):
        name = str(content.get("filename") or content.get("name") or "")
        line = text or name
        shown = f"{words}: {line}" if line else words
    else:
        shown = text
    return " ".join(shown.split())[:LIMIT]

"""Text as the app shows it: *bold*, _italic_, ~struck~, ```typed``` and links."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

MARKS = (
    (re.compile(r"```(.+?)```", re.DOTALL), "code"),
    (re.compile(r"(?<!\w)\*(\S(?:[^*\n]*\S)?)\*(?!\w)"), "strong"),
    (re.compile(r"(?<!\w)_(\S(?:[^_\n]*\S)?)_(?!\w)"), "em"),
    (re.compile(r"(?<!\w)~(\S(?:[^~\n]*\S)?)~(?!\w)"), "s"),
)
LINK = re.compile(r"(https?://[^\s<]+)")


def formatted(text: str) -> Markup:
    """Escape `text` and mark it up. Links stay untouched by the other marks."""
    parts = LINK.split(text)
    shown = []
    for position, part in enumerate(parts):
        escaped = str(escape(part))
        if position % 2:
            shown.append(f'<a href="{escaped}" rel="noopener noreferrer" target="_blank">{escaped}</a>')
            continue
        for pattern, tag in MARKS:
            escaped = pattern.sub(rf"<{tag}>\1</{tag}>", escaped)
        shown.append(escaped)
    return Markup("".join(shown))  # every part went through escape()

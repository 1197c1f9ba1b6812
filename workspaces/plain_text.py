"""Text that other people wrote, shown as it is and not obeyed."""

from __future__ import annotations

# Overrides turn the reading direction around and make "gpj.exe" read as "exe.jpg".
OVERRIDES = str.maketrans({"\u202d": "⟨LRO⟩", "\u202e": "⟨RLO⟩"})


def visible(text: str) -> str:
    """A plain string (a name, a file name) with direction overrides made visible."""
    return text.translate(OVERRIDES)

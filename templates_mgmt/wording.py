"""Whether two lists of components say the same, whoever wrote them down. Pure.

A provider lists a template with samples of its own, letters in another case and numbers without spaces, so comparing
the lists themselves would see a change in every template.
"""

from __future__ import annotations

from typing import Any

from .components import read
from .content import Card, Content


def wording(components: Any) -> tuple[Any, ...]:
    """What people read in a template; equal for two lists that look the same on a phone."""
    content = read(components)
    if content.kind == "authentication":
        # The provider fills in its own words, in the template's language.
        return ("authentication", [button.otp_type for button in content.buttons])
    cards = [_part(card) for card in content.cards]
    return (*_part(content), content.footer.strip(), cards, sorted(content.unsupported))


def without_examples(value: Any) -> Any:
    """Components less their samples: what stays the same from one listing to the next."""
    if isinstance(value, dict):
        return {key: without_examples(part) for key, part in value.items() if key != "example"}
    return [without_examples(part) for part in value] if isinstance(value, list) else value


def _part(part: Content | Card) -> tuple[Any, ...]:
    header = (part.header.format, part.header.text.strip()) if part.header else None
    buttons = [
        (button.type, button.text, button.url, "".join(filter(str.isdigit, button.phone_number)))
        for button in part.buttons
    ]
    return header, part.body.strip(), buttons

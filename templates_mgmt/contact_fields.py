"""Which contact fields a variable may take its value from.

Contacts are a neighbour on the same layer, so this app cannot ask them: the app above, which knows both, says at
start-up how they are found.
"""

from __future__ import annotations

from collections.abc import Callable

Choices = list[tuple[str, str]]  # (key, what people call it): ("first_name", "First name"), ("field.city", "City")

_source: Callable[[int], Choices] | None = None


def learn(source: Callable[[int], Choices]) -> None:
    """Ask `source` (workspace id → choices) from now on."""
    global _source
    _source = source


def choices(workspace_id: int) -> Choices:
    """What a variable of this workspace can be filled from."""
    return _source(workspace_id) if _source else []

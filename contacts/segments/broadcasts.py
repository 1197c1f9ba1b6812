"""What rules may ask about broadcasts: answered by name, because contacts may not import broadcasts."""

from __future__ import annotations

from django.db.models import Exists
from django.utils.module_loading import import_string

# Comparison -> the word that broadcasts.reached has for those people.
WHO = {
    "received": "all",
    "not_received": "all",
    "read": "read",
    "not_read": "not_read",
    "replied": "replied",
    "not_replied": "not_replied",
    "failed": "failed",
}


def names(workspace_id: int) -> dict[str, str]:
    """Public name → name and day of the broadcasts that were started, newest first."""
    found: dict[str, str] = import_string("broadcasts.reached.names")(workspace_id)
    return found


def reached(workspace_id: int, uuid: str, op: str) -> Exists:
    """The condition on contacts to be among those a comparison means."""
    condition: Exists = import_string("broadcasts.reached.of_uuid")(workspace_id, uuid, WHO[op])
    return condition

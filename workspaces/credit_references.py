"""What entries are about, by name: the ledger keeps numbers, and messages and broadcasts stand above workspaces.

Each answer is a label and an address. What is missing in it is gone: the ledger outlives messages and people.
"""

from __future__ import annotations

from collections.abc import Collection

from django.utils.module_loading import import_string

from .models import Workspace

Reference = tuple[str, str]  # what it is called, and where it is


def messages(workspace: Workspace, message_ids: Collection[int]) -> dict[int, Reference]:
    """Whom each message is to, and its place in the thread."""
    return import_string("inbox.credit_references.messages")(workspace, message_ids) if message_ids else {}


def broadcasts(workspace: Workspace, broadcast_ids: Collection[int]) -> dict[int, Reference]:
    """The name of each broadcast, and its page."""
    return import_string("broadcasts.credit_references.broadcasts")(workspace, broadcast_ids) if broadcast_ids else {}


def on_the_way(workspace: Workspace, pocket: str) -> int:
    """Credits charged for messages that are not settled: they come back if those do not go out."""
    return import_string("inbox.credit_references.on_the_way")(workspace, pocket)


def planned(workspace: Workspace) -> int:
    """Credits that broadcasts will still need by their estimates: scheduled ones, and the rest of running ones."""
    return import_string("broadcasts.credit_references.planned")(workspace)

"""What conversations do when their people change: called by name, because contacts may not import the inbox.

Each call happens in the caller's transaction, so a person and their conversations never disagree.
"""

from __future__ import annotations

from collections.abc import Collection

from django.utils.module_loading import import_string


def hide(workspace_id: int, contact_ids: Collection[int]) -> None:
    """Take the conversations of deleted people out of every queue."""
    import_string("inbox.following.hide")(workspace_id, list(contact_ids))


def show(workspace_id: int, contact_ids: Collection[int]) -> None:
    """Bring the conversations of restored people back as they were."""
    import_string("inbox.following.show")(workspace_id, list(contact_ids))


def move(workspace_id: int, identity_ids: Collection[int], contact_id: int) -> None:
    """Let the conversations of these identities belong to another contact."""
    import_string("inbox.following.move")(workspace_id, list(identity_ids), contact_id)

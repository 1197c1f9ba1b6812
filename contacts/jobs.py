"""RQ entry points: primary keys in, nothing out. Each may be lost, run twice, or run beside itself."""

from __future__ import annotations

from config.queues import answered

from . import tag_merging


def move_tag(workspace_id: int, tag_id: int) -> None:
    """Move everybody who has a tag that is being merged, then delete it."""
    answered("contacts.jobs.move_tag", workspace_id, tag_id)
    tag_merging.move(workspace_id, tag_id)

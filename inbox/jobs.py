"""RQ entry points: primary keys in, nothing out. Each may be lost, run twice, or run beside itself."""

from __future__ import annotations

from config.queues import answered

from . import conversations, dispatching, media, receiving


def dispatch(channel_id: int, lane: int) -> None:
    """Send what one channel owes in lanes up to `lane`."""
    answered("inbox.jobs.dispatch", channel_id, lane)
    dispatching.drain(channel_id, lane=lane)


def apply_webhooks() -> None:
    """Apply stored webhooks until none is due."""
    answered("inbox.jobs.apply_webhooks")
    while receiving.apply_pending():
        pass


def fetch_media() -> None:
    """Fetch files of inbound messages until none is due."""
    answered("inbox.jobs.fetch_media")
    while media.fetch_pending():
        pass


def unassign_member(workspace_id: int, member_id: int) -> None:
    """Give the open conversations of somebody who left back to the team."""
    conversations.release_from(workspace_id, member_id)

"""How many more people a number may write to first today.

Meta counts the people a business writes to outside their reply window, over the last 24 hours and all of its numbers.
Here the numbers of one account count together. A message inside the window is told by where the window stands now; one
to somebody who has answered since counts all the same, so the true figure may be lower, never higher.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from providers.registry import adapter
from workspaces import tenancy
from workspaces.models import Channel

RESERVE = 0.02  # share of the limit that broadcasts leave to the team and to programs

# Texts need no limit: outside the window they cannot go out. Those that wait to be sent count as planned.
USED = """
SELECT count(DISTINCT people.identity_id) FROM (
    SELECT c.identity_id FROM inbox_message m JOIN inbox_conversation c ON c.id = m.conversation_id
     WHERE m.workspace_id = %(ws)s AND m.channel_id = ANY(%(channels)s) AND m.kind = 'template'
       AND m.started_at > clock_timestamp() - interval '24 hours'
       AND m.status NOT IN ('failed', 'skipped', 'cancelled')
       AND (c.window_expires_at IS NULL OR m.started_at >= c.window_expires_at
            OR m.started_at < c.window_expires_at - %(window)s * interval '1 second')
    UNION ALL
    SELECT c.identity_id FROM inbox_message m JOIN inbox_conversation c ON c.id = m.conversation_id
     WHERE %(planned)s AND m.workspace_id = %(ws)s AND m.channel_id = ANY(%(channels)s) AND m.kind = 'template'
       AND m.send_state = 'queued' AND m.due_at < clock_timestamp() + interval '24 hours'
       AND (c.window_expires_at IS NULL OR c.window_expires_at < clock_timestamp())) people
"""


def left(channel: Channel) -> int | None:
    """People who can be written to first until the limit is reached, planned messages deducted; None without limit.

    Inside the workspace's scope.
    """
    return max(0, channel.daily_limit - _used(channel, planned=True)) if channel.daily_limit else None


def for_broadcasts(channel: Channel) -> int | None:
    """What broadcasts may use of the limit now: what was sent counts, and a little stays for everybody else."""
    if not channel.daily_limit:
        return None
    with tenancy.scope(channel.workspace_id):
        return max(0, channel.daily_limit - int(channel.daily_limit * RESERVE) - _used(channel, planned=False))


def _used(channel: Channel, *, planned: bool) -> int:
    numbers = Channel.objects.filter(workspace_id=channel.workspace_id, kind=channel.kind)
    siblings = numbers.filter(account_id=channel.account_id) if channel.account_id else numbers.filter(pk=channel.pk)
    window = adapter(channel.kind).capabilities.reply_window
    values: dict[str, Any] = {
        "ws": channel.workspace_id,
        "channels": list(siblings.values_list("pk", flat=True)),
        "window": window.total_seconds() if window else 0,
        "planned": planned,
    }
    with connection.cursor() as cursor:
        cursor.execute(USED, values)
        return int(cursor.fetchone()[0])

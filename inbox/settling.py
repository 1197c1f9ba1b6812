"""Messages whose outcome nobody wrote down: the sender died, or no clear answer came.

Claimed and abandoned: no byte had left, so it is queued again. Started and abandoned, or answered unclearly:
`unknown`, which leaves only by proof. In this order: a status webhook that echoes our token (inbox.status_updates);
the control group, which shows that other messages of the same number, started around the same time, were all echoed
while this one was not, so it was never accepted and is sent once more; or time, after which it has failed visibly.

A fixed waiting time instead of the control group sends twice whenever the provider's webhooks lag (drill: 698
duplicates in 20,000).
"""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from django.conf import settings
from django.db import connection

from live.publishing import publish
from providers.registry import ADAPTERS
from workspaces import credits, tenancy

CONTROLS = 5  # accepted and echoed messages around the same time, before silence proves anything

# Appended to each statement: what moved, and the panes that must look again.
WHERE_SHOWN = "id, workspace_id, (SELECT c.uuid FROM inbox_conversation c WHERE c.id = conversation_id)"

EXPIRED_CLAIMS = """
UPDATE inbox_message SET send_state = 'queued', lease_until = NULL, updated_at = clock_timestamp()
 WHERE send_state = 'claimed' AND lease_until < clock_timestamp()
"""

ABANDONED = """
UPDATE inbox_message
   SET send_state = 'unknown', error_code = 'no_answer', updated_at = clock_timestamp(),
       error_text = 'No clear answer came back. It is being checked whether this was sent.'
 WHERE send_state = 'started' AND started_at < clock_timestamp() - %(after)s * interval '1 second'
"""

# The echo may also lie in a webhook that is stored and not applied yet. Only those that came before or soon after the
# last echo of the control group count: on a busy number something newer is always waiting.
PROVED_ABSENT = """
UPDATE inbox_message t
   SET send_state = 'queued', resends = t.resends + 1, due_at = greatest(t.due_at, clock_timestamp()),
       updated_at = clock_timestamp()
 WHERE t.send_state = 'unknown' AND t.resends = 0 AND t.provider_id IS NULL
   AND t.started_at < clock_timestamp() - %(after)s * interval '1 second'
   AND EXISTS (SELECT 1 FROM workspaces_channel h WHERE h.id = t.channel_id AND h.kind = ANY(%(kinds)s)
                  AND NOT h.sending_paused)
   AND NOT EXISTS (SELECT 1 FROM inbox_inboundwebhook w
                    WHERE w.processed_at IS NULL AND w.workspace_id = t.workspace_id
                      AND (w.dead_at IS NULL OR w.received_at > t.started_at)
                      AND w.received_at < %(margin)s * interval '1 second' + (
                          SELECT max(c.echoed_at) FROM inbox_message c
                           WHERE c.channel_id = t.channel_id AND c.answered_at IS NOT NULL
                             AND c.started_at BETWEEN t.started_at - %(window)s * interval '1 second'
                                                  AND t.started_at + %(window)s * interval '1 second'))
   AND NOT EXISTS (SELECT 1 FROM inbox_message c
                    WHERE c.channel_id = t.channel_id AND c.answered_at IS NOT NULL AND c.echoed_at IS NULL
                      AND c.started_at BETWEEN t.started_at - %(window)s * interval '1 second'
                                           AND t.started_at + %(margin)s * interval '1 second')
   AND %(controls)s = (SELECT count(*) FROM (
                   SELECT 1 FROM inbox_message c
                    WHERE c.channel_id = t.channel_id AND c.answered_at IS NOT NULL AND c.echoed_at IS NOT NULL
                      AND c.started_at BETWEEN t.started_at - %(window)s * interval '1 second'
                                           AND t.started_at + %(window)s * interval '1 second'
                    LIMIT %(controls)s) enough)
"""

GIVEN_UP = """
UPDATE inbox_message
   SET send_state = 'done', status = 'failed', failed_at = clock_timestamp(), updated_at = clock_timestamp(),
       error_code = CASE WHEN send_state = 'unknown' THEN 'outcome_unknown' ELSE 'expired' END,
       error_text = CASE WHEN send_state = 'unknown'
           THEN 'It could not be found out whether this was sent. Ask the customer, or send it again.'
           ELSE 'This waited too long for its channel and was not sent.' END
 WHERE send_state IN ('unknown', 'queued') AND status = 'pending'
   AND coalesce(started_at, due_at) < clock_timestamp() - %(hours)s * interval '1 hour'
   AND (send_state = 'unknown' OR created_at < clock_timestamp() - %(hours)s * interval '1 hour')
"""


def settle_abandoned() -> dict[str, int]:
    """One round of the rules above over all workspaces; returns how many messages each rule moved."""
    echoing = [kind for kind, provider in ADAPTERS.items() if provider.capabilities.echoes_token]
    steps = {
        "requeued": (EXPIRED_CLAIMS, {}),
        "unknown": (ABANDONED, {"after": settings.SEND_UNKNOWN_AFTER_SECONDS}),
        "resent": (
            PROVED_ABSENT,
            {
                "after": settings.SEND_SETTLE_AFTER_SECONDS,
                "kinds": echoing,
                "controls": CONTROLS,
                "window": settings.SEND_CONTROL_WINDOW_SECONDS,
                "margin": settings.SEND_CONTROL_MARGIN_SECONDS,
            },
        ),
        "given_up": (GIVEN_UP, {"hours": settings.SEND_GIVE_UP_HOURS}),
    }
    moved: dict[str, int] = {}
    for name, (sql, parameters) in steps.items():
        with tenancy.all_workspaces(), connection.cursor() as cursor:
            cursor.execute(f"{sql} RETURNING {WHERE_SHOWN}", parameters)
            rows = cursor.fetchall()
            moved[name] = len(rows)
            for _, workspace_id, conversation in rows:
                publish(workspace_id, f"conv-{conversation}")
            if name == "given_up":
                _refund(rows)
    return moved


def _refund(rows: list[tuple[int, int, UUID]]) -> None:
    """Give back what they cost. Workspace by workspace in one order: two sweepers must not wait in a ring."""
    by_workspace: defaultdict[int, list[int]] = defaultdict(list)
    for message_id, workspace_id, _ in rows:
        by_workspace[workspace_id].append(message_id)
    for workspace_id, message_ids in sorted(by_workspace.items()):
        credits.refund(workspace_id, message_ids)
        publish(workspace_id, "credits")

"""The step after which a message may be out: committed before its first byte leaves.

Whoever must not be written to any more is left out here, in the same transaction: the message is skipped and what it
cost is given back. Marketing holds the person's consent while it starts, so after an opt-out has committed nothing of
it can start. Other messages cost one plain statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import OperationalError
from psycopg.errors import DeadlockDetected

from workspaces import tenancy
from workspaces.models import Channel

from .models import Message
from .outbox import Claimed

MARKETING = "marketing"

# Why somebody is left out, as the thread says it.
LEFT_OUT = {
    "opted_out": "This person opted out of marketing before it went out.",
    "no_consent": "This person has not agreed to marketing.",
    "blocked": "This person was blocked before it went out.",
    "gone": "This person was deleted before it went out.",
}

BEGIN = """
UPDATE inbox_message m SET send_state = 'started', started_at = clock_timestamp(), updated_at = clock_timestamp()
  FROM unnest(%(ids)s::bigint[], %(attempts)s::smallint[]) AS b (id, attempt)
 WHERE m.id = b.id AND m.attempt = b.attempt AND m.send_state = 'claimed' AND m.workspace_id = %(ws)s
RETURNING m.id
"""

# `agreed`: marketing to many needs the person's yes. The row that says so is held, and one that changed while this
# waited for it is not among the rows that come back. `not_against`: what a person of the team or a program sends needs
# only that nobody said no. A row that is not there cannot be held, so the identity is, which every change of consent
# locks; the second statement then sees what was committed meanwhile.
BEGIN_WITH_CONSENT = """
SELECT 1 FROM contacts_identity
 WHERE workspace_id = %(ws)s AND id = ANY(%(not_against)s::bigint[]) ORDER BY id FOR SHARE;
WITH held AS MATERIALIZED (
    SELECT c.identity_id FROM contacts_consent c
     WHERE c.workspace_id = %(ws)s AND c.identity_id = ANY(%(agreed)s::bigint[])
       AND c.purpose = 'marketing' AND c.state = 'opted_in'
     ORDER BY c.identity_id FOR SHARE),
judged AS (
    SELECT b.id, b.attempt,
           CASE WHEN b.stop <> '' THEN b.stop
                WHEN b.rule = 'agreed' AND b.identity_id NOT IN (SELECT identity_id FROM held)
                THEN CASE WHEN c.state IS NULL THEN 'no_consent' ELSE 'opted_out' END
                WHEN b.rule = 'not_against' AND c.state = 'opted_out' THEN 'opted_out'
                ELSE '' END AS reason
      FROM unnest(%(ids)s::bigint[], %(attempts)s::smallint[], %(identities)s::bigint[], %(rules)s::text[],
                  %(stops)s::text[]) AS b (id, attempt, identity_id, rule, stop)
      LEFT JOIN contacts_consent c ON c.workspace_id = %(ws)s AND c.identity_id = b.identity_id
                                  AND c.purpose = 'marketing'),
moved AS (
    UPDATE inbox_message m
       SET send_state = CASE j.reason WHEN '' THEN 'started' ELSE 'done' END,
           started_at = CASE j.reason WHEN '' THEN clock_timestamp() ELSE m.started_at END,
           status = CASE j.reason WHEN '' THEN m.status ELSE 'skipped' END,
           error_code = CASE j.reason WHEN '' THEN m.error_code ELSE j.reason END,
           error_text = CASE j.reason WHEN '' THEN m.error_text ELSE coalesce(w.words, '') END,
           lease_until = CASE j.reason WHEN '' THEN m.lease_until END, updated_at = clock_timestamp()
      FROM judged j LEFT JOIN unnest(%(reasons)s::text[], %(words)s::text[]) AS w (reason, words)
                           ON w.reason = j.reason
     WHERE m.id = j.id AND m.attempt = j.attempt AND m.send_state = 'claimed' AND m.workspace_id = %(ws)s
    RETURNING m.id, m.send_state),
given_back AS (SELECT carillon_refund(%(ws)s, array_agg(id)) AS made FROM moved WHERE send_state = 'done')
SELECT moved.id, moved.send_state, given_back.made FROM moved, given_back
"""


class Begun(NamedTuple):
    """What became of a claimed batch. In neither list: messages whose lease ran out, which somebody else has now."""

    ours: list[Claimed]  # to be sent
    left_out: list[Claimed]  # skipped


def begin(channel: Channel, batch: Sequence[Claimed]) -> Begun:
    """Commit the intent to send. Walks away from a row whose lease ran out, leaves out whom nothing may be sent."""
    wanted = {"ws": channel.workspace_id, "ids": [m.id for m in batch], "attempts": [m.attempt for m in batch]}
    if not any(message.stop or message.purpose == MARKETING for message in batch):
        rows, _ = tenancy.in_one_trip(channel.workspace_id, BEGIN, wanted)
        ours = {row[0] for row in rows}
        return Begun([message for message in batch if message.id in ours], [])
    rules = {message.id: _rule(message) for message in batch}
    wanted |= {
        "identities": [message.identity_id for message in batch],
        "rules": [rules[message.id] for message in batch],
        "stops": [message.stop for message in batch],
        "reasons": list(LEFT_OUT),
        "words": list(LEFT_OUT.values()),
    }
    for rule in ("agreed", "not_against"):
        wanted[rule] = [message.identity_id for message in batch if rules[message.id] == rule]
    states = _judged(channel, wanted)
    begun = Begun([], [])
    for message in batch:
        if state := states.get(message.id):
            (begun.ours if state == Message.SendState.STARTED else begun.left_out).append(message)
    return begun


def _judged(channel: Channel, wanted: dict[str, Any]) -> dict[int, str]:
    """The state of each message after it was started or left out.

    A batch of webhooks may hold several stop words in another order than ours, and the database ends one of the two
    that wait for each other in a ring. Nothing of it is written then, so it may be tried again; after any other error
    nobody knows, and the lease decides.
    """
    tries_left = 3
    while True:
        tries_left -= 1
        try:
            rows, _ = tenancy.in_one_trip(channel.workspace_id, BEGIN_WITH_CONSENT, wanted)
            return {row[0]: row[1] for row in rows}
        except OperationalError as error:
            if not (tries_left and isinstance(error.__cause__, DeadlockDetected)):
                raise


def _rule(message: Claimed) -> str:
    """What consent this message needs."""
    if message.purpose != MARKETING:
        return ""
    return "agreed" if message.lane == Message.Lane.BROADCAST else "not_against"

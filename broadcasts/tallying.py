"""What became of a broadcast, in figures. The one place that says what each figure means.

The page, the filters of the recipients' table, the CSV and the comparison all take their conditions from GROUPS, so
they cannot disagree. Figures come from the rows (a recipient and their message), never from counters.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from live.publishing import publish
from workspaces import tenancy

from .models import Broadcast

FRESH = timedelta(seconds=2)  # how old figures may be while the next are not counted
OLDEST = timedelta(seconds=10)  # what somebody looks at is never older
EACH = timedelta(microseconds=100)  # for each recipient, so that counting takes a twentieth of one core at most
LATELY = 15  # seconds over which the rate is measured
KEEP = timedelta(days=30)  # after its end, as long as reports and answers may come

# Each recipient is in exactly one stage. What the message proves comes before what the recipient's row says: a message
# that was cancelled and arrived after all has arrived.
STAGE = """
CASE WHEN m.status IN ('read', 'played') THEN 'read'
     WHEN m.status IN ('sent', 'delivered', 'failed') THEN m.status
     WHEN r.state IN ('left_out', 'waiting', 'skipped', 'cancelled') THEN r.state
     WHEN m.status IN ('skipped', 'cancelled') THEN m.status
     ELSE 'queued' END
"""
STAGES = {
    "waiting": "Waiting for their turn",
    "queued": "Queued",
    "sent": "Accepted, not delivered yet",
    "delivered": "Delivered, not read",
    "read": "Read",
    "failed": "Failed",
    "skipped": "Skipped",
    "cancelled": "Cancelled",
    "left_out": "Left out",
}
# The provider took the message, whatever came after: its answer or one of its reports says so.
ACCEPTED = """
(m.status IN ('sent', 'delivered', 'read', 'played') OR m.answered_at IS NOT NULL OR m.echoed_at IS NOT NULL)
"""
# One row a recipient, in the words of GROUPS. Times of steps that nobody reported are those of the next one that
# somebody did: who has read a message has got it.
ROWS = f"""
SELECT r.id, r.contact_id, r.identity_id, r.message_id, r.country, r.tapped, r.replied_at, r.tapped_at, r.opted_out_at,
       r.message_id IS NOT NULL AS is_written, r.replied_at IS NOT NULL AS has_replied,
       r.tapped_at IS NOT NULL AS has_tapped, r.opted_out_at IS NOT NULL AS has_opted_out,
       {STAGE} AS stage, coalesce({ACCEPTED}, false) AS accepted,
       CASE WHEN r.message_id IS NOT NULL THEN coalesce(nullif(m.error_code, ''), r.reason) ELSE r.reason END AS cause,
       m.error_text, m.created_at AS queued_at, m.answered_at,
       CASE WHEN {ACCEPTED} THEN coalesce(m.sent_at, m.answered_at, m.delivered_at, m.read_at, m.echoed_at) END
           AS accepted_at,
       CASE WHEN m.status IN ('delivered', 'read', 'played') THEN coalesce(m.delivered_at, m.read_at, m.played_at) END
           AS delivered_at,
       CASE WHEN m.status IN ('read', 'played') THEN coalesce(m.read_at, m.played_at) END AS read_at,
       m.failed_at
  FROM broadcasts_recipient r
  LEFT JOIN inbox_message m ON m.id = r.message_id AND m.workspace_id = r.workspace_id
 WHERE r.workspace_id = %(workspace)s AND r.broadcast_id = %(broadcast)s
"""

# Figure -> who is counted, as a condition on a row of ROWS. The first eight narrow down: each is a part of the one
# its share is given of, see SHARE_OF.
GROUPS = {
    "audience": "stage <> 'left_out'",
    "queued": "is_written",
    "accepted": "accepted",
    "delivered": "stage IN ('delivered', 'read')",
    "read": "stage = 'read'",
    "replied": "has_replied",
    "tapped": "has_tapped",
    "opted_out": "has_opted_out",
    "failed": "stage = 'failed'",
    "skipped": "stage = 'skipped'",
    "cancelled": "stage = 'cancelled'",
    "left_out": "stage = 'left_out'",
    "waiting": "stage = 'waiting'",
    "unsent": "stage = 'queued'",
    "undelivered": "stage = 'sent'",
    "unread": "stage = 'delivered'",
    "not_replied": "stage IN ('delivered', 'read') AND NOT has_replied",
}
LABELS = {
    "audience": "Audience",
    "queued": "Queued",
    "accepted": "Accepted",
    "delivered": "Delivered",
    "read": "Read",
    "replied": "Replied",
    "tapped": "Tapped a button",
    "opted_out": "Opted out",
    "failed": "Failed",
    "skipped": "Skipped",
    "cancelled": "Cancelled",
    "left_out": "Left out",
    "waiting": "Waiting",
    "unsent": "Queued, not accepted yet",
    "undelivered": "Accepted, not delivered yet",
    "unread": "Delivered, not read",
    "not_replied": "Delivered, no reply",
}
# What people read beside a figure when they ask what it means.
MEANINGS = {
    "audience": "People who were to receive it when it started",
    "queued": "A message was written and charged for",
    "accepted": "WhatsApp took the message",
    "delivered": "It arrived on their phone",
    "read": "They opened it, as far as their receipts say",
    "replied": "They wrote or tapped a button within 72 hours, or quoted it later",
    "tapped": "They tapped a button of it",
    "opted_out": "They stopped marketing within 72 hours of it",
    "failed": "It did not arrive and will not",
    "skipped": "They changed their mind, or could not be written to, when their turn came",
    "cancelled": "It was cancelled before it was sent",
    "left_out": "The audience's own rules left them out when it started",
}
SHARE_OF = {
    "queued": "audience",
    "accepted": "queued",
    "delivered": "accepted",
    "read": "delivered",
    "replied": "delivered",
    "tapped": "delivered",
    "opted_out": "delivered",
    "failed": "queued",
    "skipped": "audience",
    "cancelled": "audience",
}
CAUSED = ("failed", "skipped", "left_out")  # stages whose rows say why

_COUNTS = ", ".join(f"coalesce(sum(people) FILTER (WHERE {condition}), 0)::bigint" for condition in GROUPS.values())
_CAUSE = f"CASE WHEN stage IN {CAUSED} THEN cause ELSE '' END"
_STAGE = f"CASE WHEN stage IN {CAUSED} THEN stage ELSE '' END"
# Everybody falls into some hundred sorts; totals, countries and causes are sums of those. One walk over the rows.
FIGURES = f"""
WITH rows AS ({ROWS}),
sorts AS MATERIALIZED (
    SELECT country, stage, cause, accepted, is_written, has_replied, has_tapped, has_opted_out, count(*) AS people,
           count(*) FILTER (WHERE answered_at > clock_timestamp() - {LATELY} * interval '1 second') AS lately
      FROM rows GROUP BY 1, 2, 3, 4, 5, 6, 7, 8)
SELECT grouping(country), grouping({_STAGE}), country, {_STAGE}, {_CAUSE}, coalesce(sum(lately), 0)::bigint, {_COUNTS}
  FROM sorts GROUP BY GROUPING SETS ((), (country), ({_STAGE}, {_CAUSE}))
"""
DUE = """
SELECT workspace_id, id FROM broadcasts_broadcast
 WHERE ((status = ANY(%(live)s) OR (status = 'cancelled' AND started_at IS NOT NULL AND finished_at IS NULL))
        AND coalesce(tallied_at, '-infinity') <= %(now)s - greatest(%(fresh)s, audience_count * %(each)s))
    OR (finished_at > %(now)s - %(keep)s
        AND coalesce(tallied_at, '-infinity') <= %(now)s - greatest('1 minute', (%(now)s - finished_at) / 20))
 ORDER BY tallied_at NULLS FIRST LIMIT 100
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """How many people are in each of GROUPS, in all and by country, and why some did not get the message."""

    counts: Mapping[str, int]
    countries: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    causes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # stage of CAUSED -> cause -> people
    lately: int = 0  # messages accepted within the last LATELY seconds

    def __getitem__(self, group: str) -> int:
        return self.counts.get(group, 0)

    @property
    def settled(self) -> int:
        """Of the audience: those with whom nothing more is to be done by us."""
        return self["audience"] - self["waiting"] - self["unsent"]

    def share(self, group: str, of: str = "") -> float | None:
        """A figure as a part of another, 0 to 1; None when there is nothing to be a part of."""
        whole = self[of or SHARE_OF.get(group, "audience")]
        return self[group] / whole if whole else None

    def stored(self) -> dict[str, Any]:
        """As JSON: each figure by its name, the rest beside them."""
        return {**self.counts, "countries": self.countries, "causes": self.causes, "lately": self.lately}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Figures:
        """What `stored` made."""
        counts = {group: int(stored.get(group, 0)) for group in GROUPS}
        return cls(counts, stored.get("countries", {}), stored.get("causes", {}), int(stored.get("lately", 0)))


def figures(broadcast: Broadcast) -> Figures:
    """Count the rows as they are now, in one query; a second for some hundred thousand recipients."""
    with connection.cursor() as cursor:
        cursor.execute(FIGURES, {"workspace": broadcast.workspace_id, "broadcast": broadcast.pk})
        rows = cursor.fetchall()
    counts: Mapping[str, int] = dict.fromkeys(GROUPS, 0)
    countries: dict[str, Mapping[str, int]] = {}
    causes: dict[str, dict[str, int]] = {stage: {} for stage in CAUSED}
    lately = 0
    for all_countries, all_stages, country, stage, cause, recent, *found in rows:
        named = dict(zip(GROUPS, found, strict=True))
        if all_countries and all_stages:
            counts, lately = named, recent
        elif all_stages:
            countries[country] = named
        elif stage:
            causes[stage][cause] = named[stage]
    return Figures(counts, countries, causes, lately)


def recent(broadcast: Broadcast) -> Figures:
    """The figures as a page shows them: while it is being sent counted every few seconds at most. Writes nothing."""
    if not broadcast.is_live:
        return figures(broadcast)
    key = f"broadcast-figures-{broadcast.pk}"
    kept = cache.get(key)
    if kept is None:
        kept = figures(broadcast).stored()
        age = min(max(FRESH, broadcast.audience_count * EACH), OLDEST)
        cache.set(key, kept, age.total_seconds())
    return Figures.read(kept)


def refresh(broadcast: Broadcast, *, now: datetime | None = None) -> Figures:
    """Keep the figures with the broadcast, for lists, and tell its pages when they changed.

    Does nothing when they were counted within FRESH, or while somebody else has the row.
    """
    now = now or timezone.now()
    if broadcast.tallied_at and timedelta(0) <= now - broadcast.tallied_at < FRESH:
        return Figures.read(broadcast.tally)
    counted = figures(broadcast)
    # Waiting for the row could stop a chunk that is being sent, and be stopped by it.
    mine = Broadcast.objects.select_for_update(skip_locked=True, no_key=True)
    row = mine.filter(workspace_id=broadcast.workspace_id, pk=broadcast.pk).first()
    if row is not None:
        Broadcast.objects.filter(pk=row.pk).update(tally=counted.stored(), tallied_at=now)
        if Figures.read(row.tally).counts != counted.counts or counted.lately:
            publish(row.workspace_id, f"bc-{row.uuid}", "broadcasts")
    return counted


def refresh_due(budget: float = 1.0, *, now: datetime | None = None) -> int:
    """Keep the figures of broadcasts that change; returns how many were counted. The longest uncounted first.

    While it is being sent every few seconds, after its end less and less often.
    """
    now = now or timezone.now()
    with tenancy.all_workspaces(), connection.cursor() as cursor:
        wanted: dict[str, Any] = {"now": now, "fresh": FRESH, "each": EACH, "live": [*Broadcast.LIVE], "keep": KEEP}
        cursor.execute(DUE, wanted)
        due = cursor.fetchall()
    enough = time.monotonic() + budget
    for count, (workspace_id, broadcast_id) in enumerate(due):
        if time.monotonic() > enough:
            return count
        with tenancy.scope(workspace_id):
            refresh(Broadcast.objects.get(workspace_id=workspace_id, pk=broadcast_id), now=now)
    return len(due)

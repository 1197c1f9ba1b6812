"""Delivery status only moves forward, whatever order the provider reports in.

The merge is a join (greatest rank wins), so it is commutative and idempotent: 180 orders of the same reports end in
one state. A `failed` after `delivered` is therefore recorded nowhere but the log: the phone has the message.
"""

from __future__ import annotations

# Gaps leave room; `failed` outranks `sent` (it explains it) and yields to proof that the phone has the message.
# What was left out or cancelled never left, so nothing but proof that it did can follow.
RANKS = {
    "received": 0,
    "pending": 10,
    "sent": 20,
    "failed": 25,
    "skipped": 25,
    "cancelled": 25,
    "delivered": 30,
    "read": 40,
    "played": 50,
}

# The timestamp column each status fills, once, the first time it is seen.
STAMPS = {
    "sent": "sent_at",
    "failed": "failed_at",
    "delivered": "delivered_at",
    "read": "read_at",
    "played": "played_at",
}


def merged(current: str, reported: str) -> str:
    """The status after a report; unknown words never change anything."""
    return reported if RANKS.get(reported, -1) > RANKS.get(current, -1) else current


def rank_sql(column: str) -> str:
    """A SQL expression for the rank of a status column, so that the guard runs inside the UPDATE."""
    cases = " ".join(f"WHEN '{word}' THEN {rank}" for word, rank in RANKS.items())
    return f"(CASE {column} {cases} ELSE -1 END)"

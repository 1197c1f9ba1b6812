"""What must hold after a drill, asked of the database past row security and compared with the provider's journals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import psycopg

from config.dev import manage
from tests.drills.provider import accepted, simulator
from tests.stack import Stack

# Refused by the provider, or given up visibly. "131026" is the simulator's fault `undeliverable`.
VISIBLE = {"131026", "outcome_unknown", "expired", "connect", "131000", "130429", "131056"}

# Everything that is still on its way to a final state.
OPEN = """
SELECT (SELECT count(*) FROM inbox_message WHERE direction = 'out' AND send_state NOT IN ('done', 'none')),
       (SELECT count(*) FROM inbox_inboundwebhook WHERE processed_at IS NULL AND dead_at IS NULL),
       (SELECT count(*) FROM inbox_parkedstatus)
"""

# Each message costs its one credit or nothing. One that was paid back and turned out to be delivered after
# all stays free.
UNEVEN = """
SELECT m.uuid, m.status, m.error_code, coalesce(-sum(e.amount), 0) FROM inbox_message m
  LEFT JOIN workspaces_creditentry e ON e.message_id = m.id
 WHERE m.uuid = ANY(%s)
 GROUP BY m.id
HAVING coalesce(-sum(e.amount), 0) <> (m.status NOT IN ('failed', 'skipped', 'cancelled'))::int
   AND NOT (m.status IN ('delivered', 'read', 'played') AND count(*) FILTER (WHERE e.kind = 'refund') = 1)
"""


def ask(stack: Stack, question: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        return connection.execute(question, values).fetchall()  # type: ignore[arg-type]


def unfinished(stack: Stack) -> dict[str, int]:
    """What is still open: messages, webhooks, parked statuses, webhooks the provider still has to deliver."""
    [(messages, webhooks, parked)] = ask(stack, OPEN)
    waiting = simulator(stack, "GET", "webhooks")["pending"]
    return {"messages": messages, "webhooks": webhooks, "parked": parked, "provider": waiting}


def check_twice(stack: Stack) -> Counter[str]:
    """No message was accepted more than once; returns which were accepted."""
    taken = accepted(stack)
    twice = {identity: times for identity, times in taken.items() if times > 1}
    assert not twice, f"sent more than once: {twice}"
    return taken


def check_sent(stack: Stack, promised: set[str]) -> Counter[str]:
    """Every promised message was accepted once or failed visibly; returns how many ended how."""
    taken = check_twice(stack)
    found = ask(stack, "SELECT uuid, status, send_state, error_code FROM inbox_message WHERE direction = 'out'")
    rows = {identity.hex: (status, state, code) for identity, status, state, code in found}
    missing = promised - rows.keys()
    assert not missing, f"queued and gone: {missing}"
    ours = {identity: rows[identity] for identity in promised | taken.keys()}
    stuck = {identity: row for identity, row in ours.items() if row[1] != "done"}
    assert not stuck, f"stuck: {stuck}"
    for identity, (status, _, code) in ours.items():
        if status == "failed":
            assert code in VISIBLE, f"{identity} failed with {code!r}"
            assert code == "131026" or identity not in taken, f"{identity} was accepted and shows as {code}"
        else:
            assert identity in taken, f"{identity} shows as {status} and was never accepted"
            assert status == "delivered", f"{identity} was delivered and shows as {status}"
    return Counter(f"{status} {code}".strip() for status, _, code in ours.values())


def check_credits(stack: Stack, promised: Iterable[str]) -> None:
    """Balances, ledger and messages agree; of those promised, what went out was paid for, the rest was paid back."""
    manage(stack.environment, stack.home, "credits_check")
    wrong = ask(stack, UNEVEN, [UUID(identity) for identity in promised])
    assert wrong == [], f"{len(wrong)} messages paid for wrongly: {wrong[:5]}"


def resent(stack: Stack) -> int:
    """How many messages in doubt were proved absent, sent once more and arrived."""
    [(number,)] = ask(stack, "SELECT count(*) FROM inbox_message WHERE resends = 1 AND status = 'delivered'")
    return int(number)


def check_received(stack: Stack, bodies: Iterable[bytes], ids: set[str]) -> None:
    """Every acknowledged webhook is stored, every message in it is there once, nobody exists twice."""
    stored = {bytes(body) for (body,) in ask(stack, "SELECT body FROM inbox_inboundwebhook")}
    lost = [body for body in bodies if body not in stored]
    assert not lost, f"{len(lost)} acknowledged webhooks are not stored"
    there = {row[0] for row in ask(stack, "SELECT provider_id FROM inbox_message WHERE direction = 'in'")}
    assert not ids - there, f"{len(ids - there)} messages are missing"
    broken = ask(stack, "SELECT reason FROM inbox_deadletter UNION ALL SELECT error FROM inbox_inboundwebhook "
                        "WHERE dead_at IS NOT NULL")  # fmt: skip
    assert broken == []
    people = "SELECT address FROM contacts_identity GROUP BY workspace_id, address HAVING count(*) > 1"
    assert ask(stack, people) == []


def check_counts(stack: Stack, prefix: str) -> None:
    """The unread count of a conversation nobody looked at is the number of its messages, however often they came."""
    wrong = ask(
        stack,
        "SELECT c.id, c.unread_count, count(m.id) FROM inbox_conversation c JOIN inbox_message m "
        "ON m.conversation_id = c.id AND m.direction = 'in' JOIN contacts_identity i ON i.id = c.identity_id "
        "WHERE i.address LIKE %s GROUP BY 1, 2 HAVING c.unread_count <> count(m.id)",
        f"{prefix}%",
    )
    assert wrong == []

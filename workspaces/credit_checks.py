"""Once a day: do the balances, the ledger and the messages agree? What does not is for an admin to see.

Each rule is one statement, so it judges one moment. Balances are compared over all entries; the rules about single
entries look at those of the last days, which includes everything that can still change: the rest was looked at before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection
from django.utils import timezone

from live.publishing import publish

from . import tenancy
from .models import CreditCheck, Workspace

log = structlog.get_logger(__name__)

EVERY = timedelta(hours=24)
LOOK_BACK = timedelta(days=10)  # providers report up to seven days late
KEEP = timedelta(days=90)
EXAMPLES = 5
AT_ONCE = 50  # workspaces per job
PATIENCE = "60s"


@dataclass(frozen=True, slots=True)
class Rule:
    """`sql` selects (pocket id, example id) for each violation, from `ws` and `since`; `text` says what one means."""

    name: str
    text: str
    sql: str
    harmless: bool = False  # worth counting, no error


_rules: dict[str, Rule] = {}


def learn(*rules: Rule) -> None:
    """Check these too: apps above say here what the ledger must have in common with their rows."""
    _rules.update({rule.name: rule for rule in rules})


def text_of(name: str) -> str:
    """What a rule's findings mean, in words for people."""
    return _rules[name].text if name in _rules else name


def check(workspace: Workspace) -> CreditCheck:
    """Compare now, inside the workspace's scope, and write down what was found."""
    values = {"ws": workspace.pk, "since": timezone.now() - LOOK_BACK}
    with connection.cursor() as cursor:  # a ledger of many millions takes longer than a page may
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
    findings = [finding for rule in _rules.values() for finding in _violations(rule, values)]
    sound = all(finding.get("harmless") for finding in findings)
    found = CreditCheck.objects.create(workspace=workspace, sound=sound, findings=findings)
    CreditCheck.objects.filter(workspace=workspace, created_at__lt=timezone.now() - KEEP).delete()
    if not sound:
        log.error("credits do not add up", workspace=workspace.pk, rules=[finding["rule"] for finding in findings])
    publish(workspace.pk, "credits")
    return found


def is_due() -> bool:
    """Whether a workspace was not checked for a day."""
    return bool(_unchecked(1))


def check_due() -> int:
    """Check workspaces that were not checked for a day; returns how many. Doing it twice is harmless."""
    due = _unchecked(AT_ONCE)
    for workspace in due:
        with tenancy.scope(workspace.pk):
            check(workspace)
    return len(due)


def _unchecked(limit: int) -> list[Workspace]:
    with tenancy.all_workspaces():
        recent = CreditCheck.objects.filter(created_at__gt=timezone.now() - EVERY)
        return list(Workspace.objects.exclude(pk__in=recent.values("workspace_id")).order_by("pk")[:limit])


def _violations(rule: Rule, values: dict[str, Any]) -> list[dict[str, Any]]:
    counted = f"""
        SELECT p.kind, count(*), (array_agg(v.example ORDER BY v.example))[1:{EXAMPLES}]
          FROM ({rule.sql}) AS v (pocket_id, example) JOIN workspaces_creditpocket p ON p.id = v.pocket_id
         GROUP BY p.kind ORDER BY p.kind
    """
    with connection.cursor() as cursor:
        cursor.execute(counted, values)
        rows = cursor.fetchall()
    return [
        {"rule": rule.name, "pocket": pocket, "count": count, "examples": examples, "harmless": rule.harmless}
        for pocket, count, examples in rows
    ]


learn(
    Rule(
        "balance",
        "The balance is not the sum of its entries.",
        """
        SELECT p.id, p.id FROM workspaces_creditpocket p
         WHERE p.workspace_id = %(ws)s
           AND p.balance <> (SELECT coalesce(sum(e.amount), 0) FROM workspaces_creditentry e WHERE e.pocket_id = p.id)
        """,
    ),
    Rule(
        "running",
        "An entry's running balance does not follow from the one before it.",
        """
        SELECT e.pocket_id, e.id FROM (
            SELECT id, pocket_id, amount, balance_after,
                   lag(balance_after) OVER (PARTITION BY pocket_id ORDER BY id) AS before
              FROM workspaces_creditentry WHERE workspace_id = %(ws)s
               AND id >= (SELECT min(id) FROM workspaces_creditentry
                           WHERE workspace_id = %(ws)s AND created_at >= %(since)s)) e
         WHERE e.before + e.amount <> e.balance_after OR e.balance_after < 0
        """,
    ),
    Rule(
        "last_balance",
        "The newest entry's running balance is not the pocket's balance.",
        """
        SELECT p.id, p.id FROM workspaces_creditpocket p
         WHERE p.workspace_id = %(ws)s
           AND p.balance <> coalesce((SELECT e.balance_after FROM workspaces_creditentry e
                                       WHERE e.pocket_id = p.id ORDER BY e.id DESC LIMIT 1), 0)
        """,
    ),
    Rule(
        "refund_without_charge",
        "Credits were given back that had not been charged.",
        """
        SELECT r.pocket_id, r.id FROM workspaces_creditentry r
         WHERE r.workspace_id = %(ws)s AND r.created_at >= %(since)s AND r.kind = 'refund'
           AND NOT EXISTS (SELECT 1 FROM workspaces_creditentry c
                            WHERE c.message_id = r.message_id AND c.kind = 'charge' AND c.amount = -r.amount
                              AND c.after_attempts = r.after_attempts AND c.pocket_id = r.pocket_id)
        """,
    ),
)

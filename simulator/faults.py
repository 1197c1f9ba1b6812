"""Making the provider misbehave: by rule, or by sending to a number that means trouble."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

# action -> what it stands for. "after" actions keep the message; the others never saw it.
ACTIONS = {
    "throttle": "400 with code 130429: this number sends too fast",
    "pair_throttle": "400 with code 131056: too many messages to this person",
    "spam_throttle": "400 with code 131048: spam rate limit",
    "server_error": "500 without a body, nothing accepted",
    "server_error_after_accept": "500 without a body although the message was accepted",
    "timeout_after_accept": "accepted, then no answer for `seconds` (default 120)",
    "drop_after_accept": "accepted, then the connection ends in the middle of the answer",
    "malformed": "accepted, then 200 with a body that names no message id",
    "token_expired": "401 with code 190, subcode 463",
    "unavailable": "500 with code 131000",
    "undeliverable": "accepted, then a failed status with code 131026",
    "window_closed": "accepted, then a failed status with code 131047",
    "capped": "accepted, then a failed status with code 131049",
    "opted_out": "accepted, then a failed status with code 131050",
    "slow": "accepted and answered, `seconds` late (default 1)",
}

# +1 555 019 xyyy: yyy picks the trouble, x = 0 means every time and x = 1 the first time for each message.
MAGIC_NUMBER = re.compile(r"1555019([01])(\d{3})")
MAGIC_ACTIONS = {
    "429": "throttle",
    "056": "pair_throttle",
    "048": "spam_throttle",
    "500": "server_error",
    "501": "server_error_after_accept",
    "504": "timeout_after_accept",
    "599": "drop_after_accept",
    "200": "malformed",
    "190": "token_expired",
    "100": "unavailable",
    "026": "undeliverable",
    "047": "window_closed",
    "049": "capped",
    "050": "opted_out",
    "001": "slow",
}
MATCHABLE = {"to", "kind", "phone_number_id", "every_nth", "probability"}


@dataclass(slots=True)
class Fault:
    action: str
    seconds: float | None = None


@dataclass(slots=True)
class Rule:
    match: dict[str, Any]
    action: str
    seconds: float | None = None
    times: int | None = None
    seen: int = 0
    used: int = 0


@dataclass(slots=True)
class FaultBook:
    """The rules in force, and how often each was used."""

    rules: list[Rule] = field(default_factory=list)
    _tries: Counter[str] = field(default_factory=Counter)

    def replace(self, described: list[dict[str, Any]]) -> None:
        """Put new rules in force. Raises ValueError naming the first rule that makes no sense."""
        self.rules = [_rule(position, entry) for position, entry in enumerate(described)]
        self._tries.clear()

    def pick(self, *, to: str, kind: str, phone_number_id: str, identity: str) -> Fault | None:
        """Return the fault for this request. `identity` tells tries of one message from other messages."""
        magic = MAGIC_NUMBER.fullmatch(to)
        if magic and magic[2] in MAGIC_ACTIONS:
            self._tries[to + identity] += 1
            if magic[1] == "1" and self._tries[to + identity] > 1:
                return None
            return Fault(MAGIC_ACTIONS[magic[2]])
        facts = {"to": to, "kind": kind, "phone_number_id": phone_number_id}
        for rule in self.rules:
            if _applies(rule, facts):
                rule.used += 1
                return Fault(rule.action, rule.seconds)
        return None


def is_magic(number: str) -> bool:
    magic = MAGIC_NUMBER.fullmatch(number)
    return magic is not None and magic[2] in MAGIC_ACTIONS


def _rule(position: int, entry: dict[str, Any]) -> Rule:
    match = {name: value for name, value in (entry.get("match") or {}).items() if value is not None}
    if unknown := set(match) - MATCHABLE:
        raise ValueError(f"rule {position}: cannot match on {', '.join(sorted(unknown))}")
    if entry.get("action") not in ACTIONS:
        raise ValueError(f"rule {position}: action must be one of {', '.join(sorted(ACTIONS))}")
    if "to" in match:
        match["to"] = str(match["to"]).lstrip("+")
    return Rule(match=match, action=entry["action"], seconds=entry.get("seconds"), times=entry.get("times"))


def _applies(rule: Rule, facts: dict[str, str]) -> bool:
    if rule.times is not None and rule.used >= rule.times:
        return False
    if any(rule.match[name] != facts[name] for name in facts if name in rule.match):
        return False
    rule.seen += 1
    if "every_nth" in rule.match and rule.seen % int(rule.match["every_nth"]):
        return False
    return "probability" not in rule.match or random.random() < float(rule.match["probability"])

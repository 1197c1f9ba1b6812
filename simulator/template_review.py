"""The reviewers: what becomes of a submitted template, and when. Also what else happens to one at a set time.

Configured rules come first. After them words in the template's own text decide: `[reject]` or `[reject SCAM]`,
`[hold]` (the review never ends), `[category MARKETING]` (approved, but filed under another category).
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from simulator import template_hooks
from simulator.records import Template
from simulator.state import World
from simulator.webhooks import Outbox

DECISIONS = ("approve", "reject", "hold")
MATCHABLE = {"contains", "name", "language", "category"}
RULE_KEYS = {"match", "decision", "reason", "explanation", "recommendation", "category", "at_once", "delay_seconds"}
MAGIC = re.compile(r"\[(reject|hold|category)(?: ([A-Z_]+))?\]")
STATUSES = (
    "APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "FLAGGED", "REINSTATED", "IN_APPEAL", "ARCHIVED",
    "UNARCHIVED", "LOCKED", "LIMIT_EXCEEDED", "PENDING_DELETION", "DELETED",
)  # fmt: skip


@dataclass(slots=True)
class Settings:
    """How reviews and limits work. Set by `PUT /_sim/template_review`; survives restarts."""

    delay_seconds: tuple[float, float] = (2.0, 4.0)
    rules: list[dict[str, Any]] = field(default_factory=list)
    deletion_seconds: float = 3.0  # from the call until the template leaves the list
    blocked_days: float = 30.0
    edit_limits: bool = True
    creations_per_hour: int = 100
    template_limit: int = 6000

    def update(self, wanted: dict[str, Any]) -> None:
        """Take over known settings. Raises ValueError naming what makes no sense."""
        if unknown := set(wanted) - {known.name for known in fields(self)}:
            raise ValueError("unknown settings: " + ", ".join(sorted(unknown)))
        for position, rule in enumerate(wanted.get("rules", [])):
            _check_rule(position, rule)
        for name, value in wanted.items():
            setattr(self, name, _span(value) if name == "delay_seconds" else value)


def _span(value: Any) -> tuple[float, float]:
    low, high = value if isinstance(value, list | tuple) else (value, value)
    return float(low), float(high)


def _check_rule(position: int, rule: Any) -> None:
    if not isinstance(rule, dict) or set(rule) - RULE_KEYS:
        raise ValueError(f"rule {position}: takes only {', '.join(sorted(RULE_KEYS))}")
    if unknown := set(rule.get("match") or {}) - MATCHABLE:
        raise ValueError(f"rule {position}: cannot match on {', '.join(sorted(unknown))}")
    if rule.get("decision", "approve") not in DECISIONS:
        raise ValueError(f"rule {position}: decision must be one of {', '.join(DECISIONS)}")


class Reviewer:
    def __init__(self, world: World, outbox: Outbox) -> None:
        self.settings = Settings()
        self._world, self._outbox = world, outbox
        self._wake = asyncio.Event()

    def load(self) -> None:
        for row in self._world.storage.load("template_review"):
            self.settings.update(row)

    def change_settings(self, wanted: dict[str, Any]) -> None:
        self.settings.update(wanted)
        self._world.storage.put("template_review", "all", asdict(self.settings))

    def submit(self, template: Template) -> None:
        """Put a new or edited template into review."""
        rule = self._rule(template)
        if rule.get("at_once") and rule.get("category"):
            template.category = rule["category"]  # the answer to the submission says so already
        low, high = _span(rule.get("delay_seconds", self.settings.delay_seconds))
        template.status, template.rejected_reason = "PENDING", "NONE"
        template.review_at = time.time() + random.uniform(low, high)
        self._save(template)

    def delete(self, template: Template) -> None:
        """Take a template out of use; it stays in the list for a little while."""
        template.status, template.review_at = "PENDING_DELETION", None
        template.gone_at = time.time() + self.settings.deletion_seconds
        self._save(template)
        self._announce(template, template_hooks.status_change(template))

    def change(self, template: Template, wanted: dict[str, Any]) -> None:
        """What a driver lets happen to a template. Raises ValueError naming what makes no sense."""
        known = {"status", "reason", "explanation", "recommendation", "quality", "category", "upcoming_category",
                 "effective_at", "components", "gone", "webhook"}  # fmt: skip
        if unknown := set(wanted) - known:
            raise ValueError("cannot change " + ", ".join(sorted(unknown)))
        if "status" in wanted and wanted["status"] not in STATUSES:
            raise ValueError("status must be one of " + ", ".join(STATUSES))
        if wanted.get("gone"):
            self._world.templates.remove(template)
            return
        news = list(self._changed(template, wanted))
        self._save(template)
        if wanted.get("webhook", True):
            for change in news:
                self._announce(template, change)

    def _changed(self, template: Template, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        news = []
        if wanted.get("category"):
            template.previous_category, template.category = template.category, wanted["category"]
            template.next_category, template.category_at = "", None
            news.append(template_hooks.category_change(template))
        if wanted.get("upcoming_category"):
            template.next_category = wanted["upcoming_category"]
            template.category_at = float(wanted.get("effective_at") or time.time() + 86_400)
            news.append(template_hooks.category_change(template))
        if wanted.get("quality"):
            previous, template.quality = template.quality, wanted["quality"]
            news.append(template_hooks.quality_change(template, previous))
        if wanted.get("components"):
            template.components = wanted["components"]
            news.append(template_hooks.components_change(template))
        if wanted.get("status"):
            words = {name: wanted[name] for name in ("explanation", "recommendation") if name in wanted}
            news.append(self._with_status(template, wanted["status"], wanted.get("reason", "NONE"), **words))
        return news

    def _with_status(self, template: Template, status: str, reason: str = "NONE", **words: str) -> dict[str, Any]:
        template.status, template.review_at = status, None
        template.rejected_reason = reason if status == "REJECTED" else "NONE"
        return template_hooks.status_change(template, reason=reason, **words)

    # As time goes by

    async def run(self) -> None:
        while True:
            self._wake.clear()
            for template in list(self._world.templates.waiting.values()):
                self._let_happen(template, time.time())
            moments = [
                moment for template in self._world.templates.waiting.values()
                for moment in (template.review_at, template.gone_at, template.category_at) if moment is not None
            ]  # fmt: skip
            timeout = max(0.005, min(moments) - time.time()) if moments else None
            try:
                await asyncio.wait_for(self._wake.wait(), timeout)
            except TimeoutError:
                continue

    def _let_happen(self, template: Template, now: float) -> None:
        if template.review_at is not None and template.review_at <= now:
            self._decide(template)
        if template.category_at is not None and template.category_at <= now:
            self.change(template, {"category": template.next_category})
        if template.gone_at is not None and template.gone_at <= now:
            self._world.templates.remove(template)
            template.status = "DELETED"
            self._announce(template, template_hooks.status_change(template))

    def _decide(self, template: Template) -> None:
        rule = self._rule(template)
        decision = rule.get("decision", "approve")
        if decision == "hold":
            template.review_at = None
            self._save(template)
            return
        wanted = {name: rule[name] for name in ("explanation", "recommendation") if rule.get(name)}
        if decision == "reject":
            self.change(template, {**wanted, "status": "REJECTED", "reason": rule.get("reason", "INVALID_FORMAT")})
            return
        if rule.get("category", template.category) != template.category:
            wanted["category"] = rule["category"]
        self.change(template, {**wanted, "status": "APPROVED"})

    def _rule(self, template: Template) -> dict[str, Any]:
        """The first rule that fits, or what the template's own words ask for."""
        text = json.dumps(template.components, ensure_ascii=False)
        for rule in self.settings.rules:
            if _fits(rule.get("match") or {}, template, text):
                return rule
        magic = MAGIC.search(text)
        if magic is None:
            return {}
        if magic[1] == "category":
            return {"category": magic[2] or "MARKETING"}
        return {"decision": magic[1], "reason": magic[2] or "INVALID_FORMAT"}

    def _save(self, template: Template) -> None:
        self._world.templates.save(template)
        self._wake.set()

    def _announce(self, template: Template, change: dict[str, Any]) -> None:
        """Tell every hook of the account once, whichever of its numbers it belongs to."""
        hooks: dict[str, str] = {}
        for channel in self._world.channels.values():
            if channel.waba_id == template.waba_id and channel.hook_url:
                hooks.setdefault(channel.hook_url, channel.phone_number_id)
        for phone_number_id in hooks.values():
            self._outbox.add(phone_number_id, "field", change)


def _fits(match: dict[str, Any], template: Template, text: str) -> bool:
    if match.get("contains", "").casefold() not in text.casefold():
        return False
    return all(getattr(template, name) == match[name] for name in ("name", "language", "category") if name in match)

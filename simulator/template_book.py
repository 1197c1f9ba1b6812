"""The templates of every account, the names that are blocked, and a log of the calls that changed them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from simulator.records import Template
from simulator.seeds import seed_templates
from simulator.storage import Storage

DAY = 86_400.0
ANY_LANGUAGE = "*"
MARKS = ("review_at", "gone_at", "category_at")


class TemplateBook:
    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._accounts: dict[str, dict[str, Template]] = {}
        self._blocked: dict[str, float] = {}  # account/name/language → until when
        self.calls: list[dict[str, Any]] = []
        self.waiting: dict[str, Template] = {}  # those to which something happens at a set time

    def load(self) -> None:
        for row in self._storage.load("template_account"):
            self._accounts[row["waba_id"]] = {}
        for row in self._storage.load("template"):
            self._file(Template(**row))
        for row in self._storage.load("template_block"):
            self._blocked[row["key"]] = row["until"]
        self.calls = sorted(self._storage.load("template_call"), key=lambda row: row["number"])

    # Accounts

    def open_account(self, waba_id: str) -> None:
        """Give an account that is new its first templates."""
        if waba_id not in self._accounts:
            self.replace(waba_id, seed_templates(waba_id))

    def replace(self, waba_id: str, described: list[dict[str, Any]]) -> list[Template]:
        """Let the account have exactly these, unchecked. Raises ValueError for one without a name."""
        fresh = [described_template(waba_id, row) for row in described]
        for template in list(self._accounts.get(waba_id, {}).values()):
            self.remove(template)
        self._accounts.setdefault(waba_id, {})
        self._storage.put("template_account", waba_id, {"waba_id": waba_id})
        for template in fresh:
            self.save(template)
        return fresh

    def of(self, waba_id: str) -> list[Template]:
        """Every template that the account's list shows, oldest first."""
        return list(self._accounts.get(waba_id, {}).values())

    def get(self, template_id: str) -> Template | None:
        for templates in self._accounts.values():
            if template_id in templates:
                return templates[template_id]
        return None

    def find(self, waba_id: str, name: str, language: str) -> Template | None:
        for template in self._accounts.get(waba_id, {}).values():
            if template.name == name and template.language == language:
                return template
        return None

    # Changes

    def save(self, template: Template) -> None:
        self._file(template)
        self._storage.put("template", f"{template.waba_id}/{template.id}", template)

    def _file(self, template: Template) -> None:
        self._accounts.setdefault(template.waba_id, {})[template.id] = template
        if any(getattr(template, mark) is not None for mark in MARKS):
            self.waiting[template.id] = template
        else:
            self.waiting.pop(template.id, None)

    def remove(self, template: Template) -> None:
        self._accounts.get(template.waba_id, {}).pop(template.id, None)
        self.waiting.pop(template.id, None)
        self._storage.delete("template", f"{template.waba_id}/{template.id}")

    def block(self, waba_id: str, name: str, language: str, days: float) -> None:
        """Keep a name from being used again for a while, in one language or, with `*`, in all."""
        key, until = f"{waba_id}/{name}/{language}", time.time() + days * DAY
        self._blocked[key] = until
        self._storage.put("template_block", key, {"key": key, "until": until})

    def is_blocked(self, waba_id: str, name: str, language: str) -> bool:
        keys = (f"{waba_id}/{name}/{language}", f"{waba_id}/{name}/{ANY_LANGUAGE}")
        return any(self._blocked.get(key, 0.0) > time.time() for key in keys)

    def forget_blocks(self) -> None:
        for key in self._blocked:
            self._storage.delete("template_block", key)
        self._blocked.clear()

    # Calls

    def note(self, call: str, waba_id: str, **facts: Any) -> None:
        """Write down a change that was accepted, to count doubles."""
        number = self.calls[-1]["number"] + 1 if self.calls else 1
        entry = {"number": number, "at": time.time(), "call": call, "waba_id": waba_id, **facts}
        self.calls.append(entry)
        self._storage.put("template_call", str(number), entry)

    def creations_since(self, waba_id: str, moment: float) -> int:
        return sum(1 for entry in self._of(waba_id, "create") if entry["at"] >= moment)

    def _of(self, waba_id: str, call: str) -> Iterator[dict[str, Any]]:
        return (entry for entry in self.calls if entry["waba_id"] == waba_id and entry["call"] == call)


def described_template(waba_id: str, row: dict[str, Any]) -> Template:
    """A template from a driver's words or the list's own shape. Raises ValueError when it has no name."""
    if not isinstance(row, dict) or not row.get("name"):
        raise ValueError("a template needs a name")
    known = {field.name for field in fields(Template)}
    values = {name: value for name, value in row.items() if name in known}
    score = (row.get("quality_score") or {}).get("score")
    return Template(**{
        "language": "en_US", "category": "UTILITY", "status": "APPROVED", "components": [],
        "created_at": time.time(), **({"quality": score} if score else {}), **values,
        "id": str(row.get("id") or new_template_id()), "waba_id": waba_id,
    })  # fmt: skip


def new_template_id() -> str:
    return str(secrets.randbelow(9 * 10**15) + 10**15)

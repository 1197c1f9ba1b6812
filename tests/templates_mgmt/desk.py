"""Short ways to what every test of the life cycle does: write a template, work off tasks, look at what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from providers.types import Event
from templates_mgmt import drafting, news, submitting, tasks
from templates_mgmt.models import (
    MessageTemplate,
    TemplateNotice,
    TemplateTask,
    TemplateTranslation,
    TemplateVersion,
)
from tests.factories import make_channel, make_member, make_workspace
from tests.templates_mgmt.account import FakeAccount
from workspaces import tenancy
from workspaces.models import Channel, Member

BODY = [{"type": "BODY", "text": "Hi {{1}}, your order has shipped."}]
SAMPLES = {"body:1": {"sample": "Ana", "source": "field", "value": "first_name"}}


class Desk:
    """Ana at work in a workspace with one number of the account."""

    def __init__(self, account: FakeAccount, **channel: Any) -> None:
        self.account = account
        self.ana: Member = make_member(make_workspace(), role="owner", name="Ana")
        self.workspace = self.ana.workspace
        self.channel: Channel = make_channel(self.workspace, base_url=account.base_url, **channel)

    @contextmanager
    def scope(self) -> Iterator[None]:
        with tenancy.scope(self.workspace.pk):
            yield

    def draft(self, name: str = "order_shipped", *, language: str = "en", kind: str = "provider") -> Any:
        """A draft that can be submitted."""
        is_quick = kind == "quick"
        with self.scope():
            translation = drafting.create(
                self.workspace, kind=kind, channel=None if is_quick else self.channel, name=name,
                language=language, category="" if is_quick else "utility", by=self.ana,
            )  # fmt: skip
            if not is_quick:
                self.write(translation)
            return translation

    def write(self, translation: TemplateTranslation, components: Any = None, **given: Any) -> TemplateVersion:
        """Open the draft if need be and save a text in it."""
        with self.scope():
            draft = drafting.open_version(translation, by=self.ana)
            wanted = {
                "components": components or BODY, "variables": SAMPLES, "category": draft.category or "utility",
                "parameter_format": "positional", "revision": draft.revision, **given,
            }  # fmt: skip
            return drafting.save(translation, by=self.ana, **wanted)

    def submit(self, translation: TemplateTranslation) -> TemplateTask:
        with self.scope():
            translation.refresh_from_db()
            return submitting.submit(translation, channel=self.channel, by=self.ana)

    def approved(self, name: str = "order_shipped", **given: Any) -> TemplateTranslation:
        """A template that went through review."""
        translation = self.draft(name, **given)
        self.submit(translation)
        self.work()
        self.hear(translation, "APPROVED")
        return self.now(translation)

    def hear(self, translation: TemplateTranslation, word: str, *, at: datetime | None = None, **details: Any) -> None:
        """A webhook about the status."""
        self.tell(translation, "template_status", at=at, status=word, reason=details.pop("reason", None), **details)

    def tell(
        self,
        translation: TemplateTranslation,
        kind: str,
        *,
        at: datetime | None = None,
        status: str | None = None,
        reason: str | None = None,
        **details: Any,
    ) -> None:
        """Any webhook about a template, timed to the second."""
        row = self.now(translation)
        known = {"template_id": row.provider_id, "name": row.template.name, "language": row.language}
        when = (at or datetime.now(UTC)).replace(microsecond=0)
        with self.scope():
            event = Event(kind, timestamp=when, status=status, reason=reason, details={**known, **details})
            news.apply(self.channel, event)

    def work(self) -> int:
        """Work off what is due; returns how many turns that took."""
        turns = 0
        while tasks.work_next():
            turns += 1
        return turns

    def time_passes(self) -> None:
        """Every task that waits is due, and every lease has run out."""
        past = timezone.now() - timedelta(seconds=1)
        with self.scope():
            TemplateTask.objects.filter(state__in=TemplateTask.LIVE).update(next_try_at=past)
            TemplateTask.objects.exclude(lease_until=None).update(lease_until=past)

    def now(self, row: Any) -> Any:
        """The row as it is stored."""
        with self.scope():
            if isinstance(row, TemplateTranslation):
                return TemplateTranslation.objects.select_related("template").get(pk=row.pk)
            return type(row).objects.get(pk=row.pk)

    def versions(self, translation: TemplateTranslation) -> list[tuple[int, str]]:
        with self.scope():
            return list(translation.versions.order_by("number").values_list("number", "state"))

    def notices(self) -> list[tuple[str, str]]:
        """Kind and text, oldest first."""
        with self.scope():
            return list(TemplateNotice.objects.order_by("id").values_list("kind", "text"))

    def statuses(self) -> dict[tuple[str, str], str]:
        with self.scope():
            rows = TemplateTranslation.objects.values_list("template__name", "language", "status")
            return {(name, language): status for name, language, status in rows}

    def templates(self) -> list[str]:
        with self.scope():
            return sorted(MessageTemplate.objects.filter(deleted_at=None).values_list("name", flat=True))

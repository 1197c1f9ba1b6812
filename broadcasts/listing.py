"""The list of broadcasts: which, newest first, page by page. Everything that chooses them stands in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet

from workspaces.models import Workspace

from .models import Broadcast

PAGE = 50
Status = Broadcast.Status
# What a person asks for → the statuses that are it.
STATES: dict[str, tuple[str, tuple[str, ...]]] = {
    "draft": ("Drafts", (Status.DRAFT,)),
    "scheduled": ("Scheduled", (Status.SCHEDULED,)),
    "running": ("Being sent", (Status.PREPARING, Status.RUNNING)),
    "paused": ("Paused", (Status.PAUSED,)),
    "finished": ("Finished", (Status.FINISHED,)),
    "cancelled": ("Cancelled", (Status.CANCELLED,)),
    "missed": ("Missed", (Status.MISSED,)),
}
LAST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Filter:
    """Which broadcasts a list shows. Plain words, so that it can stand in a URL."""

    q: str = ""
    status: str = ""
    series: str = ""  # the uuid of a repeating broadcast: only what came of it

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Filter:
        """From a query string; what it does not know is left out, never trusted."""
        given = {field.name: str(params.get(field.name) or "").strip()[:100] for field in fields(cls)}
        made = cls(**{**given, "q": " ".join(given["q"].replace("\x00", "").split())})
        is_uuid = len(made.series) == 36 and set(made.series) <= set("0123456789abcdef-")
        return replace(made, status=made.status if made.status in STATES else "", series=made.series if is_uuid else "")

    def params(self) -> dict[str, str]:
        """The parts that say something."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    def query(self, **changes: str) -> str:
        """As the end of a URL, "?q=sale&status=paused" or ''."""
        params = {**self.params(), **changes}
        return f"?{urlencode(params)}" if params else ""

    @property
    def narrows(self) -> bool:
        """Whether any broadcast may be left out."""
        return bool(self.params())


@dataclass(frozen=True, slots=True)
class Page:
    broadcasts: Sequence[Broadcast]
    after: int | None  # where the next page begins, None on the last


def living(workspace: Workspace) -> QuerySet[Broadcast]:
    """Everything that was not thrown away."""
    return Broadcast.objects.filter(workspace_id=workspace.pk, deleted_at=None)


def chosen(workspace: Workspace, asked: Filter) -> QuerySet[Broadcast]:
    """The broadcasts a filter leaves."""
    found = living(workspace)
    if asked.status:
        found = found.filter(status__in=STATES[asked.status][1])
    if asked.series:
        found = found.filter(series__uuid=asked.series)
    if asked.q:
        named = Q(name__icontains=asked.q) | Q(text__icontains=asked.q)
        found = found.filter(named | Q(translation__template__name__icontains=asked.q))
    return found


def page(workspace: Workspace, asked: Filter, after: int | None = None) -> Page:
    """One page of at most PAGE broadcasts, those made last first, beginning behind the one with the id `after`."""
    found = chosen(workspace, asked).filter(pk__lt=after or LAST_ID).order_by("-pk")
    rows = list(found.select_related("channel", "translation__template", "series")[: PAGE + 1])
    return Page(rows[:PAGE], rows[PAGE - 1].pk if len(rows) > PAGE else None)


def counts(workspace: Workspace) -> dict[str, int]:
    """How many broadcasts there are in each state."""
    found = living(workspace).order_by().values_list("status").annotate(number=Count("pk"))
    by_status = dict(found)
    return {state: sum(by_status.get(each, 0) for each in words) for state, (_, words) in STATES.items()}

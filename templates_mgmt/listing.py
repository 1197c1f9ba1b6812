"""The list of templates: which, in what order, page by page. Everything that chooses them stands in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, F, Max, OuterRef, Prefetch, Q, QuerySet, TextField
from django.db.models.functions import Cast, Lower

from workspaces.models import Workspace

from . import languages
from .models import MessageTemplate, TemplateTranslation, TemplateVersion

PAGE = 50
Kind, Category, Status = MessageTemplate.Kind, MessageTemplate.Category, TemplateTranslation.Status
ORDERS = {
    "name": ("Name, A to Z", (Lower("name"), "pk")),
    "used": ("Last used first", (F("used").desc(nulls_last=True), "-pk")),
    "new": ("Newest first", ("-pk",)),
}
FIRST_ORDER = "name"
STATUSES = {
    word.value: word.label for word in Status if word not in {Status.DELETED, Status.DELETING, Status.SUBMITTING}
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which templates a list shows. Plain words, so that it can stand in a URL."""

    kind: str = Kind.PROVIDER.value
    q: str = ""
    status: str = ""
    language: str = ""
    category: str = ""
    sort: str = FIRST_ORDER

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Filter:
        """From a query string; what it does not know is left out, never trusted."""
        given = {field.name: str(params.get(field.name) or "").strip()[:100] for field in fields(cls)}
        made = cls(**{**given, "q": " ".join(given["q"].replace("\x00", "").split())})
        return replace(
            made,
            kind=made.kind if made.kind in Kind.values else Kind.PROVIDER.value,
            status=made.status if made.status in STATUSES else "",
            language=made.language if made.language in dict(languages.LANGUAGES) else "",
            category=made.category if made.category in Category.values else "",
            sort=made.sort if made.sort in ORDERS else FIRST_ORDER,
        )

    def params(self) -> dict[str, str]:
        """The parts that say something."""
        usual = {"kind": Kind.PROVIDER.value, "sort": FIRST_ORDER}
        made = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in made.items() if value and usual.get(name) != value}

    def query(self, **changes: str) -> str:
        """As the end of a URL, "?q=order&status=rejected" or ''."""
        params = {**self.params(), **changes}
        return f"?{urlencode(params)}" if params else ""

    @property
    def narrows(self) -> bool:
        """Whether any template of this kind may be left out."""
        return bool(set(self.params()) - {"sort", "kind"})


@dataclass(frozen=True, slots=True)
class Page:
    templates: Sequence[MessageTemplate]  # each with the `shown` languages, those with the texts that are `coming`
    number: int
    has_more: bool


def templates(workspace: Workspace, chosen: Filter) -> QuerySet[MessageTemplate]:
    """The templates a filter leaves, in its order."""
    living = TemplateTranslation.objects.filter(workspace_id=workspace.pk, template=OuterRef("pk"))
    living = living.exclude(status=Status.DELETED)
    found = MessageTemplate.objects.filter(workspace_id=workspace.pk, kind=chosen.kind, deleted_at=None)
    narrowed = living
    if chosen.status:
        narrowed = narrowed.filter(status=chosen.status)
    if chosen.language:
        narrowed = narrowed.filter(language=chosen.language)
    if chosen.status or chosen.language:
        found = found.filter(Exists(narrowed))
    if chosen.category:
        found = found.filter(Q(category=chosen.category) | Exists(living.filter(category=chosen.category)))
    if chosen.q:
        text = Cast("components", TextField())
        said = living.annotate(text=text).filter(text__icontains=chosen.q)
        drafted = TemplateVersion.objects.filter(
            workspace_id=workspace.pk, translation__template=OuterRef("pk"), state=TemplateVersion.State.OPEN
        )
        written = drafted.annotate(text=text).filter(text__icontains=chosen.q)
        found = found.filter(Q(name__icontains=chosen.q) | Exists(said) | Exists(written))
    if chosen.sort == "used":
        found = found.annotate(used=Max("translations__last_used_at"))
    return found.order_by(*ORDERS[chosen.sort][1])


def page(workspace: Workspace, chosen: Filter, number: int = 1) -> Page:
    """One page of at most PAGE templates, with the languages that are not deleted."""
    first = (number - 1) * PAGE
    shown = (
        TemplateTranslation.objects.filter(workspace_id=workspace.pk)
        .exclude(status=Status.DELETED)
        .order_by("language", "pk")
    )
    coming = TemplateVersion.objects.filter(
        workspace_id=workspace.pk, state__in=[TemplateVersion.State.OPEN, TemplateVersion.State.SUBMITTED]
    )
    shown = shown.prefetch_related(Prefetch("versions", coming.order_by("-pk"), to_attr="coming"))
    found = templates(workspace, chosen).prefetch_related(Prefetch("translations", shown, to_attr="shown"))
    rows = list(found[first : first + PAGE + 1])
    return Page(rows[:PAGE], number, len(rows) > PAGE)


def counts(workspace: Workspace) -> dict[str, int]:
    """How many templates there are of each kind."""
    found = MessageTemplate.objects.filter(workspace_id=workspace.pk, deleted_at=None)
    kinds = list(found.values_list("kind", flat=True))
    return {kind: kinds.count(kind) for kind in Kind.values}

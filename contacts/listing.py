"""The list of people: which, in what order, page by page. Everything that chooses them stands in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.dateparse import parse_datetime

from workspaces.models import Channel, Workspace

from .models import Consent, ConsentState, Identity, Purpose, SearchableContact, Segment, Tag
from .searching import contact_ids
from .segments.compiling import of_segment

PAGE = 50


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort. People without the value come last, whatever the direction, so they are a part of their own."""

    label: str
    column: str
    descending: bool = False
    blank: Q | None = None


ORDERS = {
    "seen": Order("Last wrote, newest first", "last_seen_at", True, Q(last_seen_at=None)),
    "seen-oldest": Order("Last wrote, longest ago first", "last_seen_at", False, Q(last_seen_at=None)),
    "name": Order("Name, A to Z", "name", False, Q(name="")),
    "name-backwards": Order("Name, Z to A", "name", True, Q(name="")),
    "added": Order("Added, newest first", "created_at", True),
    "added-oldest": Order("Added, oldest first", "created_at", False),
}
FIRST_ORDER = "seen"
CONSENTS = {"opted_in": "Opted in", "opted_out": "Opted out", "unknown": "Never asked"}
BLOCKED = {"no": "Not blocked", "yes": "Blocked"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which people a list shows. Plain words, so that it can stand in a URL or in an export's row."""

    q: str = ""
    tag: str = ""  # primary key of a Tag
    consent: str = ""  # to marketing
    channel: str = ""
    blocked: str = ""
    segment: str = ""  # uuid
    sort: str = FIRST_ORDER

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Filter:
        """From a query string or stored JSON; what it does not know is left out, never trusted."""
        given = {field.name: str(params.get(field.name) or "").strip()[:100] for field in fields(cls)}
        made = cls(**{**given, "q": " ".join(given["q"].replace("\x00", "").split())})
        return replace(
            made,
            tag=made.tag if made.tag.isdecimal() and len(made.tag) < 10 else "",
            consent=made.consent if made.consent in CONSENTS else "",
            channel=made.channel if made.channel in Channel.Kind.values else "",
            blocked=made.blocked if made.blocked in BLOCKED else "",
            segment=made.segment if _uuid(made.segment) else "",
            sort=made.sort if made.sort in ORDERS else FIRST_ORDER,
        )

    def params(self) -> dict[str, str]:
        """The parts that say something."""
        made = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in made.items() if value and (name, value) != ("sort", FIRST_ORDER)}

    def query(self, **changes: str) -> str:
        """As the end of a URL, "?tag=3&sort=name" or ''."""
        params = replace(self, **changes).params()
        return f"?{urlencode(params)}" if params else ""

    @property
    def narrows(self) -> bool:
        """Whether anybody may be left out."""
        return bool(set(self.params()) - {"sort"})


def people(workspace: Workspace, chosen: Filter) -> QuerySet[SearchableContact]:
    """The people a filter leaves, without order. A tag or segment that is gone leaves nobody."""
    found = SearchableContact.objects.filter(workspace_id=workspace.pk)
    if chosen.segment:
        segment = Segment.objects.filter(workspace_id=workspace.pk, uuid=chosen.segment).first()
        found = of_segment(_within(segment, workspace)).people if segment else found.none()
    if chosen.q:
        found = found.filter(pk__in=contact_ids(workspace.pk, chosen.q))
    if chosen.tag:
        known = Tag.objects.filter(workspace_id=workspace.pk, pk=int(chosen.tag)).exists()
        found = found.filter(tag_ids__contains=[int(chosen.tag)]) if known else found.none()
    if chosen.blocked:
        found = found.filter(blocked_at__isnull=chosen.blocked == "no")
    if chosen.channel:
        there = Identity.objects.filter(workspace_id=workspace.pk, channel_kind=chosen.channel, contact=OuterRef("pk"))
        found = found.filter(Exists(there))
    return found.filter(_consent(workspace.pk, chosen.consent)) if chosen.consent else found


def _within(segment: Segment, workspace: Workspace) -> Segment:
    segment.workspace = workspace
    return segment


def _consent(workspace_id: int, state: str) -> Q:
    said = Consent.objects.filter(
        workspace_id=workspace_id,
        purpose=Purpose.MARKETING,
        identity__contact=OuterRef("pk"),
        identity__workspace_id=workspace_id,
    )
    if state == "unknown":
        return ~Q(Exists(said))
    out = Q(Exists(said.filter(state=ConsentState.OPTED_OUT)))
    return out if state == "opted_out" else Q(Exists(said.filter(state=ConsentState.OPTED_IN))) & ~out


@dataclass(frozen=True, slots=True)
class Page:
    people: list[SearchableContact]
    more: str = ""  # where the next page begins, '' at the end


def page(workspace: Workspace, chosen: Filter, *, after: str = "", size: int = PAGE) -> Page:
    """The first page, or the one behind the cursor `after`. A cursor that makes no sense gives the first page."""
    order = ORDERS[chosen.sort]
    found = people(workspace, chosen)
    cursor = _Cursor.read(after, order)
    shown: list[SearchableContact] = []
    if cursor is None or not cursor.blank:
        filled = found.exclude(order.blank) if order.blank else found
        shown = list(_behind(filled, order, cursor)[: size + 1])
    if order.blank is not None and len(shown) <= size:
        blank = found.filter(order.blank)
        if cursor is not None and cursor.blank:
            blank = blank.filter(pk__lt=cursor.pk)
        shown += list(blank.order_by("-pk")[: size + 1 - len(shown)])
    more = _Cursor.of(shown[size - 1], order).written if len(shown) > size else ""
    return Page(shown[:size], more)


def _behind(found: QuerySet[SearchableContact], order: Order, cursor: _Cursor | None) -> QuerySet[SearchableContact]:
    sign, side = ("-", "lt") if order.descending else ("", "gt")
    if cursor is not None:
        # The first condition alone would do as a fence for the index; the rest settles equal values.
        fence = Q(**{f"{order.column}__{side}e": cursor.value})
        equal = Q(**{order.column: cursor.value, f"pk__{side}": cursor.pk})
        found = found.filter(fence, Q(**{f"{order.column}__{side}": cursor.value}) | equal)
    key = F(order.column).desc() if order.descending else F(order.column).asc()
    if order.column == "last_seen_at":
        # Nobody without a value is left here, but only these words let the planner walk the index either way.
        key = F(order.column).desc(nulls_last=True) if order.descending else F(order.column).asc(nulls_first=True)
    return found.order_by(key, f"{sign}pk")


@dataclass(frozen=True, slots=True)
class _Cursor:
    """The last person of a page: their value in the order, or that they have none, and their key."""

    pk: int
    value: Any = None
    blank: bool = False

    @classmethod
    def of(cls, person: SearchableContact, order: Order) -> _Cursor:
        value = getattr(person, order.column)
        return cls(person.pk, value, blank=value is None or value == "")

    @property
    def written(self) -> str:
        shown = self.value.isoformat() if isinstance(self.value, datetime) else self.value
        return f"{self.pk}~" if self.blank else f"{self.pk}~{shown}"

    @classmethod
    def read(cls, written: str, order: Order) -> _Cursor | None:
        number, _, value = written.partition("~")
        if not number.isdecimal() or len(number) > 18:
            return None
        if not value:
            return cls(int(number), blank=True) if order.blank is not None else None
        if order.column == "name":
            return None if "\x00" in value else cls(int(number), value)
        try:
            at = parse_datetime(value.replace(" ", "+"))
        except ValueError:
            return None
        return cls(int(number), at) if at is not None and at.tzinfo is not None else None


def _uuid(written: str) -> bool:
    try:
        UUID(written)
    except ValueError:
        return False
    return True

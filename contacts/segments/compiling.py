"""Turn checked rules into a query. Everything is built from the ORM's own lookups; no text of a rule becomes SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Upper
from django.db.models.lookups import Contains, Exact, GreaterThan, LessThan, StartsWith
from django.utils import timezone

from workspaces.models import Workspace

from ..models import Consent, Identity, SearchableContact, Segment
from . import broadcasts
from .books import book_of
from .rules import BadRules, Condition, Rules, parse
from .vocabulary import CUSTOM, Book

COLUMNS = {"last_inbound": "last_seen_at", "last_outbound": "last_outbound_at", "created": "created_at"}
NOBODY = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Compiled:
    """A query, and in words why it may match nobody although it should match somebody."""

    people: QuerySet[SearchableContact]
    problems: tuple[str, ...] = ()
    condition: Q = NOBODY  # the same as a condition on people, to be joined with others


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where and when the question is asked."""

    workspace_id: int
    zone: tzinfo
    now: datetime
    book: Book

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self.zone)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()


def compiled(workspace: Workspace, rules: Rules, *, book: Book | None = None, now: datetime | None = None) -> Compiled:
    """The people that rules describe. Rules with a broken condition match nobody, never everybody."""
    people = SearchableContact.objects.filter(workspace_id=workspace.pk)
    if problems := rules.problems:
        return Compiled(people.none(), tuple(problems))
    zone = ZoneInfo(workspace.time_zone) if workspace.time_zone else UTC
    frame = _Frame(workspace.pk, zone, now or timezone.now(), book or book_of(workspace.pk))
    groups = [_joined(group.match, [_condition(each, frame) for each in group.conditions]) for group in rules.groups]
    condition = _joined(rules.match, groups)
    return Compiled(people.filter(condition), condition=condition)


def of_segment(segment: Segment, *, book: Book | None = None, now: datetime | None = None) -> Compiled:
    """The people of a saved segment as things stand now."""
    workspace = segment.workspace
    book = book or book_of(workspace.pk)
    try:
        rules = parse(segment.rules, book, stored=True)
    except BadRules as bad:
        return Compiled(SearchableContact.objects.none(), (str(bad),))
    return compiled(workspace, rules, book=book, now=now)


def members(segment: Segment) -> QuerySet[SearchableContact]:
    """Everybody in a segment as things stand now; nobody when its rules are broken. Iterate it with .iterator()."""
    return of_segment(segment).people


def _joined(match: str, conditions: list[Q]) -> Q:
    whole = Q()
    for condition in conditions:
        whole = whole & condition if match == "all" else whole | condition
    return whole if conditions else NOBODY


def _condition(condition: Condition, frame: _Frame) -> Q:
    if condition.field.startswith(CUSTOM):
        key = condition.field.removeprefix(CUSTOM)
        return _custom(key, frame.book.fields[key][1], condition, frame)
    kind = frame.book.kind_of(condition.field)
    if kind in ("text", "code"):
        return _column(condition.field, condition)
    return _SPECIAL[kind](condition, frame)


def _column(name: str, condition: Condition) -> Q:
    op, value = condition.op, condition.value
    if op == "filled":
        return ~Q(**{name: ""})
    if op == "empty":
        return Q(**{name: ""})
    lookup, positive = _TEXT_LOOKUPS[op]
    found = Q(**{f"{name}__{lookup}": value})
    return found if positive else ~found


_TEXT_LOOKUPS = {
    "is": ("iexact", True),
    "is_not": ("iexact", False),
    "contains": ("icontains", True),
    "contains_not": ("icontains", False),
    "starts_with": ("istartswith", True),
}


def _custom(key: str, kind: str, condition: Condition, frame: _Frame) -> Q:
    """A condition over one custom field. Equality is containment where it can be, for the index on `fields`."""
    op, value = condition.op, condition.value
    if op == "filled":
        return Q(fields__has_key=key)
    if op == "empty":
        return ~Q(fields__has_key=key)
    if op in ("is", "is_not") and kind != "text":
        same = Q(fields__contains={key: value})
        return same if op == "is" else ~same
    if kind == "number":
        # A key has no double underscore (contacts.fields makes it), so it cannot be taken for another lookup.
        return Q(**{f"fields__{key}__{'gt' if op == 'more' else 'lt'}": value})
    if kind == "date":
        return _custom_date(key, op, value, frame)
    return _custom_text(key, op, str(value))


def _custom_text(key: str, op: str, value: str) -> Q:
    """Capitals do not matter. Somebody without the field counts as one whose field is something else."""
    lookup = {"is": Exact, "is_not": Exact, "starts_with": StartsWith}.get(op, Contains)
    found = Q(lookup(Upper(KeyTextTransform(key, "fields")), value.upper()))
    return ~Q(fields__has_key=key) | ~found if op in ("is_not", "contains_not") else found


def _custom_date(key: str, op: str, value: Any, frame: _Frame) -> Q:
    """Dates are stored as 2026-11-21, whose order as text is their order in time."""
    stored = KeyTextTransform(key, "fields")
    if op == "on":
        return Q(fields__contains={key: value})
    if op == "before":
        return Q(LessThan(stored, Value(value)))
    if op == "after":
        return Q(GreaterThan(stored, Value(value)))
    first, last = frame.today, frame.today
    if op == "past_days":
        first = frame.today - timedelta(days=int(value))
    else:
        last = frame.today + timedelta(days=int(value))
    return Q(GreaterThan(stored, Value((first - timedelta(days=1)).isoformat()))) & Q(
        LessThan(stored, Value((last + timedelta(days=1)).isoformat()))
    )


def _moment(condition: Condition, frame: _Frame) -> Q:
    column, op, value = COLUMNS[condition.field], condition.op, condition.value
    if op == "ever":
        return Q(**{f"{column}__isnull": False})
    if op == "never":
        return Q(**{f"{column}__isnull": True})
    if op == "within_days":
        return Q(**{f"{column}__gte": frame.now - timedelta(days=int(value or 0))})
    if op == "before_days":
        return Q(**{f"{column}__lt": frame.now - timedelta(days=int(value or 0))})
    day = date.fromisoformat(str(value))
    if op == "before":
        return Q(**{f"{column}__lt": frame.midnight(day)})
    return Q(**{f"{column}__gte": frame.midnight(day + timedelta(days=1))})


def _tag(condition: Condition, frame: _Frame) -> Q:
    tagged = Q(tag_ids__contains=[condition.value])
    return tagged if condition.op == "has" else ~tagged


def _channel(condition: Condition, frame: _Frame) -> Q:
    there = Identity.objects.filter(
        workspace_id=frame.workspace_id, contact=OuterRef("pk"), channel_kind=condition.value
    )
    return Q(Exists(there)) if condition.op == "has" else ~Q(Exists(there))


def _consent(condition: Condition, frame: _Frame) -> Q:
    """A person has a state when one of their addresses has it; opted out anywhere is not opted in."""
    said = Consent.objects.filter(
        workspace_id=frame.workspace_id,
        purpose=condition.field.partition(".")[2],
        identity__contact=OuterRef("pk"),
        identity__workspace_id=frame.workspace_id,
    )
    opted_out = Q(Exists(said.filter(state="opted_out")))
    states = {
        "opted_out": opted_out,
        "opted_in": Q(Exists(said.filter(state="opted_in"))) & ~opted_out,
        "unknown": ~Q(Exists(said)),
    }
    found = states[str(condition.value)]
    return found if condition.op == "is" else ~found


def _blocked(condition: Condition, frame: _Frame) -> Q:
    return Q(blocked_at__isnull=not condition.value)


def _broadcast(condition: Condition, frame: _Frame) -> Q:
    among = broadcasts.reached(frame.workspace_id, str(condition.value), condition.op)
    return ~Q(among) if condition.op == "not_received" else Q(among)


_SPECIAL: dict[str, Callable[[Condition, _Frame], Q]] = {
    "moment": _moment,
    "maybe_moment": _moment,
    "tag": _tag,
    "channel": _channel,
    "consent": _consent,
    "state": _blocked,
    "broadcast": _broadcast,
}

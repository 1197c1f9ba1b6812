"""The ledger of a pocket as people read it: newest first, filtered by what stands in the URL.

A broadcast makes one entry per message; consecutive ones are shown as one line, unless each is asked for. The running
balance of such a line is that of its newest entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from . import tenancy
from .credit_days import midnight
from .models import CreditEntry, CreditPocket, Workspace

PAGE = 50  # lines
AT_ONCE = 1_000  # entries read to make them
ROUNDS = 5  # reads before a page is as long as it gets
OF_FILE = 5_000  # entries of a file read in one transaction

Kind = CreditEntry.Kind
SOURCES = {
    "agent": "Team",
    "api": "API",
    "broadcast": "Broadcasts",
    "automation": "Automations",
    "operator": "Operator",
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries a list shows. Plain words, so that it can stand in a URL."""

    pocket: str = CreditPocket.Kind.WHATSAPP.value
    kind: str = ""
    source: str = ""
    since: str = ""  # days of the workspace, both included
    until: str = ""
    broadcast: str = ""
    message: str = ""
    each: str = ""  # "yes": one line per entry

    @classmethod
    def read(cls, params: Mapping[str, Any]) -> Filter:
        """From a query string; what it does not know is left out, never trusted."""
        made = cls(**{field.name: str(params.get(field.name) or "").strip()[:40] for field in fields(cls)})
        return replace(
            made,
            pocket=made.pocket if made.pocket in CreditPocket.Kind.values else CreditPocket.Kind.WHATSAPP.value,
            kind=made.kind if made.kind in Kind.values else "",
            source=made.source if made.source in SOURCES else "",
            since=_day(made.since),
            until=_day(made.until),
            broadcast=_number(made.broadcast),
            message=_number(made.message),
            each="yes" if made.each == "yes" else "",
        )

    def params(self) -> dict[str, str]:
        """The parts that say something."""
        made = {field.name: getattr(self, field.name) for field in fields(self)}
        usual = {"pocket": CreditPocket.Kind.WHATSAPP.value}
        return {name: value for name, value in made.items() if value and usual.get(name) != value}

    def query(self, **changes: str) -> str:
        """As the end of a URL, "?kind=refund&since=2026-11-01" or ''."""
        params = {**replace(self, **{k: v for k, v in changes.items() if k != "before"}).params()}
        if changes.get("before"):
            params["before"] = changes["before"]
        return f"?{urlencode(params)}" if params else ""

    @property
    def narrows(self) -> bool:
        """Whether any entry of the pocket may be left out."""
        return bool(set(self.params()) - {"pocket", "each"})


def _day(written: str) -> str:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return ""
    return found.isoformat() if date(2000, 1, 1) <= found <= date(2999, 1, 1) else ""


def _number(written: str) -> str:
    digits = written.removeprefix("-")
    return written if digits.isascii() and digits.isdecimal() and len(digits) < 19 else ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list: an entry, or a run of them of one broadcast."""

    entry: CreditEntry  # the newest
    charges: int
    refunds: int
    count: int
    amount: int
    first_id: int
    first_at: Any  # when the oldest was booked


@dataclass(frozen=True, slots=True)
class Page:
    lines: list[Line]
    more: int | None = None  # entries below this id are on the next page


def entries(workspace: Workspace, chosen: Filter) -> QuerySet[CreditEntry]:
    """The entries a filter leaves, newest first."""
    pocket = CreditPocket.objects.filter(workspace_id=workspace.pk, kind=chosen.pocket).first()
    found = CreditEntry.objects.filter(workspace_id=workspace.pk, pocket=pocket).order_by("-id")
    if pocket is None:
        return found.none()
    if chosen.kind:
        found = found.filter(kind=chosen.kind)
    if chosen.source:
        found = found.filter(source=chosen.source)
    if chosen.broadcast:
        found = found.filter(broadcast_id=int(chosen.broadcast))
    if chosen.message:
        found = found.filter(message_id=int(chosen.message))
    if chosen.since:
        found = found.filter(created_at__gte=midnight(workspace, date.fromisoformat(chosen.since)))
    if chosen.until:
        after = date.fromisoformat(chosen.until) + timedelta(days=1)
        found = found.filter(created_at__lt=midnight(workspace, after))
    return found


def page(workspace: Workspace, chosen: Filter, *, before: int | None = None, size: int = PAGE) -> Page:
    """The lines below the entry `before`, or the first ones."""
    found = entries(workspace, chosen)
    lines: list[Line] = []
    cursor = before
    for _ in range(1 if chosen.each else ROUNDS):
        below = found if cursor is None else found.filter(pk__lt=cursor)
        read = list(below.select_related("actor")[: size + 1 if chosen.each else AT_ONCE])
        for entry in read:
            if lines and not chosen.each and _continues(lines[-1], entry):
                lines[-1] = _longer(lines[-1], _line(entry))
            elif len(lines) == size:
                return Page(lines, lines[-1].first_id)
            else:
                lines.append(_line(entry))
        if len(read) < AT_ONCE:
            return Page(lines)
        lines[-1] = _to_its_end(lines[-1], found)
        cursor = lines[-1].first_id
    return Page(lines, cursor)


def _line(entry: CreditEntry) -> Line:
    charges, refunds = int(entry.kind == Kind.CHARGE), int(entry.kind == Kind.REFUND)
    return Line(entry, charges, refunds, 1, entry.amount, entry.pk, entry.created_at)


def _continues(line: Line, entry: CreditEntry) -> bool:
    return entry.broadcast_id is not None and entry.broadcast_id == line.entry.broadcast_id


def _longer(line: Line, more: Line) -> Line:
    return Line(
        line.entry,
        line.charges + more.charges,
        line.refunds + more.refunds,
        line.count + more.count,
        line.amount + more.amount,
        more.first_id,
        more.first_at,
    )


def _to_its_end(line: Line, found: QuerySet[CreditEntry]) -> Line:
    """The whole run that was cut off by the end of a read, however long it is."""
    if line.entry.broadcast_id is None:
        return line
    same = Q(broadcast_id=line.entry.broadcast_id)
    # Counted as a condition and not with exclude(): entries of no broadcast must end the run too.
    other = found.filter(pk__lt=line.first_id).filter(~same | Q(broadcast_id=None)).first()
    rest = found.filter(same, pk__lt=line.first_id, pk__gt=other.pk if other else -1).order_by()
    sums = rest.aggregate(
        charges=Count("pk", filter=Q(kind=Kind.CHARGE)),
        refunds=Count("pk", filter=Q(kind=Kind.REFUND)),
        count=Count("pk"),
        amount=Sum("amount"),
        first_id=Min("pk"),
        first_at=Min("created_at"),
    )
    return _longer(line, Line(entry=line.entry, **sums)) if sums["count"] else line


@dataclass(frozen=True, slots=True)
class Totals:
    """What the entries of a filter add up to."""

    count: int
    taken: int  # negative
    given: int

    @property
    def amount(self) -> int:
        return self.taken + self.given


def totals(workspace: Workspace, chosen: Filter) -> Totals:
    """The sums over all pages."""
    sums = (
        entries(workspace, chosen)
        .order_by()
        .aggregate(
            count=Count("pk"), taken=Sum("amount", filter=Q(amount__lt=0)), given=Sum("amount", filter=Q(amount__gt=0))
        )
    )
    return Totals(sums["count"], sums["taken"] or 0, sums["given"] or 0)


def broadcasts_in(workspace: Workspace, *, most: int = 50) -> list[int]:
    """The broadcasts that were charged last, newest first."""
    charged = CreditEntry.objects.filter(workspace_id=workspace.pk, broadcast_id__isnull=False).order_by()
    found: list[int] = []
    # Hops from one broadcast to the one before over the index; DISTINCT would read every entry of each.
    newest = charged.aggregate(newest=Max("broadcast_id"))["newest"]
    while newest is not None and len(found) < most:
        found.append(newest)
        newest = charged.filter(broadcast_id__lt=newest).aggregate(newest=Max("broadcast_id"))["newest"]
    return found


def read_all(workspace: Workspace, chosen: Filter) -> Iterator[list[CreditEntry]]:
    """All entries of a filter, newest first, each batch in a short transaction of its own.

    Entries that are booked meanwhile are above the first and stay out.
    """
    last: int | None = None
    while True:
        with tenancy.scope(workspace.pk):
            found = entries(workspace, chosen).select_related("actor")
            batch = list((found if last is None else found.filter(pk__lt=last))[:OF_FILE])
        if not batch:
            return
        yield batch
        last = batch[-1].pk

"""Lines of the ledger and of a month's statement, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from . import credit_references
from .credit_days import Statement, Sum, amount_of
from .credit_ledger import SOURCES, Filter, Line
from .credit_references import Reference
from .models import CreditEntry, CreditPocket, Workspace
from .presenting_credits import plain, signed, weekday
from .presenting_times import Calendar

Kind = CreditEntry.Kind
TONES = {Kind.REFUND: "ok", Kind.TOP_UP: "info", Kind.ADJUSTMENT: "warn"}
GONE = "A message that is no longer kept"


def rows(lines: Sequence[Line], workspace: Workspace, calendar: Calendar, chosen: Filter) -> list[dict[str, Any]]:
    """Each line with what it is about, and where that is."""
    single = {line.entry.message_id for line in lines if line.count == 1 and line.entry.message_id}
    messages = credit_references.messages(workspace, single)
    campaigns = {line.entry.broadcast_id for line in lines if line.entry.broadcast_id}
    broadcasts = credit_references.broadcasts(workspace, campaigns)
    return [_row(line, calendar, chosen, messages, broadcasts) for line in lines]


def _row(
    line: Line,
    calendar: Calendar,
    chosen: Filter,
    messages: dict[int, Reference],
    broadcasts: dict[int, Reference],
) -> dict[str, Any]:
    entry = line.entry
    broadcast = broadcasts.get(entry.broadcast_id) if entry.broadcast_id else None
    title, url = _about(line, messages, broadcast)
    kind, count = entry.get_kind_display(), line.count
    if count > 1:
        kind = " and ".join(word for word, some in (("charges", line.charges), ("refunds", line.refunds)) if some)
    return {
        "id": entry.pk,
        "long": calendar.long(entry.created_at),
        "iso": entry.created_at.isoformat(),
        "since": calendar.long(line.first_at) if line.count > 1 else "",
        "kind": kind.capitalize(),
        "tone": "" if line.charges else TONES.get(Kind(entry.kind), ""),
        "title": title,
        "url": url,
        "notes": _notes(line, broadcast),
        "amount": signed(line.amount),
        "gives": line.amount > 0,
        "balance": plain(entry.balance_after),
        "expand": chosen.query(broadcast=str(entry.broadcast_id), each="yes") if count > 1 else "",
    }


def _about(line: Line, messages: dict[int, Reference], broadcast: Reference | None) -> tuple[str, str]:
    """What a line is about, and its address; both may be without one."""
    entry = line.entry
    if line.count > 1:
        return broadcast or ("A broadcast that is no longer kept", "")
    if entry.message_id is not None:
        return messages.get(entry.message_id, (GONE, ""))
    if entry.broadcast_id is not None and broadcast:
        return broadcast
    return entry.note or entry.reference or entry.get_kind_display(), ""


def _notes(line: Line, broadcast: Reference | None) -> list[str]:
    """The small print, in its order."""
    entry = line.entry
    said = [_counts(line), SOURCES.get(entry.source, "")]
    if entry.message_id is None:
        said = [entry.reference if entry.note else "", SOURCES.get(entry.source, "") if entry.actor is None else ""]
    elif broadcast and line.count == 1:
        said[1] = f"Broadcast “{broadcast[0]}”"
    if entry.after_attempts:
        said.append("Tried again")
    if entry.actor is not None:
        said.append(f"by {entry.actor.name}")
    return [part for part in said if part]


def _counts(line: Line) -> str:
    if line.count == 1:
        return ""
    charged, back = f"{line.charges:,} charged", f"{line.refunds:,} came back"
    return f"{charged}, {back}" if line.charges and line.refunds else charged if line.charges else back


def choices(workspace: Workspace, chosen: Filter, broadcast_ids: Iterable[int]) -> dict[str, Any]:
    """What the filter offers."""
    named = credit_references.broadcasts(workspace, list(broadcast_ids))
    return {
        "all_pockets": CreditPocket.Kind.choices,
        "all_kinds": Kind.choices,
        "all_sources": SOURCES.items(),
        "all_broadcasts": [(str(pk), named[pk][0]) for pk in broadcast_ids if pk in named],
        "broadcast_missing": chosen.broadcast and int(chosen.broadcast) not in named,
    }


LEDGER_TITLES = (
    *("Time", "Entry", "Pocket", "Kind", "Source", "Credits", "Balance after", "Message", "Broadcast"),
    *("Reference", "Note", "By"),
)


def file_rows(
    batches: Iterable[Sequence[CreditEntry]], pocket: str, names: dict[int, str], calendar: Calendar
) -> Iterator[Sequence[str | int]]:
    """The ledger for a spreadsheet. `names` are those of the broadcasts, which are few."""
    yield LEDGER_TITLES
    label = CreditPocket.Kind(pocket).label
    for batch in batches:
        for entry in batch:
            yield [
                calendar.local(entry.created_at).isoformat(timespec="seconds"),
                entry.pk,
                label,
                entry.get_kind_display(),
                SOURCES.get(entry.source, entry.source),
                entry.amount,
                entry.balance_after,
                "" if entry.message_id is None else entry.message_id,
                names.get(entry.broadcast_id or 0, ""),
                entry.reference,
                entry.note,
                entry.actor.name if entry.actor else "",
            ]


def statement(found: Statement, workspace: Workspace) -> dict[str, Any]:
    """A month: how the balance came from its beginning to its end, who spent it, and on which broadcasts."""
    sums = found.sums
    steps = [
        ("Top-ups", amount_of(sums, Kind.TOP_UP)),
        ("Charged for messages", amount_of(sums, Kind.CHARGE)),
        ("Came back", amount_of(sums, Kind.REFUND)),
        ("Moved between pockets", amount_of(sums, Kind.TRANSFER)),
        ("Adjustments", amount_of(sums, Kind.ADJUSTMENT)),
    ]
    ids = {each.broadcast_id for each in sums if each.broadcast_id}
    named = credit_references.broadcasts(workspace, ids)
    return {
        "opening": plain(found.opening),
        "closing": plain(found.closing),
        "agrees": found.agrees,
        "steps": [(label, signed(amount)) for label, amount in steps if amount],
        "sources": _spent_by(sums, lambda each: each.source, lambda key: (SOURCES.get(key, key), "")),
        "broadcasts": _spent_by(
            [each for each in sums if each.broadcast_id],
            lambda each: each.broadcast_id,
            lambda key: named.get(key, ("A broadcast that is no longer kept", "")),
        ),
        "days": [
            {
                "label": weekday(day.date),
                "iso": day.date.isoformat(),
                "charged": plain(day.charged),
                "refunded": plain(day.refunded),
                "other": signed(amount_of(day.sums, Kind.TOP_UP, Kind.TRANSFER, Kind.ADJUSTMENT)),
                "total": signed(amount_of(day.sums)),
            }
            for day in found.days
            if day.sums
        ],
    }


def _spent_by(sums: Iterable[Sum], key: Any, name: Any) -> list[dict[str, Any]]:
    groups: dict[Any, list[Sum]] = {}
    for each in sums:
        if each.kind in (Kind.CHARGE, Kind.REFUND):
            groups.setdefault(key(each), []).append(each)
    made = []
    for value, group in groups.items():
        label, url = name(value)
        charged, back = -amount_of(group, Kind.CHARGE), amount_of(group, Kind.REFUND)
        made.append(
            {
                "label": label,
                "url": url,
                "count": sum(each.count for each in group if each.kind == Kind.CHARGE),
                "charged": f"{charged:,}",
                "back": f"{back:,}",
                "spent": plain(charged - back),
                "order": charged - back,
            }
        )
    return sorted(made, key=lambda row: -row["order"])


STATEMENT_TITLES = ("Day", "Kind", "Source", "Broadcast", "Entries", "Credits")


def statement_rows(found: Statement, names: dict[int, str]) -> Iterator[Sequence[str | int]]:
    """A month for a spreadsheet: the credits of the lines add up from the opening to the closing balance."""
    yield STATEMENT_TITLES
    yield [found.month.isoformat(), "Opening balance", "", "", "", found.opening]
    for day in found.days:
        for each in day.sums:
            source, name = SOURCES.get(each.source, each.source), names.get(each.broadcast_id or 0, "")
            yield [day.date.isoformat(), Kind(each.kind).label, source, name, each.count, each.amount]
    yield [found.days[-1].date.isoformat(), "Closing balance", "", "", "", found.closing]


def month_name(month: date) -> str:
    """November 2026"""
    return f"{month:%B} {month.year}"

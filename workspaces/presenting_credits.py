"""The overview of credits: balances in words, the chart of the last 30 days, what the nightly check said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from . import credit_checks, credit_days, credit_references
from .credit_days import Burn, Day
from .credit_ledger import SOURCES
from .models import CreditCheck, CreditEntry, CreditPocket, Workspace
from .presenting_times import Calendar

PLOT = 100  # height of the chart's own coordinates; a day is 10 wide
STEPS = (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10)
MINUS = "−"


def calendar_of(workspace: Workspace, now: datetime) -> Calendar:
    """Credits are counted in the workspace's days, whoever looks: two people must see the same month."""
    return Calendar(now, ZoneInfo(workspace.time_zone))


def signed(amount: int) -> str:
    """+1,000 or −84"""
    return f"{MINUS if amount < 0 else '+' if amount else ''}{abs(amount):,}"


def plain(amount: int) -> str:
    """1,000 or −84"""
    return f"{MINUS if amount < 0 else ''}{abs(amount):,}"


@dataclass(frozen=True, slots=True)
class Pocket:
    """One pocket as its card shows it."""

    kind: str
    label: str
    balance: int
    low_balance: int
    cap: int | None
    spent_today: int
    used: bool

    @property
    def is_empty(self) -> bool:
        return self.balance <= 0

    @property
    def is_low(self) -> bool:
        return 0 < self.balance < self.low_balance

    @property
    def cap_left(self) -> int | None:
        return None if self.cap is None else max(0, self.cap - self.spent_today)

    @property
    def is_capped(self) -> bool:
        return self.cap_left == 0

    @property
    def tone(self) -> str:
        return "bad" if self.is_empty else "warn" if self.is_low or self.is_capped else ""

    @property
    def state(self) -> str:
        """In two words, for a tag; '' when all is well."""
        return "Used up" if self.is_empty else "Running low" if self.is_low else "Day's limit" if self.is_capped else ""


def pocket_of(row: CreditPocket, now: datetime) -> Pocket:
    """The card of one pocket. The day of the cap is UTC's, as `credits.charge_many` has it."""
    spent = row.spent_today if row.spent_on and row.spent_on >= now.astimezone(UTC).date() else 0
    used = bool(row.balance) or CreditEntry.objects.filter(workspace_id=row.workspace_id, pocket=row).exists()
    return Pocket(row.kind, row.get_kind_display(), row.balance, row.low_balance, row.daily_cap, spent, used)


def pockets(workspace: Workspace, now: datetime) -> list[Pocket]:
    """All pockets, messages first."""
    rows = {row.kind: row for row in CreditPocket.objects.filter(workspace_id=workspace.pk)}
    return [pocket_of(rows[kind], now) for kind in CreditPocket.Kind.values if kind in rows]


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart, in its coordinates: what stood from the ground up, what came back on top of it."""

    x: float
    spent_y: float
    spent_height: float
    back_y: float
    back_height: float
    title: str


@dataclass(frozen=True, slots=True)
class Chart:
    bars: Sequence[Bar]
    width: int
    top: str
    middle: str
    first: str
    last: str
    summary: str
    rows: Sequence[dict[str, Any]]
    is_flat: bool


def chart(burn: Burn) -> Chart:
    """Bars of charges by day; the part of a day's charges that came back the same day is drawn apart."""
    most = max((day.charged for day in burn.days), default=0)
    top = _round_up(most)
    busiest = max(burn.days, key=lambda day: day.charged)
    summary = "Nothing was spent in these 30 days."
    if most:
        summary = f"Credits charged a day in the last 30 days. Most on {_date(busiest)}: {busiest.charged:,}."
    return Chart(
        [_bar(place, day, top) for place, day in enumerate(burn.days)],
        len(burn.days) * 10,
        f"{top:,}",
        f"{top // 2:,}",
        _date(burn.days[0]),
        _date(burn.days[-1]),
        summary,
        [_day(day) for day in reversed(burn.days) if day.sums],
        not most,
    )


def _bar(place: int, day: Day, top: int) -> Bar:
    back = min(max(0, day.refunded), day.charged)
    unit = PLOT / top
    charged, stood = day.charged * unit, (day.charged - back) * unit
    came = f", {back:,} came back" if back else ""
    return Bar(
        place * 10 + 1.5,
        round(PLOT - stood, 2),
        round(stood, 2),
        round(PLOT - charged, 2),
        round(charged - stood, 2),
        f"{_date(day)}: {day.charged:,} charged{came}",
    )


def _round_up(most: int) -> int:
    """The even number the axis ends at."""
    power = 1
    while True:
        for step in STEPS:
            end = int(step * power)
            if end >= max(most, 2) and end % 2 == 0:
                return end
        power *= 10


def _date(day: Day) -> str:
    return f"{day.date.day} {day.date:%b}"


def weekday(day: date) -> str:
    """Sat 21 Nov"""
    return f"{day:%a} {day.day} {day:%b}"


def _day(day: Day) -> dict[str, Any]:
    return {
        "label": weekday(day.date),
        "iso": day.date.isoformat(),
        "charged": plain(day.charged),
        "refunded": plain(day.refunded),
        "spent": plain(day.spent),
    }


def by_source(days: Sequence[Day]) -> list[dict[str, Any]]:
    """Who spent it: charges less what came back, most first, with the share of all."""
    spent = dict.fromkeys(SOURCES, 0)
    for day in days:
        for each in day.sums:
            if each.kind in (CreditEntry.Kind.CHARGE, CreditEntry.Kind.REFUND):
                spent[each.source] = spent.get(each.source, 0) - each.amount
    whole = sum(spent.values())
    return [
        {
            "key": source,
            "label": SOURCES.get(source, source.capitalize()),
            "credits": f"{amount:,}",
            "share": round(100 * amount / whole),
            "bar": round(100 * amount / whole, 1),
        }
        for source, amount in sorted(spent.items(), key=lambda item: -item[1])
        if amount > 0
    ]


def lasting(burn: Burn) -> str:
    """How long the balance lasts, in words; '' when nothing is spent."""
    if burn.days_left is None:
        return ""
    pace = f"{burn.per_day:,.0f}" if burn.per_day >= 10 else f"{burn.per_day:.1f}"
    if burn.days_left > 730:
        return f"Enough for years at the pace of the last 30 days, {pace} a day."
    length = "less than a day" if burn.days_left < 1 else "1 day" if burn.days_left == 1 else f"{burn.days_left} days"
    return f"Enough for {'about ' if burn.days_left > 1 else ''}{length} at the pace of the last 30 days, {pace} a day."


def overview(workspace: Workspace, kind: str, now: datetime) -> dict[str, Any]:
    """What the page shows about one pocket."""
    row = CreditPocket.objects.filter(workspace_id=workspace.pk, kind=kind).first()
    if row is None:
        return {"pocket": None}
    found = credit_days.burn(workspace, row, now=now)
    waiting = credit_references.on_the_way(workspace, kind)
    planned = credit_references.planned(workspace) if kind == CreditPocket.Kind.WHATSAPP else 0
    pocket = pocket_of(row, now)
    return {
        "pocket": pocket,
        "lasting": lasting(found) if not pocket.is_empty else "",
        "waiting": waiting,
        "planned": planned,
        "after": plain(pocket.balance - planned),
        "short": max(0, planned - pocket.balance),
        "chart": chart(found),
        "sources": by_source(found.days),
        "spent": f"{sum(day.spent for day in found.days):,}",
        "zone": workspace.time_zone.replace("_", " "),
    }


def check(workspace: Workspace, calendar: Calendar) -> dict[str, Any] | None:
    """What the last comparison of balances, entries and messages found; None before the first."""
    last = CreditCheck.objects.filter(workspace_id=workspace.pk).order_by("-id").first()
    if last is None:
        return None
    return {
        "sound": last.sound,
        "at": calendar.long(last.created_at),
        "iso": last.created_at.isoformat(),
        "findings": [_finding(each) for each in last.findings],
    }


def _finding(found: dict[str, Any]) -> dict[str, Any]:
    pocket = CreditPocket.Kind(found["pocket"]).label if found.get("pocket") in CreditPocket.Kind.values else ""
    examples = ", ".join(str(number) for number in found.get("examples", []))
    return {
        "text": credit_checks.text_of(found.get("rule", "")),
        "count": found.get("count", 0),
        "pocket": pocket,
        "examples": examples,
        "harmless": bool(found.get("harmless")),
    }

"""What the page of a broadcast that was started shows: how far it is, and what became of it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from workspaces.models import Channel, Workspace
from workspaces.places import countries
from workspaces.presenting_times import Calendar, span

from . import failure_causes, presenting_list, presenting_schedule
from .charts import percent
from .costing import cost
from .models import Broadcast
from .recipients_table import Filter
from .tallying import LABELS, LATELY, MEANINGS, SHARE_OF, Figures

Status = Broadcast.Status
FUNNEL = ("audience", "queued", "accepted", "delivered", "read", "replied", "tapped")
BESIDE = ("failed", "skipped", "cancelled", "opted_out", "left_out")
HEADLINES = ("delivered", "read", "replied", "failed")
COUNTRIES = 12  # shown; the rest in one line
CAUSES = 10
# Those for whom a new draft can be made, in the words of audiences, and the figure that counts them.
AGAIN = {
    "not_read": ("unread", "got it and have not read it"),
    "not_replied": ("not_replied", "got it and did not reply"),
    "replied": ("replied", "replied"),
    "read": ("read", "read it"),
    "failed": ("failed", "did not get it because it failed"),
}
# Where what paused it is mended: permission-free links, the pages decide who may act.
REMEDIES = {
    "credits": ("Open credits", "credits:overview"),
    "cap": ("Open credits", "credits:overview"),
    "template": ("Open templates", "templates_mgmt:listing"),
    "channel": ("Open channels", "workspaces:channels"),
    "limit": ("Open channels", "workspaces:channels"),
}


def head(broadcast: Broadcast, workspace: Workspace, calendar: Calendar) -> dict[str, Any]:
    """What stands at the top of all pages of a broadcast."""
    base = reverse("broadcasts:broadcast", args=[workspace.slug, broadcast.uuid])
    return {
        "broadcast": broadcast,
        "base": base,
        "chip": presenting_list.chip(broadcast),
        "message": _message(broadcast),
        "channel": broadcast.channel.name if broadcast.channel else "",
        "by": broadcast.launched_by.name if broadcast.launched_by else "",
        "began": presenting_schedule.moment(broadcast.started_at, calendar),
        "ended": presenting_schedule.moment(broadcast.finished_at, calendar),
        "took": _took(broadcast),
    }


def _message(broadcast: Broadcast) -> str:
    if broadcast.translation is not None:
        return f"{broadcast.translation.template.name} · {broadcast.translation.language}"
    return "A text of its own"


def _took(broadcast: Broadcast) -> str:
    if broadcast.started_at is None or broadcast.finished_at is None:
        return ""
    return span(broadcast.finished_at - broadcast.started_at)


def report(broadcast: Broadcast, workspace: Workspace, figures: Figures) -> dict[str, Any]:
    """Everything that changes while it is being sent and after."""
    table = reverse("broadcasts:recipients", args=[workspace.slug, broadcast.uuid])
    spent = cost(broadcast)
    return {
        "progress": progress(broadcast, figures),
        "paused": _paused(broadcast, workspace),
        "headlines": [_headline(figures, group, table) for group in HEADLINES],
        "funnel": funnel(figures, table),
        "beside": [_step(figures, group, table) for group in BESIDE if figures[group]],
        "cost": spent,
        "spread": None if spent.expected is None else spent.net - spent.expected,
        "countries": _countries(figures, table),
        **_causes(broadcast, figures, table),
        "again": [
            {"who": who, "words": words, "count": figures[group]}
            for who, (group, words) in AGAIN.items()
            if figures[group]
        ],
        "figures": figures,
    }


def progress(broadcast: Broadcast, figures: Figures) -> dict[str, Any]:
    """How far it is: handled people of all, the rate of the last seconds, and what is left at that rate."""
    total, left = figures["audience"], figures["audience"] - figures.settled
    rate = figures.lately / LATELY
    running = broadcast.status == Status.RUNNING
    return {
        "total": total,
        "done": figures.settled,
        "left": left,
        "share": percent(figures.settled / total if total else None),
        "rate": _rate(rate) if running and rate else "",
        "left_words": _left(left / rate) if running and rate and left else "",
        "sent": figures["accepted"],
        "waiting": figures["waiting"] + figures["unsent"],
    }


def _rate(rate: float) -> str:
    return f"{rate:,.0f} a second" if rate >= 1 else f"{rate * 60:,.0f} a minute"


def _left(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(int(seconds // 10 + 1) * 10, 10)} seconds left"
    minutes = seconds / 60
    return f"about {minutes:.0f} minutes left" if minutes < 90 else f"about {minutes / 60:.0f} hours left"


def _paused(broadcast: Broadcast, workspace: Workspace) -> dict[str, str] | None:
    if broadcast.status != Status.PAUSED:
        return None
    by_itself = broadcast.pause_reason not in ("", "member")
    label, name = REMEDIES.get(broadcast.pause_reason, ("", ""))
    return {
        "title": "It paused by itself" if by_itself else "Paused",
        "text": broadcast.pause_text or "Nobody is written to until somebody resumes it.",
        "label": label,
        "href": reverse(name, args=[workspace.slug]) if name else "",
    }


def _headline(figures: Figures, group: str, table: str) -> dict[str, Any]:
    whole = SHARE_OF[group]
    share = percent(figures.share(group)) or "–"
    return {**_step(figures, group, table), "share": share, "whole": figures[whole], "of": LABELS[whole].lower()}


def funnel(figures: Figures, table: str) -> list[dict[str, Any]]:
    """The steps with their bars; `lost` is what the step before had more."""
    steps, widest = [], max(figures["audience"], 1)
    for group in FUNNEL:
        if group == "tapped" and not figures["tapped"]:
            continue
        step = _step(figures, group, table)
        before = figures[SHARE_OF[group]] if group in SHARE_OF else figures["audience"]
        steps.append({**step, "width": _width(figures[group], widest), "before": _width(before, widest)})
    return steps


def _width(count: int, widest: int) -> str:
    """A share of the whole width for SVG; what is there at all stays to be seen."""
    return f"{max(count / widest * 100, 0.4 if count else 0):.2f}%"


def _step(figures: Figures, group: str, table: str) -> dict[str, Any]:
    whole = SHARE_OF.get(group, "")
    return {
        "group": group,
        "label": LABELS[group],
        "meaning": MEANINGS.get(group, ""),
        "count": figures[group],
        "of_before": percent(figures.share(group)) if whole else "",
        "before_label": LABELS[whole].lower() if whole else "",
        "of_all": percent(figures.share(group, "audience")) if group not in ("audience", "left_out") else "",
        "href": f"{table}{Filter(who=group).query()}",
    }


def _countries(figures: Figures, table: str) -> list[dict[str, Any]]:
    named = dict(countries())
    found = [(code, counts) for code, counts in figures.countries.items() if counts.get("audience")]
    found.sort(key=lambda entry: (-entry[1]["audience"], entry[0]))
    widest = found[0][1]["audience"] if found else 1
    rows = []
    for code, counts in found[:COUNTRIES]:
        rows.append(_country(named.get(code, code) or "Unknown", counts, widest, table, code or "-"))
    if len(found) > COUNTRIES:
        rest = {group: sum(counts.get(group, 0) for _, counts in found[COUNTRIES:]) for group in LABELS}
        rows.append(_country(f"{len(found) - COUNTRIES} other countries", rest, widest, "", ""))
    return rows


def _country(name: str, counts: Any, widest: int, table: str, code: str) -> dict[str, Any]:
    here = Figures(counts)
    return {
        "name": name,
        "href": f"{table}{Filter(country=code).query()}" if table else "",
        "audience": here["audience"],
        "delivered": here["delivered"],
        "delivered_share": percent(here.share("delivered", "audience")),
        "read_share": percent(here.share("read")),
        "replied_share": percent(here.share("replied")),
        "failed": here["failed"],
        "width": _width(here["audience"], widest),
        "width_delivered": _width(here["delivered"], widest),
    }


def _causes(broadcast: Broadcast, figures: Figures, table: str) -> dict[str, Any]:
    kind = broadcast.channel.kind if broadcast.channel else Channel.Kind.WHATSAPP_CLOUD
    found = {
        "failed": failure_causes.failed(kind, figures.causes.get("failed", {})),
        "skipped": failure_causes.skipped(figures.causes.get("skipped", {})),
        "left_out": failure_causes.left_out(figures.causes.get("left_out", {})),
    }
    return {
        f"{stage}_causes": [
            {
                "cause": cause,
                "share": percent(cause.count / figures[stage] if figures[stage] else None),
                "href": f"{table}{Filter(who=stage, cause=cause.code or '-').query()}",
                "width": _width(cause.count, causes[0].count),
            }
            for cause in causes[:CAUSES]
        ]
        for stage, causes in found.items()
    } | {"more_causes": max(len(found["failed"]) - CAUSES, 0)}

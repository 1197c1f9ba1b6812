"""Make the broadcasts of a demo workspace; one that has any keeps what it has."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from django.utils import timezone

from broadcasts import audience, firing, scheduling, tallying, timing
from broadcasts.models import Broadcast, Recipient
from contacts.models import Segment, Tag
from inbox.demo.stories import Team
from templates_mgmt.models import TemplateTranslation
from workspaces import tenancy
from workspaces.models import Channel, Member, Role, Workspace

from . import outcomes, plans
from .plans import Plan

Status = Broadcast.Status
SENT = (Status.FINISHED, Status.PAUSED, Status.CANCELLED)
WEEK = timedelta(days=7)
SHARED = (
    *("workspace_id", "channel_id", "translation_id", "variables", "purpose", "audience"),
    *("local_time", "launched_by_id", "launched_at", "created_by_id"),
)


def populate(workspace: Workspace, team: Team, now: datetime | None = None) -> None:
    """Add the broadcasts of a team's plans, once."""
    with tenancy.scope(workspace.pk):
        if Broadcast.objects.filter(workspace=workspace).exists():
            return
        channel = Channel.objects.get(workspace=workspace, external_id=team.phone_number_id)
        marketer = Member.objects.filter(workspace=workspace, role=Role.MARKETER).order_by("pk").first()
        for plan in plans.OF[team.slug]:
            _carry_out(plan, workspace, channel, marketer, now or timezone.now())


def listed() -> list[dict[str, Any]]:
    """What a script needs to know of the demo broadcasts."""
    found: list[dict[str, Any]] = []
    for slug in plans.OF:
        workspace = Workspace.objects.get(slug=slug)
        with tenancy.scope(workspace.pk):
            rows = Broadcast.objects.filter(workspace=workspace, deleted_at=None).select_related("channel", "series")
            found += [
                {
                    "uuid": str(broadcast.uuid),
                    "workspace": slug,
                    "name": broadcast.name,
                    "status": broadcast.status,
                    "channel_uuid": str(broadcast.channel.uuid) if broadcast.channel else None,
                    "series_uuid": str(broadcast.series.uuid) if broadcast.series else None,
                    "audience_count": broadcast.audience_count,
                }
                for broadcast in rows.order_by("pk")
            ]
    return found


def _carry_out(plan: Plan, workspace: Workspace, channel: Channel, by: Member | None, now: datetime) -> None:
    broadcast = _drafted(plan, workspace, channel, by, now)
    dice = Random(plan.name)  # noqa: S311  (fixed on purpose)
    if broadcast.status == Status.SCHEDULED:
        broadcast.next_fire_at = scheduling.first_fire(broadcast, now)
        for round_ in range(plan.rounds, 0, -1):
            _come_round(broadcast, plan, round_, now, dice)
    elif broadcast.status == Status.MISSED:
        broadcast.next_fire_at = _start(broadcast)
        broadcast.finished_at = broadcast.next_fire_at + timedelta(hours=3)
    elif broadcast.status in SENT:
        _send(broadcast, plan, min(_start(broadcast), now - timedelta(hours=1)), dice)
    broadcast.save()
    _date(broadcast, plan, now)


def _drafted(plan: Plan, workspace: Workspace, channel: Channel, by: Member | None, now: datetime) -> Broadcast:
    translation = _translation(workspace, plan.template) if plan.template else None
    launched = plan.status != Status.DRAFT
    planned = plan.timing != Broadcast.Timing.NOW
    return Broadcast.objects.create(
        workspace=workspace,
        name=plan.name,
        status=plan.status,
        channel=channel,
        translation=translation,
        variables={place: {"source": "fixed", "value": value} for place, value in plan.values.items()},
        audience={"include": _items(workspace, plan.include), "exclude": _items(workspace, plan.exclude)},
        timing=plan.timing,
        local_date=_day(plan, workspace, now) if planned else None,
        local_time=plan.clock if planned else None,
        time_zone=workspace.time_zone if planned else "",
        repeat=plan.repeat,
        launched_by=by if launched else None,
        created_by=by,
        **plan.more,
    )


def _translation(workspace: Workspace, key: str) -> TemplateTranslation:
    name, _, language = key.partition(":")
    found = TemplateTranslation.objects.select_related("template")
    return found.get(workspace=workspace, template__name=name, language=language)


def _items(workspace: Workspace, named: Any) -> list[dict[str, Any]]:
    return [_item(workspace, kind, name) for kind, name in named]


def _item(workspace: Workspace, kind: str, name: str) -> dict[str, Any]:
    if kind == "segment":
        return {"segment": Segment.objects.get(workspace=workspace, name=name).pk}
    if kind == "tag":
        return {"tag": Tag.objects.get(workspace=workspace, name=name).pk}
    if kind == "broadcast":
        earlier = Broadcast.objects.get(workspace=workspace, name=name, series=None)
        return {"broadcast": str(earlier.uuid), "who": "not_replied"}
    return {"everybody": True}


def _day(plan: Plan, workspace: Workspace, now: datetime) -> date:
    """The day it is for; of a series the first, as many rounds ago as it has come round."""
    day = timing.local_day(now, workspace.time_zone or "UTC") + timedelta(days=plan.days)
    if plan.weekday is not None:
        day += timedelta(days=(plan.weekday - day.weekday()) % 7)
    return day - WEEK * plan.rounds


def _start(broadcast: Broadcast) -> datetime:
    """When the single broadcast began, or should have."""
    assert broadcast.local_date is not None  # the plan says when
    assert broadcast.local_time is not None
    return timing.instant(broadcast.local_date, broadcast.local_time, scheduling.zone_name(broadcast))


def _come_round(series: Broadcast, plan: Plan, round_: int, now: datetime, dice: Random) -> None:
    """One of the times a series was sent before."""
    coming = timing.local_day(series.next_fire_at or now, scheduling.zone_name(series))
    day = coming - WEEK * round_
    occurrence = Broadcast.objects.create(
        name=firing.occurrence_name(series, day),
        status=Status.FINISHED,
        series=series,
        occurrence=day,
        timing=Broadcast.Timing.AT,
        local_date=day,
        time_zone=series.time_zone,
        **{field: getattr(series, field) for field in SHARED},
    )
    _send(occurrence, plan, _start(occurrence), dice)
    occurrence.save()
    _date(occurrence, plan, now)


def _send(broadcast: Broadcast, plan: Plan, start: datetime, dice: Random) -> None:
    """Write its audience down and what became of each message."""
    audience.write_down(broadcast, start)
    rows = Recipient.objects.filter(workspace_id=broadcast.workspace_id, broadcast=broadcast)
    broadcast.started_at = start
    broadcast.launched_at = start - timedelta(hours=2)
    broadcast.left_out = dict(Counter(rows.filter(state="left_out").values_list("reason", flat=True)))
    broadcast.audience_count = broadcast.expected_credits = rows.exclude(state="left_out").count()
    ended = outcomes.make(broadcast, plan, start, dice)
    if broadcast.status == Status.PAUSED:
        broadcast.paused_at = ended
    else:
        broadcast.finished_at = ended
    broadcast.tally, broadcast.tallied_at = tallying.figures(broadcast).stored(), timezone.now()


def _date(broadcast: Broadcast, plan: Plan, now: datetime) -> None:
    """As old as it would be."""
    made = min(broadcast.started_at or broadcast.next_fire_at or now, now) - timedelta(days=1, hours=3)
    launched = broadcast.launched_at or made + timedelta(hours=1)
    Broadcast.objects.filter(pk=broadcast.pk).update(
        created_at=made,
        launched_at=None if broadcast.status == Status.DRAFT else launched,
        updated_at=broadcast.finished_at or broadcast.paused_at or launched,
    )

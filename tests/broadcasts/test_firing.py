"""Schedules start once, and what was missed is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection

from broadcasts import firing, scheduling
from broadcasts.models import Broadcast
from tests.factories import make_contact, make_member, make_workspace
from workspaces import tenancy
from workspaces.models import Member, Workspace

DUE = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)  # Monday, nine in Cairo
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def ana(db: None) -> Member:
    return make_member(make_workspace(time_zone="Africa/Cairo"))


def scheduled(workspace: Workspace, **fields: Any) -> Broadcast:
    defaults = {"name": "Sale", "status": "scheduled", "timing": "at", "local_date": date(2026, 11, 23),
                "local_time": time(9), "next_fire_at": DUE}  # fmt: skip
    with tenancy.scope(workspace.pk):
        return Broadcast.objects.create(workspace=workspace, **{**defaults, **fields})


def again(broadcast: Broadcast) -> Broadcast:
    with tenancy.scope(broadcast.workspace_id):
        return Broadcast.objects.get(pk=broadcast.pk)


def came_of(series: Broadcast) -> list[Broadcast]:
    with tenancy.scope(series.workspace_id):
        return list(Broadcast.objects.filter(series=series).order_by("occurrence"))


def test_a_broadcast_starts_when_its_time_has_come_and_not_again(ana: Member) -> None:
    broadcast = scheduled(ana.workspace)
    assert firing.fire_due(DUE - SECOND) == 0
    assert again(broadcast).status == "scheduled"
    assert firing.fire_due(DUE) == 1
    assert again(broadcast).status == "preparing"
    assert firing.fire_due(DUE + HOUR) == 0


def test_drafts_and_what_was_thrown_away_do_not_start(ana: Member) -> None:
    scheduled(ana.workspace, status="draft")
    scheduled(ana.workspace, status="cancelled")
    scheduled(ana.workspace, deleted_at=DUE)
    assert firing.fire_due(DUE) == 0


def test_an_hour_late_is_still_sent_and_later_is_not(ana: Member, mailoutbox: list[Any]) -> None:
    late, too_late = scheduled(ana.workspace), scheduled(ana.workspace, next_fire_at=DUE - SECOND, launched_by=ana)
    firing.fire_due(DUE + HOUR)
    assert again(late).status == "preparing"
    missed = again(too_late)
    assert missed.status == "missed"
    assert "at 08:59 on 23 November 2026, Cairo time" in missed.pause_text
    [mail] = mailoutbox
    assert mail.to == [ana.user.email]
    assert mail.subject == "Not sent: Sale"
    assert f"/w/{ana.workspace.slug}/broadcasts/{too_late.uuid}/" in mail.body
    assert firing.fire_due(DUE + 2 * HOUR) == 0


def test_the_owners_are_told_when_whoever_launched_it_has_left(ana: Member, mailoutbox: list[Any]) -> None:
    gone = make_member(ana.workspace, role="marketer", name="Mia")
    scheduled(ana.workspace, launched_by=gone)
    with tenancy.scope(ana.workspace_id):
        Member.objects.filter(pk=gone.pk).update(removed_at=DUE)
    firing.fire_due(DUE + 3 * HOUR)
    assert [mail.to for mail in mailoutbox] == [[ana.user.email]]


def test_a_series_leaves_a_broadcast_for_each_time_it_comes_round(ana: Member) -> None:
    fields = {"launched_by": ana, "pace": 5, "audience": {"include": [{"tag": 1}]}}
    series = scheduled(ana.workspace, repeat="weekly", repeat_until=date(2026, 12, 1), **fields)
    firing.fire_due(DUE)
    assert again(series).next_fire_at == DUE + timedelta(days=7)
    firing.fire_due(DUE + timedelta(days=7))
    ended = again(series)
    assert (ended.status, ended.next_fire_at) == ("finished", None)
    first, second = came_of(series)
    assert (first.occurrence, second.occurrence) == (date(2026, 11, 23), date(2026, 11, 30))
    assert first.status == "preparing"
    assert first.name == "Sale · 23 Nov 2026"
    assert (first.audience, first.pace, first.launched_by_id) == (series.audience, 5, ana.pk)
    assert (first.repeat, first.local_date) == ("never", date(2026, 11, 23))


def test_after_days_without_a_scheduler_only_the_newest_occurrence_is_sent(ana: Member, mailoutbox: list[Any]) -> None:
    series = scheduled(ana.workspace, repeat="daily", launched_by=ana)
    back = DUE + timedelta(days=3, minutes=20)
    assert firing.fire_due(back) == 1
    assert [(each.occurrence.day, each.status) for each in came_of(series) if each.occurrence] == [
        (23, "missed"),
        (24, "missed"),
        (25, "missed"),
        (26, "preparing"),
    ]
    assert again(series).next_fire_at == DUE + timedelta(days=4)
    assert [mail.subject for mail in mailoutbox] == ["Not sent: Sale · 23 Nov 2026 and 2 more"]


def test_a_series_keeps_its_hour_over_a_change_of_the_clocks(ana: Member) -> None:
    series = scheduled(ana.workspace, repeat="weekly", local_date=date(2027, 4, 23), local_time=time(0),
                       next_fire_at=datetime(2027, 4, 22, 22, tzinfo=UTC))  # fmt: skip
    starts = []
    for _ in range(3):
        start = again(series).next_fire_at
        assert start is not None
        starts.append(start)
        assert firing.fire_due(start) == 1
    # Midnight of the thirtieth does not exist in Cairo: that day begins at one, in summer time.
    assert starts == [datetime(2027, 4, day, hour, tzinfo=UTC) for day, hour in ((22, 22), (29, 22))] + [
        datetime(2027, 5, 6, 21, tzinfo=UTC)
    ]
    assert [str(each.occurrence) for each in came_of(series)] == ["2027-04-23", "2027-04-30", "2027-05-07"]


def test_at_everybodys_own_time_it_is_missed_only_when_it_is_over_for_all(ana: Member) -> None:
    make_contact(ana.workspace, country="US")  # nine in New York is seven hours after nine in Cairo
    ours = scheduled(ana.workspace, timing="local")
    theirs = scheduled(ana.workspace, timing="local", next_fire_at=DUE)
    with tenancy.scope(ana.workspace_id):
        Broadcast.objects.filter(pk=theirs.pk).update(deleted_at=DUE)
    firing.fire_due(DUE + 6 * HOUR)
    assert again(ours).status == "preparing"
    with tenancy.scope(ana.workspace_id):
        Broadcast.objects.filter(pk=theirs.pk).update(deleted_at=None)
    firing.fire_due(DUE + 8 * HOUR + SECOND)
    assert again(theirs).status == "missed"


def test_starts_move_when_the_zone_of_the_workspace_changes(ana: Member) -> None:
    single, fixed = scheduled(ana.workspace), scheduled(ana.workspace, time_zone="Africa/Cairo")
    series = scheduled(ana.workspace, repeat="daily", local_date=date(2026, 11, 1))
    Workspace.objects.filter(pk=ana.workspace_id).update(time_zone="Asia/Tokyo")
    assert firing.recompute(DUE - timedelta(days=1)) == 2
    assert again(single).next_fire_at == DUE - 7 * HOUR
    assert again(series).next_fire_at == DUE - 7 * HOUR
    assert again(fixed).next_fire_at == DUE
    assert firing.recompute(DUE - timedelta(days=1)) == 0


def test_a_start_that_moves_into_the_past_is_due_at_once(ana: Member) -> None:
    broadcast = scheduled(ana.workspace)
    Workspace.objects.filter(pk=ana.workspace_id).update(time_zone="Asia/Tokyo")
    now = DUE - 3 * HOUR
    firing.recompute(now)
    assert again(broadcast).next_fire_at == now
    firing.fire_due(now)
    assert again(broadcast).status == "preparing"


def test_the_ten_seconds_to_take_it_back_are_not_worked_out_anew(ana: Member) -> None:
    make_contact(ana.workspace, country="JP")
    now = DUE - HOUR
    broadcast = scheduled(ana.workspace, timing="local", next_fire_at=now + scheduling.UNDO)
    assert firing.recompute(now) == 0
    assert again(broadcast).next_fire_at == now + scheduling.UNDO


def test_one_that_cannot_start_does_not_keep_the_others_from_starting(ana: Member) -> None:
    broken = scheduled(ana.workspace, repeat="fortnightly"[:7], next_fire_at=DUE - SECOND)
    fine = scheduled(ana.workspace)
    firing.fire_due(DUE)
    assert again(broken).status == "scheduled"
    assert again(fine).status == "preparing"


def test_two_schedulers_at_once_start_each_one_time(committed_db: None) -> None:
    workspace = make_workspace(time_zone="Africa/Cairo")
    with tenancy.scope(workspace.pk):
        Broadcast.objects.bulk_create(
            Broadcast(workspace=workspace, name=f"Number {n}", status="scheduled", timing="at", local_time=time(9),
                      local_date=date(2026, 11, 23), next_fire_at=DUE, repeat="daily" if n % 2 else "never")
            for n in range(40)
        )  # fmt: skip

    def look(_: int) -> int:
        try:
            return firing.fire_due(DUE + timedelta(minutes=1))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(look, range(2))) == 40
    with tenancy.scope(workspace.pk):
        assert Broadcast.objects.filter(status="preparing").count() == 40
        assert Broadcast.objects.filter(series__isnull=False).count() == 20


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Sale", "Sale · 23 Nov 2026"), ("وصل حديثًا", "وصل حديثًا · \u206623 Nov 2026\u2069")],
)
def test_the_date_in_a_name_reads_the_same_way_in_every_script(name: str, expected: str) -> None:
    assert firing.occurrence_name(Broadcast(name=name), date(2026, 11, 23)) == expected

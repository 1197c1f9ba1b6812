"""When a broadcast starts, and when each person's turn comes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from broadcasts import scheduling, zones
from broadcasts.models import Broadcast, Recipient
from tests.factories import make_contact, make_identity, make_workspace
from workspaces import tenancy
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # 14:00 in Cairo, a Saturday


@pytest.fixture
def cairo() -> Workspace:
    return make_workspace(time_zone="Africa/Cairo")


def made(workspace: Workspace, **fields: Any) -> Broadcast:
    defaults = {"name": "Sale", "timing": "at", "local_date": date(2026, 11, 23), "local_time": time(9)}
    with tenancy.scope(workspace.pk):
        return Broadcast.objects.create(workspace=workspace, **{**defaults, **fields})


def first_fire(broadcast: Broadcast, now: datetime = NOW) -> datetime | None:
    with tenancy.scope(broadcast.workspace_id):
        return scheduling.first_fire(broadcast, now)


def test_right_away_leaves_ten_seconds_to_take_it_back(cairo: Workspace) -> None:
    assert first_fire(made(cairo, timing="now", local_date=None)) == NOW + timedelta(seconds=10)


def test_a_wall_clock_is_that_of_its_zone_or_else_of_the_workspace(cairo: Workspace) -> None:
    assert first_fire(made(cairo)) == datetime(2026, 11, 23, 7, tzinfo=UTC)
    assert first_fire(made(cairo, time_zone="Asia/Tokyo")) == datetime(2026, 11, 23, 0, tzinfo=UTC)
    assert first_fire(made(cairo, time_zone="Mars/Olympus")) == datetime(2026, 11, 23, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("repeat", "first", "expected"),
    [
        ("daily", date(2026, 1, 1), datetime(2026, 11, 22, 7, tzinfo=UTC)),
        ("weekly", date(2026, 11, 3), datetime(2026, 11, 24, 7, tzinfo=UTC)),
        ("monthly", date(2026, 8, 31), datetime(2026, 11, 30, 7, tzinfo=UTC)),
        ("weekly", date(2026, 12, 1), datetime(2026, 12, 1, 7, tzinfo=UTC)),
    ],
)
def test_a_series_starts_the_next_time_it_comes_round(
    cairo: Workspace, repeat: str, first: date, expected: datetime
) -> None:
    assert first_fire(made(cairo, repeat=repeat, local_date=first)) == expected


def test_a_series_that_has_ended_does_not_start(cairo: Workspace) -> None:
    over = made(cairo, repeat="daily", local_date=date(2026, 11, 1), repeat_until=date(2026, 11, 21))
    assert first_fire(over) is None
    with tenancy.scope(cairo.pk):
        assert scheduling.has_passed(over, NOW)


def test_a_series_does_not_take_a_day_again_that_has_had_its_broadcast(cairo: Workspace) -> None:
    series = made(cairo, repeat="daily", local_date=date(2026, 11, 1), local_time=time(18))
    made(cairo, series=series, occurrence=date(2026, 11, 21))
    assert first_fire(series) == datetime(2026, 11, 22, 16, tzinfo=UTC)


def test_at_everybodys_own_time_it_starts_where_the_day_comes_first(cairo: Workspace) -> None:
    local = made(cairo, timing="local")
    assert first_fire(local) == datetime(2026, 11, 23, 7, tzinfo=UTC)
    make_contact(cairo, country="JP")
    make_contact(cairo, country="US")
    assert first_fire(local) == datetime(2026, 11, 23, 0, tzinfo=UTC)
    make_contact(cairo, country="JP", time_zone="Pacific/Auckland")
    assert first_fire(local) == datetime(2026, 11, 22, 20, tzinfo=UTC)


def test_a_time_that_is_over_for_some_but_not_for_all_may_still_be_launched(cairo: Workspace) -> None:
    make_contact(cairo, country="US")
    local = made(cairo, timing="local", local_date=date(2026, 11, 21), local_time=time(10))
    with tenancy.scope(cairo.pk):
        assert not scheduling.has_passed(local, NOW)  # ten in New York is at 15:00 UTC
        assert scheduling.has_passed(local, NOW + timedelta(hours=3))
        local.timing = "at"
        assert scheduling.has_passed(local, NOW)
    local.timing = "local"
    assert first_fire(local) == NOW + timedelta(seconds=10)


def test_every_country_with_people_has_a_zone() -> None:
    assert zones.zone_of("", "BR", "UTC") == "America/Sao_Paulo"
    assert zones.zone_of("", "EG", "UTC") == "Africa/Cairo"
    assert zones.zone_of("America/Manaus", "BR", "UTC") == "America/Manaus"
    assert zones.zone_of("Mars/Olympus", "", "Asia/Riyadh") == "Asia/Riyadh"
    assert set(zones.of_countries().values()) <= zones.known()


def recipient(broadcast: Broadcast, *, country: str = "", time_zone: str = "", state: str = "waiting") -> Recipient:
    contact = make_contact(broadcast.workspace, country=country, time_zone=time_zone)
    identity = make_identity(contact)
    with tenancy.scope(broadcast.workspace_id):
        return Recipient.objects.create(
            workspace_id=broadcast.workspace_id, broadcast=broadcast, contact=contact, identity=identity, state=state,
            country=country,
        )  # fmt: skip


def spread(broadcast: Broadcast, now: datetime = NOW) -> int:
    with tenancy.scope(broadcast.workspace_id):
        return scheduling.spread(broadcast, now)


def after(each: Recipient) -> tuple[str, str, datetime | None]:
    with tenancy.scope(each.workspace_id):
        each.refresh_from_db()
    return each.state, each.reason, each.due_at


def test_each_person_gets_their_own_moment(cairo: Workspace) -> None:
    broadcast = made(cairo, timing="local")
    here, there = recipient(broadcast), recipient(broadcast, country="US")
    own = recipient(broadcast, country="US", time_zone="Asia/Kathmandu")
    out = recipient(broadcast, country="US", state="left_out")
    assert spread(broadcast) == 3
    assert after(here) == ("waiting", "", datetime(2026, 11, 23, 7, tzinfo=UTC))
    assert after(there) == ("waiting", "", datetime(2026, 11, 23, 14, tzinfo=UTC))
    assert after(own) == ("waiting", "", datetime(2026, 11, 23, 3, 15, tzinfo=UTC))
    assert after(out) == ("left_out", "", None)


def test_people_whose_own_time_is_over_by_more_than_an_hour_are_skipped(cairo: Workspace) -> None:
    broadcast = made(cairo, timing="local", local_date=date(2026, 11, 21), local_time=time(14, 30))
    just, long_ago = recipient(broadcast, time_zone="Asia/Riyadh"), recipient(broadcast, time_zone="Asia/Tokyo")
    spread(broadcast)
    assert after(just) == ("waiting", "", NOW)  # half an hour ago there
    assert after(long_ago)[:2] == ("skipped", "missed")


def test_quiet_hours_are_those_where_each_person_lives(cairo: Workspace) -> None:
    broadcast = made(cairo, timing="now", local_date=None, quiet_from=time(21), quiet_until=time(8))
    here, tokyo = recipient(broadcast), recipient(broadcast, country="JP")
    spread(broadcast)
    assert after(here) == ("waiting", "", NOW)
    assert after(tokyo) == ("waiting", "", datetime(2026, 11, 21, 23, tzinfo=UTC))


def test_without_own_times_and_quiet_hours_nobody_waits(cairo: Workspace) -> None:
    broadcast = made(cairo)
    here = recipient(broadcast)
    assert spread(broadcast) == 0
    assert after(here) == ("waiting", "", None)

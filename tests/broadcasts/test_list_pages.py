"""The list of broadcasts and their calendar, as people and scripts get them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from broadcasts.models import Broadcast
from tests.factories import make_channel, make_member, make_workspace, sign_in
from workspaces import tenancy
from workspaces.models import Member

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def made(member: Member, name: str, **fields: Any) -> Broadcast:
    with tenancy.scope(member.workspace_id):
        return Broadcast.objects.create(workspace_id=member.workspace_id, name=name, created_by=member, **fields)


@pytest.fixture
def ana() -> Member:
    return make_member(make_workspace(time_zone="Africa/Cairo"))


def page(member: Member, query: str = "", place: str = "", **headers: str) -> str:
    answer = sign_in(member.user).get(f"/w/{member.workspace.slug}/broadcasts/{place}{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_shows_what_each_broadcast_came_to(ana: Member) -> None:
    made(ana, "Autumn sale", status="finished", audience_count=200, tally={"queued": 200, "accepted": 200,
         "delivered": 190, "read": 100, "failed": 0}, started_at=timezone.now())  # fmt: skip
    made(ana, "Half way", status="running", audience_count=10, tally={"audience": 10, "waiting": 6, "queued": 4})
    made(ana, "No money", status="paused", pause_reason="credits", audience_count=10)
    html = page(ana)
    assert "<strong>95 %</strong> delivered" in html
    assert "<strong>50 %</strong> read" in html
    assert '<progress class="progress"' in html
    assert "4 of 10 handled" in html
    assert "credits used up" in html
    assert html.index("No money") < html.index("Half way") < html.index("Autumn sale")


def test_a_filter_of_the_list_stands_in_its_address(ana: Member) -> None:
    made(ana, "Autumn sale", status="finished")
    made(ana, "Autumn draft")
    made(ana, "Winter sale", status="cancelled")
    html = page(ana, "?q=autumn&status=finished")
    assert "Autumn sale" in html
    assert "Autumn draft" not in html
    assert "Winter sale" not in html
    assert "No broadcast matches" in page(ana, "?q=summer")
    assert "Winter sale" in page(ana, "?status=nonsense")
    fragment = page(ana, "?q=winter", **HTMX)
    assert "Winter sale" in fragment
    assert "<html" not in fragment


def test_a_long_list_goes_on_where_it_ended(ana: Member) -> None:
    with tenancy.scope(ana.workspace_id):
        Broadcast.objects.bulk_create(
            Broadcast(workspace_id=ana.workspace_id, name=f"Number {n:03}.") for n in range(1, 53)
        )
        rows = list(Broadcast.objects.order_by("-pk"))
    first = page(ana)
    assert "Number 052." in first
    assert "Number 002." not in first
    assert f"?after={rows[49].pk}" in first
    rest = page(ana, f"?after={rows[49].pk}", **HTMX)
    assert "Number 002." in rest
    assert "Number 003." not in rest


def test_drafts_that_were_thrown_away_are_nowhere(ana: Member) -> None:
    made(ana, "Thrown away", deleted_at=timezone.now(), timing="at", local_date=date(2026, 11, 21), local_time=time(9))
    assert "Thrown away" not in page(ana)
    assert "Thrown away" not in page(ana, "?month=2026-11", "calendar/")


def test_without_a_number_or_a_template_the_first_step_leads_there(ana: Member) -> None:
    assert "Connect a number first" in page(ana)
    make_channel(ana.workspace)
    html = page(ana)
    assert "Create a template" in html
    assert "New broadcast" not in html


def test_agents_have_no_list_of_broadcasts() -> None:
    ben = make_member(role="agent", name="Ben")
    for place in ("", "calendar/"):
        answer = sign_in(ben.user).get(f"/w/{ben.workspace.slug}/broadcasts/{place}")
        assert answer.status_code == 403


def test_the_calendar_has_past_coming_and_planned_ones_on_the_readers_clock(ana: Member) -> None:
    at = datetime(2027, 6, 9, 22, 30, tzinfo=UTC)  # 01:30 on the tenth in Cairo
    made(ana, "Night sale", status="finished", next_fire_at=at, audience_count=1_200)
    made(ana, "Planned one", timing="at", local_date=date(2027, 6, 12), local_time=time(9, 15))
    html = page(ana, "?month=2027-06", "calendar/")
    tenth = html[html.index('datetime="2027-06-10"') : html.index('datetime="2027-06-11"')]
    assert "Night sale" in tenth
    assert "01:30" in tenth
    assert "1,200 people" in tenth
    twelfth = html[html.index('datetime="2027-06-12"') : html.index('datetime="2027-06-13"')]
    assert "Planned one" in twelfth
    assert "09:15" in twelfth


def test_the_calendar_shows_a_series_from_its_next_time_to_its_last(ana: Member) -> None:
    series = made(ana, "Weekly", status="scheduled", timing="at", repeat="weekly", local_date=date(2027, 6, 1),
                  local_time=time(9), repeat_until=date(2027, 6, 25),
                  next_fire_at=datetime(2027, 6, 8, 6, tzinfo=UTC))  # fmt: skip
    html = page(ana, "?month=2027-06", "calendar/")
    assert html.count('<bdi class="entry__name">Weekly</bdi>') == 3  # 8, 15 and 22; the first has been
    assert "Nothing goes out in July 2027" in page(ana, "?month=2027-07", "calendar/")
    made(ana, "Came of it", series=series, occurrence=date(2027, 6, 1), status="finished",
         next_fire_at=datetime(2027, 6, 1, 6, tzinfo=UTC))  # fmt: skip
    assert "Came of it" in page(ana, f"?series={series.uuid}")
    assert 'id="b-' + str(series.uuid) not in page(ana, f"?series={series.uuid}")


def test_a_full_day_folds_the_rest_away(ana: Member) -> None:
    for number in range(7):
        made(ana, f"Each {number}", status="scheduled", next_fire_at=datetime(2027, 6, 9, 9, number, tzinfo=UTC))
    html = page(ana, "?month=2027-06", "calendar/")
    assert "<summary>3 more</summary>" in html
    assert html.index("Each 3<") < html.index("<summary>") < html.index("Each 4<")


@pytest.mark.parametrize("written", ["2026-13", "0000-01", "x", "2026-1", "٢٠٢٦-١١", "9999999", "2026-00"])
def test_a_month_nobody_can_mean_is_the_present_one(ana: Member, written: str) -> None:
    now = timezone.now() + timedelta(hours=2)
    assert f"{now:%B} {now.year}" in page(ana, f"?month={written}", "calendar/")

"""What the figures of a broadcast mean, and that page, filters and download cannot disagree about them."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from broadcasts import over_time, recipients_table, tallying
from broadcasts.models import Broadcast, Recipient
from broadcasts.recipients_table import EVERYBODY, Filter
from tests.broadcasts.sent import STAMPS, make_broadcast, make_recipient
from workspaces import tenancy

pytestmark = pytest.mark.django_db

ANSWERED = {"answered_at": timezone.now()}


def everything() -> Broadcast:
    """One recipient of every sort."""
    broadcast = make_broadcast()
    now = timezone.now()
    for status in STAMPS:
        make_recipient(broadcast, status, country="GB" if status != "read" else "EG")
    make_recipient(broadcast, "failed", message={"error_code": "131026", **ANSWERED})
    make_recipient(broadcast, "failed", message={"error_code": "131026", "echoed_at": now})
    make_recipient(broadcast, "failed", message={"error_code": "131049"})
    make_recipient(broadcast, "skipped", message={"error_code": "opted_out"})
    make_recipient(broadcast, "cancelled", state="cancelled")
    make_recipient(broadcast, "delivered", state="cancelled")
    make_recipient(broadcast, "read", message={"delivered_at": None}, replied_at=now, tapped_at=now, tapped="Yes")
    make_recipient(broadcast, "delivered", replied_at=now, opted_out_at=now)
    make_recipient(broadcast, state="waiting")
    make_recipient(broadcast, state="cancelled")
    make_recipient(broadcast, state="skipped", reason="unfilled")
    make_recipient(broadcast, state="left_out", reason="opted_out")
    make_recipient(broadcast, state="left_out", reason="duplicate", country="")
    return broadcast


def figures(broadcast: Broadcast) -> tallying.Figures:
    with tenancy.scope(broadcast.workspace_id):
        return tallying.figures(broadcast)


def test_each_figure_counts_what_it_says():
    found = figures(everything())
    assert dict(found.counts) == {
        "audience": 18, "queued": 15, "accepted": 8, "delivered": 5, "read": 2, "replied": 2, "tapped": 1,
        "opted_out": 1, "failed": 4, "skipped": 3, "cancelled": 3, "left_out": 2, "waiting": 1, "unsent": 1,
        "undelivered": 1, "unread": 3, "not_replied": 3,
    }  # fmt: skip


def test_stages_divide_the_audience():
    found = figures(everything())
    parts = ("waiting", "unsent", "undelivered", "unread", "read", "failed", "skipped", "cancelled")
    assert sum(found[part] for part in parts) == found["audience"]
    assert found.settled == found["audience"] - 2


def test_each_step_is_a_part_of_the_one_its_share_is_of():
    found = figures(everything())
    for group, whole in tallying.SHARE_OF.items():
        assert found[group] <= found[whole], group
        assert found.share(group) == found[group] / found[whole]
    assert tallying.Figures({}).share("read") is None


def test_a_message_that_was_accepted_and_then_failed_was_both():
    broadcast = make_broadcast()
    make_recipient(broadcast, "failed", message=ANSWERED)
    found = figures(broadcast)
    assert (found["accepted"], found["failed"], found["delivered"]) == (1, 1, 0)


def test_what_the_message_proves_counts_more_than_the_recipients_row():
    broadcast = make_broadcast()
    make_recipient(broadcast, "read", state="cancelled")
    assert figures(broadcast)["read"] == 1


def test_countries_and_causes_add_up_to_the_totals():
    found = figures(everything())
    for group in tallying.GROUPS:
        assert sum(country[group] for country in found.countries.values()) == found[group], group
    assert found.countries["EG"]["read"] == 1
    for stage in tallying.CAUSED:
        assert sum(found.causes[stage].values()) == found[stage], stage
    assert found.causes["failed"] == {"131026": 2, "131049": 1, "": 1}
    assert found.causes["skipped"] == {"unfilled": 1, "opted_out": 1, "": 1}
    assert found.causes["left_out"] == {"opted_out": 1, "duplicate": 1}


@pytest.mark.parametrize("group", [*tallying.GROUPS, EVERYBODY])
def test_the_filter_of_a_figure_leaves_as_many_rows(group: str):
    broadcast = everything()
    with tenancy.scope(broadcast.workspace_id):
        page = recipients_table.page(broadcast, Filter(who=group))
        expected = 20 if group == EVERYBODY else tallying.figures(broadcast)[group]
        assert len(page.rows) == recipients_table.count(broadcast, Filter(who=group)) == expected
        assert page.more is None


@pytest.mark.parametrize("stage", tallying.CAUSED)
def test_the_filter_of_a_cause_leaves_as_many_rows(stage: str):
    broadcast = everything()
    with tenancy.scope(broadcast.workspace_id):
        for cause, expected in tallying.figures(broadcast).causes[stage].items():
            chosen = Filter.read({"who": stage, "cause": cause or "-"})
            assert recipients_table.count(broadcast, chosen) == expected


def test_pages_follow_each_other_without_gap_or_repetition():
    broadcast = everything()
    with tenancy.scope(broadcast.workspace_id):
        found, after = [], 0
        for _ in range(10):
            page = recipients_table.page(broadcast, Filter(who=EVERYBODY), after=after, size=3)
            found += [row.id for row in page.rows]
            after = page.more or 0
            if not page.more:
                break
        assert found == sorted(Recipient.objects.values_list("pk", flat=True))
    read = list(recipients_table.everyone(broadcast, Filter(who=EVERYBODY)))
    assert [row.id for row in read] == found


def test_a_filter_that_makes_no_sense_shows_the_audience():
    assert Filter.read({"who": "'; DROP", "country": "<b>", "cause": "131026"}) == Filter()
    assert Filter.read({"who": "failed", "cause": "131026", "country": "eg"}) == Filter("failed", "131026", "EG")
    chosen = Filter("failed", "131026", "EG", "nora")
    assert Filter.read(chosen.params()) == chosen


def test_other_broadcasts_are_not_counted():
    broadcast = everything()
    other = make_broadcast(broadcast.workspace, channel=broadcast.channel)
    assert not any(figures(other).counts.values())
    assert not any(figures(make_broadcast()).counts.values())


def test_the_last_point_of_each_line_is_the_figure():
    broadcast = everything()
    with tenancy.scope(broadcast.workspace_id):
        drawn = over_time.series(broadcast, "day")
        assert drawn is not None
        found = tallying.figures(broadcast)
    for step in (*over_time.STEPS, *over_time.ANSWERS):
        assert drawn.cumulated(step)[-1] == found[step], step


def test_the_span_shown_first_holds_most_of_the_deliveries():
    broadcast = make_broadcast(started_at=timezone.now() - timedelta(days=20))
    for number, hours in itertools.product(range(2), (1, 10, 20)):
        make_recipient(broadcast, "delivered", at=broadcast.started_at + timedelta(hours=hours, minutes=number))
    with tenancy.scope(broadcast.workspace_id):
        drawn = over_time.series(broadcast)
    assert drawn is not None
    assert drawn.span == "day"
    assert sum(drawn.counts["delivered"]) == 6


def test_kept_figures_are_the_counted_ones_and_not_counted_again_at_once():
    broadcast = everything()
    with tenancy.scope(broadcast.workspace_id):
        now = timezone.now()
        counted = tallying.refresh(broadcast, now=now)
        broadcast.refresh_from_db()
        assert tallying.Figures.read(broadcast.tally) == counted
        make_recipient(broadcast, "read")
        assert tallying.refresh(broadcast, now=now + timedelta(seconds=1)) == counted
        assert tallying.refresh(broadcast, now=now + timedelta(seconds=3))["read"] == counted["read"] + 1


def due(**fields: Any) -> bool:
    broadcast = make_broadcast(**fields)
    before = broadcast.tallied_at
    tallying.refresh_due()
    with tenancy.scope(broadcast.workspace_id):
        broadcast.refresh_from_db()
    return broadcast.tallied_at != before


def test_figures_are_kept_up_while_anything_may_change_and_less_often_later():
    now = timezone.now()
    ago = lambda **length: now - timedelta(**length)  # noqa: E731
    assert due(status="running", finished_at=None, tallied_at=ago(seconds=5))
    assert due(status="finished", finished_at=ago(minutes=2), tallied_at=ago(minutes=2))
    assert due(status="finished", finished_at=ago(days=2), tallied_at=None)
    assert not due(status="finished", finished_at=ago(days=2), tallied_at=ago(hours=1))
    assert due(status="finished", finished_at=ago(days=2), tallied_at=ago(hours=3))
    assert not due(status="finished", finished_at=ago(days=40), tallied_at=ago(days=35))
    assert not due(status="draft", started_at=None, finished_at=None)

"""Wall clocks and what they mean. The moments come from the tz database's own list of changes (tzdata 2026)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcasts import timing

# Wall time, zone, the moment in UTC, what the clocks do then.
INSTANTS = [
    ("2026-11-21 09:00", "UTC", "2026-11-21 09:00", ""),
    ("2026-11-21 09:00", "Africa/Cairo", "2026-11-21 07:00", ""),
    ("2027-06-21 09:00", "Africa/Cairo", "2027-06-21 06:00", ""),
    # Cairo and Beirut put their clocks forward at midnight: the day begins at one.
    ("2027-04-30 00:00", "Africa/Cairo", "2027-04-29 22:00", "skipped"),
    ("2027-04-30 00:59", "Africa/Cairo", "2027-04-29 22:00", "skipped"),
    ("2027-04-30 01:00", "Africa/Cairo", "2027-04-29 22:00", ""),
    ("2027-04-29 23:59", "Africa/Cairo", "2027-04-29 21:59", ""),
    ("2027-03-28 00:00", "Asia/Beirut", "2027-03-27 22:00", "skipped"),
    ("2027-03-28 02:30", "Europe/Berlin", "2027-03-28 01:00", "skipped"),
    ("2027-03-14 02:30", "America/New_York", "2027-03-14 07:00", "skipped"),
    # Half an hour on Lord Howe, a whole day on Samoa when it crossed the date line.
    ("2026-10-04 02:15", "Australia/Lord_Howe", "2026-10-03 15:30", "skipped"),
    ("2011-12-30 10:00", "Pacific/Apia", "2011-12-30 10:00", "skipped"),
    # Put back: the first of the two.
    ("2027-10-28 23:30", "Africa/Cairo", "2027-10-28 20:30", "twice"),
    ("2026-10-25 02:30", "Europe/Berlin", "2026-10-25 00:30", "twice"),
    ("2026-11-01 01:30", "America/New_York", "2026-11-01 05:30", "twice"),
    ("2026-11-21 09:00", "Asia/Kathmandu", "2026-11-21 03:15", ""),
    ("2026-11-21 09:00", "Pacific/Kiritimati", "2026-11-20 19:00", ""),
]
# Where clocks change, and one where they do not.
CHANGING = ["Africa/Cairo", "Asia/Beirut", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Riyadh"]
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
dates = st.dates(date(2026, 1, 1), date(2028, 12, 31))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("wall", "zone", "utc", "change"), INSTANTS)
def test_a_wall_time_means_one_moment(wall: str, zone: str, utc: str, change: str) -> None:
    day, clock = date.fromisoformat(wall[:10]), time.fromisoformat(wall[11:])
    assert timing.instant(day, clock, zone) == moment(utc)
    assert timing.clock_change(day, clock, zone) == change


@given(dates, clocks, st.sampled_from(CHANGING))
def test_the_clocks_show_the_wall_time_unless_they_jump_over_it(day: date, clock: time, zone: str) -> None:
    local = timing.instant(day, clock, zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)
    wall = datetime.combine(day, clock)
    if timing.clock_change(day, clock, zone) == "skipped":
        assert wall < local <= wall + timedelta(hours=1)
    else:
        assert local == wall


@given(dates, clocks, clocks, st.sampled_from(CHANGING))
def test_a_later_wall_time_is_never_an_earlier_moment(day: date, one: time, other: time, zone: str) -> None:
    first, second = sorted([one, other])
    assert timing.instant(day, first, zone) <= timing.instant(day, second, zone)


@pytest.mark.parametrize(
    ("at", "zone", "allowed"),
    [
        ("2026-11-21 12:00", "Africa/Cairo", "2026-11-21 12:00"),  # 14:00 there
        ("2026-11-21 19:00", "Africa/Cairo", "2026-11-22 06:00"),  # 21:00, the first quiet minute
        ("2026-11-21 23:30", "Africa/Cairo", "2026-11-22 06:00"),  # 01:30 of the next day
        ("2026-11-22 06:00", "Africa/Cairo", "2026-11-22 06:00"),  # 08:00, the first loud minute
        ("2027-04-29 21:30", "Africa/Cairo", "2027-04-30 05:00"),  # summer time begins in that night
        ("2026-11-21 12:00", "Asia/Tokyo", "2026-11-21 23:00"),  # 21:00 there
    ],
)
def test_quiet_hours_over_midnight_end_in_the_morning_of_each_zone(at: str, zone: str, allowed: str) -> None:
    assert timing.next_allowed(moment(at), time(21), time(8), zone) == moment(allowed)


def test_no_or_empty_quiet_hours_change_nothing() -> None:
    at = moment("2026-11-21 02:00")
    assert timing.next_allowed(at, None, None, "UTC") == at
    assert timing.next_allowed(at, time(2), None, "UTC") == at
    assert timing.next_allowed(at, time(2), time(2), "UTC") == at


@given(st.integers(0, 3 * 365 * 24 * 60), clocks, clocks, st.sampled_from(CHANGING))
def test_what_quiet_hours_allow_is_not_earlier_and_not_quiet(
    minute: int, quiet_from: time, quiet_until: time, zone: str
) -> None:
    at = moment("2026-01-01") + timedelta(minutes=minute)
    allowed = timing.next_allowed(at, quiet_from, quiet_until, zone)
    assert at <= allowed <= at + timedelta(hours=26)
    assert timing.next_allowed(allowed, quiet_from, quiet_until, zone) == allowed


def test_everybody_gets_it_at_their_own_ten_o_clock_outside_their_quiet_hours() -> None:
    zones = ["Africa/Cairo", "Asia/Tokyo", "America/New_York", "Africa/Cairo"]
    assert timing.local_due(date(2026, 11, 21), time(10), zones) == {
        "Africa/Cairo": moment("2026-11-21 08:00"),
        "Asia/Tokyo": moment("2026-11-21 01:00"),
        "America/New_York": moment("2026-11-21 15:00"),
    }
    late = timing.local_due(date(2026, 11, 21), time(22), ["Asia/Tokyo"], quiet_from=time(21), quiet_until=time(9))
    assert late == {"Asia/Tokyo": moment("2026-11-22 00:00")}


@pytest.mark.parametrize(
    ("first", "repeat", "expected"),
    [
        ("2026-11-21", "never", ["2026-11-21"]),
        ("2026-12-30", "daily", ["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"]),
        ("2026-12-24", "weekly", ["2026-12-24", "2026-12-31", "2027-01-07", "2027-01-14"]),
        ("2026-12-31", "monthly", ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31"]),
        ("2027-12-30", "monthly", ["2027-12-30", "2028-01-30", "2028-02-29", "2028-03-30"]),
    ],
)
def test_a_schedule_comes_round_and_short_months_end_it_on_their_last_day(
    first: str, repeat: str, expected: list[str]
) -> None:
    assert [day.isoformat() for day in islice(timing.days(date.fromisoformat(first), repeat), 4)] == expected


def test_a_schedule_ends_with_its_last_day() -> None:
    first = date(2026, 11, 21)
    assert list(timing.days(first, "weekly", date(2026, 12, 4))) == [first, date(2026, 11, 28)]
    assert list(timing.days(first, "daily", date(2026, 11, 20))) == []
    assert list(timing.days_from(date(2026, 11, 25), first, "weekly", date(2026, 12, 5))) == [
        date(2026, 11, 28),
        date(2026, 12, 5),
    ]

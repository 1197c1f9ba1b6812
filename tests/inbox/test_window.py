"""How long after a customer's message free text may be sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from inbox import window

WROTE = datetime(2026, 11, 2, 9, tzinfo=UTC)
DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("after", "state"),
    [
        (timedelta(0), "open"),
        (timedelta(hours=21, minutes=59), "open"),
        (timedelta(hours=22), "closing"),
        (timedelta(hours=23, minutes=59, seconds=59), "closing"),
        (DAY, "closed"),
        (DAY * 3, "closed"),
    ],
)
def test_the_window_closes_a_day_after_the_customer_wrote(after, state):
    assert window.state(window.expires_at(WROTE, DAY), WROTE + after, has_window=True) == state


def test_somebody_who_never_wrote_has_no_window():
    assert window.state(None, WROTE, has_window=True) == "closed"


def test_a_provider_without_windows_is_always_open():
    assert window.state(None, WROTE, has_window=False) == "open"
    assert window.expires_at(WROTE, None) is None


def test_an_old_message_that_comes_late_never_shortens_the_window():
    ends = window.extended(None, WROTE, DAY)
    assert window.extended(ends, WROTE - timedelta(hours=5), DAY) == ends
    assert window.extended(ends, WROTE + timedelta(hours=5), DAY) == ends + timedelta(hours=5)

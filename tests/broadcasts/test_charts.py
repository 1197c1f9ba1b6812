"""The geometry of charts."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcasts.charts import HEIGHT, WIDTH, beside, lines, percent, ticks

COUNTS = st.lists(st.integers(0, 10_000), min_size=1, max_size=60)


@given(st.integers(0, 10_000_000))
def test_the_side_is_marked_with_few_round_numbers_that_hold_everything(most: int):
    marks = ticks(most)
    assert marks[0] == 0
    assert marks[-1] >= most
    assert 2 <= len(marks) <= 6
    assert len({later - earlier for earlier, later in itertools.pairwise(marks)}) == 1


@given(COUNTS, COUNTS)
def test_nothing_is_drawn_outside(one: list[int], other: list[int]):
    size = min(len(one), len(other))
    most = max(max(one), max(other), 1)
    bars = beside({"one": one[:size], "other": other[:size]}, most)
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH + 0.1 for bar in bars)
    assert all(bar.y >= -0.1 and bar.y + bar.height <= HEIGHT + 0.1 for bar in bars)
    assert sum(bar.count for bar in bars) == sum(one[:size]) + sum(other[:size])


def test_a_line_begins_at_nothing_and_ends_at_its_height():
    [line] = lines({"read": [1, 2, 4]}, 4)
    assert line.path == "M0.0 160.0 L200.0 120.0 L400.0 80.0 L600.0 0.0"


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, ""), (0, "0 %"), (0.0001, "< 0.1 %"), (0.042, "4.2 %"), (0.5, "50 %"),
        (0.99999, "> 99.9 %"), (1, "100 %"),
    ],
)  # fmt: skip
def test_a_share_is_all_only_when_nobody_is_missing(share: float | None, words: str):
    assert percent(share) == words

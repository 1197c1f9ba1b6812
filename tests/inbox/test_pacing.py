"""How fast a number may send, in Valkey and without it. Time is an argument."""

from __future__ import annotations

from itertools import count

import pytest

from inbox import pacing

START = 1_800_000_000.0
_channels = count(9_000_001)


@pytest.fixture(params=["valkey", "without valkey"])
def channel(request):
    """A channel nobody has sent from yet."""
    if request.param == "without valkey":
        request.getfixturevalue("no_valkey")
    return next(_channels)


def granted(channel, seconds, *, step=0.05, rate=80, urgent=False, wanted=50):
    """How many messages go in `seconds` when somebody always wants to send."""
    steps = int(seconds / step)
    return sum(
        pacing.take(channel, rate=rate, wanted=wanted, urgent=urgent, now=START + number * step).messages
        for number in range(steps)
    )


def test_the_rate_holds_over_time(channel):
    assert 780 <= granted(channel, 10) <= 825


def test_a_rest_is_not_followed_by_a_burst(channel):
    granted(channel, 1)
    assert pacing.take(channel, rate=80, wanted=500, now=START + 3600).messages == 20


def test_the_wait_is_how_long_until_the_next_may_go(channel):
    pacing.take(channel, rate=10, wanted=100, now=START)
    grant = pacing.take(channel, rate=10, wanted=1, now=START)
    assert grant.messages == 0
    assert 0 < grant.wait <= 0.11
    assert pacing.take(channel, rate=10, wanted=1, now=START + grant.wait + 0.001).messages == 1


def test_agents_may_overdraw_one_second_and_broadcasts_wait_for_it(channel):
    granted(channel, 1)
    later = START + 1
    assert pacing.take(channel, rate=80, wanted=500, now=later).messages <= 20
    assert 60 <= pacing.take(channel, rate=80, wanted=500, urgent=True, now=later).messages <= 100
    broadcast = pacing.take(channel, rate=80, wanted=500, now=later)
    assert broadcast.messages == 0
    assert 0.9 < broadcast.wait <= 1.1


def test_what_was_not_used_can_be_given_back(channel):
    assert pacing.take(channel, rate=80, wanted=20, now=START).messages == 20
    pacing.give_back(channel, 15)
    assert pacing.take(channel, rate=80, wanted=20, now=START).messages == 15


def test_a_slow_number_may_send_too(channel):
    assert granted(channel, 10, rate=1) in (10, 11)


@pytest.mark.parametrize("jump", [-3600, 3600])
def test_a_clock_that_jumps_an_hour_stops_nothing_and_frees_no_flood(channel, jump):
    granted(channel, 1)
    later = START + 1 + jump
    total = sum(pacing.take(channel, rate=80, wanted=50, now=later + number * 0.05).messages for number in range(40))
    assert 140 <= total <= 185


def test_a_small_difference_between_two_machines_clocks_does_not_refill_the_bucket(channel):
    pacing.take(channel, rate=80, wanted=20, now=START)
    for _ in range(20):
        pacing.take(channel, rate=80, wanted=20, now=START + 0.5)
        pacing.take(channel, rate=80, wanted=20, now=START)
    assert pacing.take(channel, rate=80, wanted=20, now=START).messages == 0


def second(channel, after, **options):
    """How many messages go in the second that begins `after` seconds from the start."""
    return sum(
        pacing.take(channel, rate=80, wanted=50, now=START + after + number * 0.05, **options).messages
        for number in range(20)
    )


def test_a_number_that_was_throttled_goes_on_at_half_its_pace_and_wins_it_back_step_by_step(channel):
    granted(channel, 1)
    assert pacing.slow_down(channel, now=START + 1) == 0.5
    second(channel, 1)
    paces = [second(channel, after) for after in (2, 7, 12, 17, 22, 27, 40)]
    assert paces == sorted(paces)
    assert 35 <= paces[0] <= 50
    assert all(75 <= pace <= 105 for pace in paces[-2:])


def test_many_answers_to_one_burst_count_once_and_a_later_one_again(channel):
    granted(channel, 1)
    assert [pacing.slow_down(channel, now=START + 1 + number / 100) for number in range(50)] == [0.5] * 50
    assert pacing.slow_down(channel, now=START + 4) == 0.25


def test_even_a_number_that_is_throttled_all_the_time_sends_a_little(channel):
    shares = [pacing.slow_down(channel, now=START + 3 * number) for number in range(20)]
    assert shares[-1] >= pacing.LEAST
    assert granted(channel, 10) >= 30


def test_agents_overdraw_by_a_second_of_the_slower_pace(channel):
    granted(channel, 1)
    pacing.slow_down(channel, now=START + 1)
    assert 30 <= pacing.take(channel, rate=80, wanted=500, urgent=True, now=START + 1).messages <= 50

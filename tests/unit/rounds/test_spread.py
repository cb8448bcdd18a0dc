"""The median's interval, against all outcomes and against drawn values."""

from itertools import product

import numpy as np
import pytest

from inferometer_loadgen.rounds.spread import coverage, interval_rank


@pytest.mark.parametrize("rounds", range(1, 13))
def test_the_coverage_is_the_share_of_all_ways_in_which_values_fall_above_or_below_the_median(rounds: int) -> None:
    below = [sum(way) for way in product((0, 1), repeat=rounds)]
    for rank in range(1, (rounds + 1) // 2 + 1):
        held = sum(rank <= count <= rounds - rank for count in below)
        assert coverage(rounds, rank) == held / 2**rounds


def test_five_rounds_are_their_whole_range_at_less_than_95_percent_and_say_so() -> None:
    assert interval_rank(5) == 1
    assert coverage(5, 1) == 0.9375


def test_many_rounds_leave_their_extremes_out() -> None:
    # The table of exact intervals for the median, for example in Conover, Practical Nonparametric Statistics.
    assert [interval_rank(rounds) for rounds in (6, 8, 9, 12, 15, 20)] == [1, 1, 2, 3, 4, 6]


def test_the_interval_holds_the_true_median_as_often_as_it_says() -> None:
    values = np.sort(np.random.default_rng(7).exponential(size=(20_000, 9)), axis=1)
    rank = interval_rank(9)

    held = (values[:, rank - 1] <= np.log(2)) & (np.log(2) <= values[:, -rank])

    assert held.mean() == pytest.approx(coverage(9, rank), abs=0.006)

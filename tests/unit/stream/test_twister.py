import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inferometer_loadgen.stream.twister import Twister, draws_pairs, shuffle_bounds


def test_the_words_are_those_the_standard_demands_of_mt19937() -> None:
    """C++ [rand.predef]: the 10,000th word of a generator seeded with 5489 is 4123659995."""
    assert Twister(5489).words(10_000)[-1] == 4123659995


def test_a_seed_counts_modulo_2_to_the_32() -> None:
    assert Twister(2**40 + 7).words(5).tolist() == Twister(7).words(5).tolist()


@pytest.mark.parametrize(
    ("size", "bounds"),
    [(0, []), (1, []), (2, [2]), (3, [2 * 3]), (4, [2, 3 * 4]), (5, [2 * 3, 4 * 5]), (6, [2, 3 * 4, 5 * 6])],
)
def test_a_shuffle_draws_two_positions_at_a_time(size: int, bounds: list[int]) -> None:
    assert shuffle_bounds(size) == bounds


def test_a_shuffle_draws_one_position_at_a_time_where_a_pair_does_not_fit_into_a_word() -> None:
    assert draws_pairs(65_535)
    assert not draws_pairs(65_536)
    assert shuffle_bounds(65_536) == list(range(2, 65_537))


@settings(deadline=None)
@given(bound=st.integers(1, 2**32 - 1), seed=st.integers(0, 2**32 - 1), count=st.integers(0, 50))
def test_draws_made_at_once_are_those_made_one_by_one(bound: int, seed: int, count: int) -> None:
    at_once, one_by_one = Twister(seed), Twister(seed)

    drawn = at_once.below(bound, count)

    assert drawn.tolist() == [int(one_by_one.below(bound, 1)[0]) for _ in range(count)]
    assert at_once.words(1) == one_by_one.words(1)
    assert ((drawn >= 0) & (drawn < bound)).all()


@settings(deadline=None)
@given(size=st.integers(0, 200), times=st.integers(0, 3), seed=st.integers(0, 2**32 - 1))
@example(size=40_001, times=2, seed=1).via("large enough for draws that must be made again")
def test_skipped_shuffles_consume_what_shuffles_consume(size: int, times: int, seed: int) -> None:
    skipping, shuffling = Twister(seed), Twister(seed)

    skipping.skip_shuffles(size, times)
    for _ in range(times):
        shuffled = shuffling.shuffled(np.arange(size))
        assert sorted(shuffled.tolist()) == list(range(size))

    assert skipping.words(1) == shuffling.words(1)


def test_a_canonical_double_stays_under_1() -> None:
    class AllOnes(Twister):
        def words(self, count: int) -> np.ndarray:
            return np.full(count, 2**32 - 1, dtype=np.uint64)

    assert AllOnes(0).canonical(1)[0] == np.nextafter(1.0, 0.0)

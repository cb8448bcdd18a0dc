"""The search for the highest valid rate, on simulated servers."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.rounds.peak import Grid, Tried, bracket, next_trial

grids = st.builds(
    lambda least, factor, tolerance: Grid(least, least * factor, tolerance),
    st.floats(0.1, 1e4),
    st.floats(1, 1e4),
    st.floats(0.005, 0.5),
)


def search(grid: Grid, is_valid, max_trials: int = 1_000) -> list[Tried]:
    tried: list[Tried] = []
    while (number := next_trial(tried, grid.last, max_trials)) is not None:
        tried.append(Tried(number, is_valid(grid.rate(number))))
    return tried


@given(grids)
def test_neighbours_on_the_grid_are_within_the_tolerance_and_its_ends_are_those_asked_for(grid: Grid) -> None:
    rates = [grid.rate(number) for number in range(grid.last + 1)]
    assert rates[0] == grid.least
    assert rates[-1] == (grid.most if grid.last else grid.least)
    assert all(0 < after / before - 1 <= grid.tolerance * (1 + 1e-6) for before, after in pairwise(rates))


@given(grids, st.floats(0, 1.2))
def test_of_a_server_with_a_capacity_the_greatest_rate_below_it_is_found(grid: Grid, where: float) -> None:
    capacity = grid.least * 0.9 * (grid.most / grid.least * 1.2) ** where
    tried = search(grid, lambda rate: rate <= capacity)

    found = bracket(tried, grid.last)
    valid = [number for number in range(grid.last + 1) if grid.rate(number) <= capacity]
    assert found.valid == (valid[-1] if valid else -1)
    assert found.is_narrow
    assert len(tried) <= trials_needed(grid.last)


@given(grids, st.integers(0, 2**32), st.integers(1, 40))
def test_a_server_that_contradicts_itself_ends_the_search_all_the_same(grid: Grid, seed: int, most: int) -> None:
    chance = random.Random(seed)
    tried = search(grid, lambda _: chance.random() < 0.5, most)

    found = bracket(tried, grid.last)
    assert len(tried) <= most
    assert len({one.number for one in tried}) == len(tried)
    assert found.valid < found.invalid
    assert all(not one.valid or one.number < found.invalid for one in tried if one.number <= found.valid)


def trials_needed(last: int) -> int:
    """So many trials always suffice: to climb by doubling, and to halve what is left."""
    return 2 * (last + 1).bit_length() + 1

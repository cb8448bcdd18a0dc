"""What follows from rounds in turn."""

import pytest
from benchmarks.clients.contender import BenchmarkError
from benchmarks.rounds import Ratio, Rounds, compare_rounds, in_turn


def test_each_round_is_compared_with_its_neighbour() -> None:
    ratio = compare_rounds([1, 2, 3, 4, 10], [2, 4, 6, 8, 10])

    assert ratio == Ratio(low=0.5, median=0.5, high=1.0)


def test_a_disturbance_of_both_changes_nothing() -> None:
    quiet = compare_rounds([3, 3, 3, 3, 3], [2, 2, 2, 2, 2])

    assert compare_rounds([3, 3, 30, 3, 3], [2, 2, 20, 2, 2]) == quiet


def test_a_disturbance_of_one_shows_in_the_extremes_alone() -> None:
    assert compare_rounds([3, 3, 30, 3, 3], [2, 2, 2, 2, 2]) == Ratio(1.5, 1.5, 15.0)


@pytest.mark.parametrize(("ours", "theirs"), [(4, 4), (5, 6)], ids=["too few", "not in pairs"])
def test_too_few_rounds_or_rounds_without_a_neighbour_prove_nothing(ours: int, theirs: int) -> None:
    with pytest.raises(ValueError, match="at least 5"):
        compare_rounds([1] * ours, [1] * theirs)


def test_all_take_turns() -> None:
    order: list[str] = []
    in_turn(2, [lambda: order.append("A"), lambda: order.append("B"), lambda: order.append("C")])

    assert order == ["A", "B", "C"] * 2


def test_a_contender_that_fails_has_no_further_turn_and_the_others_go_on() -> None:
    turns: list[str] = []

    def fails_in_its_second() -> int:
        turns.append("B")
        if turns.count("B") == 2:
            raise BenchmarkError("B did not end within 30 s")
        return 7

    def never_fails() -> int:
        turns.append("A")
        return 1

    rounds = in_turn(3, [never_fails, fails_in_its_second])

    assert rounds == [Rounds([1, 1, 1]), Rounds([7], "B did not end within 30 s")]
    assert turns == ["A", "B", "A", "B", "A"]

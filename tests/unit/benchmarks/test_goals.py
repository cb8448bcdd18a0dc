"""How a figure stands to its goal."""

from dataclasses import replace

import pytest
from benchmarks.goals import Goal, Row, Word, measured, not_measured
from benchmarks.rounds import Rounds

PAIRS = Row(what="a by b", conditions="", unit="us", ours=[2, 2, 2, 2, 2], theirs=[2, 2, 2, 2, 2])


@pytest.mark.parametrize(
    ("goal", "word"),
    [
        (Goal(1.0), Word.MET),
        (Goal(0.99), Word.MISSED),
        (Goal(1.0, at_least=True), Word.MET),
        (Goal(1.01, at_least=True), Word.MISSED),
        (None, Word.NO_GOAL),
    ],
    ids=["the most, reached", "more than the most", "the least, reached", "less than the least", "no goal"],
)
def test_a_goal_is_held_against_the_median_ratio_of_the_pairs(goal: Goal | None, word: Word) -> None:
    assert replace(PAIRS, goal=goal).word == word


def test_a_goal_is_held_against_our_own_median_where_there_is_no_peer() -> None:
    alone = replace(PAIRS, ours=[40, 50, 60], theirs=())

    assert (alone.figure, replace(alone, goal=Goal(48)).word) == (50, Word.MISSED)


def test_what_was_not_measured_has_neither_met_nor_missed_its_goal() -> None:
    row = not_measured(replace(PAIRS, goal=Goal(1.0)), "two cores are free, and it takes four")

    assert (row.word, row.figure, row.why_not) == (Word.NOT_MEASURED, None, "two cores are free, and it takes four")


@pytest.mark.parametrize(("goal", "text"), [(Goal(1.15), "<= 1.15"), (Goal(1, at_least=True), ">= 1")])
def test_a_goal_is_written_as_it_is_read(goal: Goal, text: str) -> None:
    assert str(goal) == text


def test_a_line_has_the_figures_of_its_contenders_or_why_one_of_them_has_none() -> None:
    line = replace(PAIRS, ours=(), theirs=(), goal=Goal(1.0))
    all_there, hung = Rounds([2.0] * 5), Rounds([2.0], "b did not end within 30 s")

    assert measured(line, all_there, all_there).word == Word.MET
    assert measured(line, all_there, hung) == not_measured(line, "b did not end within 30 s")
    assert measured(line, hung) == not_measured(line, "b did not end within 30 s")

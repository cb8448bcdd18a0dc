"""What is compared with what, and the goal that stands beside it. A goal is a wish to be read, never a test."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median

from benchmarks.rounds import MIN_PAIRS, Ratio, Rounds, compare_rounds


class Word(StrEnum):
    """How a figure stands to its goal."""

    MET = "met"
    MISSED = "missed"
    NO_GOAL = "-"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Goal:
    """`limit` is the most that is wished for, or the least where `at_least`."""

    limit: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"

    def holds(self, value: float) -> bool:
        """Whether a figure is as wished."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: our figures of some rounds, beside a peer's in pairs where there is one."""

    what: str
    """With the peer's name in it."""
    conditions: str
    unit: str
    ours: Sequence[float] = ()
    """Empty where it was not measured."""
    theirs: Sequence[float] = ()
    """Empty where our figure stands alone."""
    goal: Goal | None = None
    """Of the median ratio where there is a peer, else of our median."""
    why_not: str = ""
    """Why it was not measured."""

    @property
    def ratio(self) -> Ratio | None:
        """Ours by theirs; None where there is nothing to compare."""
        return compare_rounds(self.ours, self.theirs) if len(self.theirs) >= MIN_PAIRS else None

    @property
    def figure(self) -> float | None:
        """What the goal is held against; None where nothing was measured."""
        if not self.ours:
            return None
        ratio = self.ratio
        return ratio.median if ratio is not None else median(self.ours)

    @property
    def word(self) -> Word:
        """How it stands to its goal."""
        figure = self.figure
        if figure is None:
            return Word.NOT_MEASURED
        if self.goal is None:
            return Word.NO_GOAL
        return Word.MET if self.goal.holds(figure) else Word.MISSED


def not_measured(row: Row, why: str) -> Row:
    """The same line without figures."""
    return Row(what=row.what, conditions=row.conditions, unit=row.unit, goal=row.goal, why_not=why)


def measured(row: Row, ours: Rounds[float], theirs: Rounds[float] | None = None) -> Row:
    """The same line with the figures of its contenders, or with why one of them has none."""
    for rounds in (ours, theirs):
        if rounds is not None and rounds.why_not:
            return not_measured(row, rounds.why_not)
    return replace(row, ours=ours.results, theirs=() if theirs is None else theirs.results)

"""Rounds of contenders in turn, and what follows from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.clients.contender import BenchmarkError


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ours by theirs, pair by pair: below 1, ours is the smaller figure.

    Low and high are the extremes of all pairs. The true median lies outside of n pairs' extremes with a probability of
    2 * 0.5^n, whatever the distribution: 6% for five pairs, which is why there are no fewer.
    """

    low: float
    median: float
    high: float


MIN_PAIRS = 5


def compare_rounds(ours: Sequence[float], theirs: Sequence[float]) -> Ratio:
    """The ratios of neighbours: what disturbs the machine for seconds disturbs both of a pair. Raises ValueError."""
    if len(ours) != len(theirs) or len(ours) < MIN_PAIRS:
        raise ValueError(f"{len(ours)} rounds beside {len(theirs)}: expected at least {MIN_PAIRS} of each, in pairs")
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    return Ratio(min(ratios), median(ratios), max(ratios))


@dataclass(slots=True)
class Rounds[A]:
    """What one contender measured, round by round."""

    results: list[A]
    why_not: str = ""
    """Why it failed; its rounds end before that one."""

    def each[B](self, figure: Callable[[A], B]) -> "Rounds[B]":
        """One figure of each round."""
        return Rounds([figure(result) for result in self.results], self.why_not)


def in_turn[A](rounds: int, contenders: Sequence[Callable[[], A]]) -> list[Rounds[A]]:
    """A B C A B C …, so that none has the quieter half of the sitting; by contender.

    One that raises BenchmarkError has no further turn: the others' figures are worth having all the same.
    """
    results: list[Rounds[A]] = [Rounds([]) for _ in contenders]
    for _ in range(rounds):
        for contender, own in zip(contenders, results, strict=True):
            if own.why_not:
                continue
            try:
                own.results.append(contender())
            except BenchmarkError as error:
                own.why_not = str(error)
    return results

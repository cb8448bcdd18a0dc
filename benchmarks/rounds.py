"""Rounds of contenders in turn, and what follows from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


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


def in_turn[A](rounds: int, contenders: Sequence[Callable[[], A]]) -> list[list[A]]:
    """A B C A B C …, so that none has the quieter half of the sitting; by contender."""
    results: list[list[A]] = [[] for _ in contenders]
    for _ in range(rounds):
        for contender, own in zip(contenders, results, strict=True):
            own.append(contender())
    return results

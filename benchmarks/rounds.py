"""Rounds of two contenders in turn, and what follows from them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol


class Cost(Protocol):
    """What is compared: CPU time a request."""

    @property
    def cpu_us(self) -> float:
        """Lower is better."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ours by theirs, pair by pair: below 1, we are cheaper.

    Low and high are the extremes of all pairs. The true median lies outside of n pairs' extremes with a probability of
    2 * 0.5^n, whatever the distribution: 6% for five pairs, which is why there are no fewer.
    """

    low: float
    median: float
    high: float


MIN_PAIRS = 5


def compare_rounds(ours: Sequence[Cost], theirs: Sequence[Cost]) -> Ratio:
    """The ratios of neighbours: what disturbs the machine for seconds disturbs both of a pair. Raises ValueError."""
    if len(ours) != len(theirs) or len(ours) < MIN_PAIRS:
        raise ValueError(f"{len(ours)} rounds beside {len(theirs)}: expected at least {MIN_PAIRS} of each, in pairs")
    ratios = [our.cpu_us / their.cpu_us for our, their in zip(ours, theirs, strict=True)]
    return Ratio(min(ratios), median(ratios), max(ratios))


def in_turn[A, B](pairs: int, one: Callable[[], A], other: Callable[[], B]) -> tuple[list[A], list[B]]:
    """A B A B …, so that neither has the quieter half of the sitting."""
    rounds = [(one(), other()) for _ in range(pairs)]
    return [first for first, _ in rounds], [second for _, second in rounds]

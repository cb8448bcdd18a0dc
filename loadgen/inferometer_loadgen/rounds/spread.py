"""The median of several rounds, and an interval that holds the true median with a stated confidence.

The interval runs between two order statistics, the k-th smallest and the k-th largest of n values, and assumes nothing
of how the values are distributed: it misses the median with probability 2 * P(Binomial(n, 1/2) < k) (H. A. David and
H. N. Nagaraja, Order Statistics, 3rd edition, section 7.1). For five rounds that is their whole range, at 93.75 %.
"""

from math import comb

WANTED_CONFIDENCE = 0.95
"""The narrowest interval that reaches it is taken; few rounds do not reach it, and say what they do."""


def coverage(rounds: int, rank: int) -> float:
    """How surely the true median is between the `rank`-th smallest and the `rank`-th largest, rank 1 the extremes."""
    missed = sum(comb(rounds, below) for below in range(rank))
    return float(1 - 2 * missed / 2**rounds)


def interval_rank(rounds: int) -> int:
    """The greatest rank whose interval reaches the wanted confidence; 1, the whole range, where none does."""
    ranks = range(1, (rounds + 1) // 2 + 1)
    return max((rank for rank in ranks if coverage(rounds, rank) >= WANTED_CONFIDENCE), default=1)

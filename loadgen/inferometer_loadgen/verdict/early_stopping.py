"""Early stopping: whether so many queries are enough to be sure of a percentile, exactly as LoadGen 6.0.17 has it.

LoadGen (early_stopping.cc; MLPerf inference rules v6.1, "Early stopping") asks for the least h with
I(p; h, t + 1) < 1 - c, where t of h + t queries are over the latency, p is the percentile, c = 0.99 the confidence and
I the regularised incomplete beta function. That function is the chance that of h + t queries, each over its latency
with probability 1 - p, at most t are: so the sums below are of a binomial distribution.
"""

import math
from bisect import bisect_left
from collections.abc import Callable

CONFIDENCE = 0.99
_DOUBT = 1 - CONFIDENCE
"""As a double, which is a little above 0.01; the comparison is strict."""
_NEGLIGIBLE = 1e-18


def queries_needed(over: int, fraction: float) -> int:
    """The least number of queries of which `over` may be over the latency at the percentile `fraction`.

    For example 44 with none over and 64 with one, at 0.9. Raises ValueError unless 0 < fraction < 1 and over >= 0.
    """
    if over < 0 or not 0 < fraction < 1:
        raise ValueError(f"{over} over at {fraction}")
    low, high = over, 2 * over + 2
    while not _is_sure(over, high, fraction):
        low, high = high, 2 * high
    # Not sure at `low`, sure at `high`: the chance falls with the number of queries.
    return _first(low, high, lambda queries: _is_sure(over, queries, fraction))


def queries_at_share(share: float, fraction: float, most: int) -> int | None:
    """So many queries are enough if the same share of them is over the latency; None where even `most` are not."""
    if share >= 1 - fraction:
        return None
    low, high = 0, queries_needed(0, fraction)
    while not _is_enough(high, share, fraction):
        if high >= most:
            return None
        low, high = high, min(2 * high, most)
    return _first(low, high, lambda queries: _is_enough(queries, share, fraction))


def _is_enough(queries: int, share: float, fraction: float) -> bool:
    allowed = most_over(queries, fraction)
    return allowed is not None and math.ceil(queries * share) <= allowed


def most_over(queries: int, fraction: float) -> int | None:
    """How many of so many queries may be over the latency, at most; None where they are too few for even none."""
    if queries < 1 or not _is_sure(0, queries, fraction):
        return None
    return _first(0, queries, lambda over: not _is_sure(over, queries, fraction)) - 1


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first number above `low` for which it holds, as it does for `high` and for all between the two."""
    return low + 1 + bisect_left(range(low + 1, high), True, key=holds)


def _is_sure(over: int, queries: int, fraction: float) -> bool:
    return _at_most(over, queries, 1 - fraction, fraction) < _DOUBT


def _at_most(over: int, queries: int, over_chance: float, within_chance: float) -> float:
    """The chance that at most `over` of the queries are over their latency.

    The terms are summed from the largest number down: while `over` is below the mean they fall all the way, and where
    it is above, the sum is no small number.
    """
    if over >= queries * over_chance:
        # Its median is within one of the mean, so the chance is not below a half by more than one term.
        return 0.5 if over < queries else 1.0
    logarithm = (
        math.lgamma(queries + 1)
        - math.lgamma(over + 1)
        - math.lgamma(queries - over + 1)
        + over * math.log(over_chance)
        + (queries - over) * math.log(within_chance)
    )
    terms, ratio = [1.0], within_chance / over_chance
    for count in range(over, 0, -1):
        terms.append(terms[-1] * ratio * count / (queries - count + 1))
        if terms[-1] < _NEGLIGIBLE:
            break
    return math.exp(logarithm) * math.fsum(terms)

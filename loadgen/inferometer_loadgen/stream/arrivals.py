"""When queries are due: the Poisson arrivals of LoadGen's Server scenario.

LoadGen 6.0.17, loadgen.cc, GenerateQueries and ScheduleDistribution<Server>. Times are relative to the start of
the measured run, and the first query is due at 0.
"""

import math

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.stream.twister import Twister

NS_PER_S = 1e9

GAPS_AT_ONCE = 1 << 20
"""Gaps drawn in one go: bounds the memory, not the result."""


def poisson_gaps_ns(words: Twister, target_qps: float, count: int) -> NDArray[np.int64]:
    """`count` gaps between arrivals, as std::exponential_distribution draws them.

    Each gap is cut to whole nanoseconds by itself (std::chrono::duration_cast), before they are added up: adding
    first would drift from LoadGen's times by half a nanosecond a query.
    """
    gaps_s = -np.log(1.0 - words.canonical(count)) / target_qps
    return (gaps_s * NS_PER_S).astype(np.int64)


def poisson_arrivals_ns(words: Twister, target_qps: float, min_duration_ns: int, min_queries: int) -> NDArray[np.int64]:
    """The times at which the queries of a run are due, as many as LoadGen generates.

    It generates until the last query is due at or after `min_duration_ns` and there are `min_queries` of them.
    """
    blocks = [np.zeros(1, dtype=np.int64)]
    count, last_ns = 1, 0
    while last_ns < min_duration_ns or count < min_queries:
        missing = max(min_queries - count, _likely_arrivals(target_qps, min_duration_ns - last_ns))
        gaps_ns = poisson_gaps_ns(words, target_qps, min(missing, GAPS_AT_ONCE))
        blocks.append(last_ns + np.cumsum(gaps_ns))
        count += gaps_ns.size
        last_ns = int(blocks[-1][-1])
    scheduled_ns = np.concatenate(blocks)
    # A run without a minimum duration has no last arrival to wait for, so not even the one at 0.
    until_duration = int(np.searchsorted(scheduled_ns, min_duration_ns)) + 1 if min_duration_ns > 0 else 0
    return scheduled_ns[: max(until_duration, min_queries)]


def _likely_arrivals(target_qps: float, duration_ns: int) -> int:
    """About as many arrivals as `duration_ns` holds, and a few more so that one round is mostly enough."""
    expected = target_qps * max(duration_ns, 0) / NS_PER_S
    return math.ceil(expected + 4.0 * math.sqrt(expected)) + 1

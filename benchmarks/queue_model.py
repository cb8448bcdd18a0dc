"""What a queue with a fixed service time does with arrivals: the truth that searches for its peak are held against."""

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.verdict.percentiles import percentile_of

ARRIVALS = 1_000_000
"""Enough for p99 to a percent or so, also near the capacity."""
STEPS = 24
SEED = 20191001


def sojourn_ns(arrivals_ns: NDArray[np.int64], service_ns: int) -> NDArray[np.int64]:
    """Of each arrival, from its time until its answer: one is served after another, in the order of arrival.

    Lindley's recursion, unrolled: the answer to i is at the latest, over all j up to i, of j's arrival and the service
    of all from j to i.
    """
    served = np.arange(len(arrivals_ns), dtype=np.int64) * service_ns
    answered: NDArray[np.int64] = np.maximum.accumulate(arrivals_ns - served) + served + service_ns
    return answered - arrivals_ns


def latency_at(rate: float, service_ns: int, percentile: float) -> int:
    """In the long run, of Poisson arrivals at so many a second."""
    gaps_ns = np.random.Generator(np.random.PCG64(SEED)).exponential(1e9 / rate, ARRIVALS)
    return percentile_of(sojourn_ns(np.cumsum(gaps_ns).astype(np.int64), service_ns), percentile)


def highest_rate(service_ns: int, bound_ns: int, percentile: float) -> float:
    """The rate of Poisson arrivals at which the latency at the percentile is the bound, in the long run."""
    low, high = 0.0, 1e9 / service_ns
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if latency_at(middle, service_ns, percentile) <= bound_ns else (low, middle)
    return low

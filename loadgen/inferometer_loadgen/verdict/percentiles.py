"""Percentiles as LoadGen takes them: from every latency, without buckets and without interpolation.

LoadGen 6.0.17, results.cc, PerformanceSummary::ProcessLatencies.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.verdict.measured import NEVER_NS

SUMMARY = (0.50, 0.90, 0.95, 0.97, 0.99, 0.999, 1.0)


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """What a run's latencies are known by; None where there is no such latency.

    A failed query has an infinite latency, so a percentile is None when it falls on one.
    """

    mean_answered_ns: int | None
    """Over the answered queries only (an infinite latency has no mean), in integer division like LoadGen's."""
    p50_ns: int | None
    p90_ns: int | None
    p95_ns: int | None
    p97_ns: int | None
    p99_ns: int | None
    p999_ns: int | None
    max_ns: int | None


def percentile(sorted_ns: NDArray[np.int64], fraction: float) -> int:
    """The entry floor(n * fraction) of `sorted_ns`, counted from 0, or the last one.

    The product is a double, as in LoadGen: exact arithmetic would pick another entry here and there. Raises ValueError
    when there is nothing to pick from.
    """
    if sorted_ns.size == 0:
        raise ValueError("no percentile of nothing")
    return int(sorted_ns[percentile_index(sorted_ns.size, fraction)])


def percentile_of(unsorted_ns: NDArray[np.int64], fraction: float) -> int:
    """As `percentile`, of latencies in any order: one entry is found in a fraction of the time that sorting takes."""
    if unsorted_ns.size == 0:
        raise ValueError("no percentile of nothing")
    entry = percentile_index(unsorted_ns.size, fraction)
    return int(np.partition(unsorted_ns, entry)[entry])


def percentile_index(count: int, fraction: float) -> int:
    """Which entry of `count` sorted latencies, counted from 0, is the percentile; those after it may be late."""
    return min(int(count * fraction), count - 1)


def unless_never(time_ns: int) -> int | None:
    """`time_ns`, or None for what never happened."""
    return None if time_ns == NEVER_NS else time_ns


def latency_summary(latency_ns: NDArray[np.int64]) -> LatencySummary:
    """The summary of latencies in any order, NEVER_NS among them for failed queries."""
    answered_ns = latency_ns[latency_ns != NEVER_NS]
    entries = sorted({percentile_index(latency_ns.size, fraction) for fraction in SUMMARY}) if latency_ns.size else []
    # Only these entries stand where sorting would have put them, and it takes a third of the time.
    placed_ns = np.partition(latency_ns, entries) if entries else latency_ns

    def at(fraction: float) -> int | None:
        return unless_never(percentile(placed_ns, fraction)) if placed_ns.size else None

    return LatencySummary(
        mean_answered_ns=_exact_sum(answered_ns) // answered_ns.size if answered_ns.size else None,
        p50_ns=at(0.50),
        p90_ns=at(0.90),
        p95_ns=at(0.95),
        p97_ns=at(0.97),
        p99_ns=at(0.99),
        p999_ns=at(0.999),
        max_ns=at(1.0),
    )


def _exact_sum(times_ns: NDArray[np.int64]) -> int:
    """The sum of times, which 64 bits may not hold: 3 million queries of an hour each overflow them."""
    if int(times_ns.max()) <= NEVER_NS // times_ns.size:
        return int(times_ns.sum())
    return (int((times_ns >> 32).sum()) << 32) + int((times_ns & 0xFFFFFFFF).sum())

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferometer_loadgen.verdict import NEVER_NS, LatencySummary, latency_summary, percentile
from inferometer_loadgen.verdict.percentiles import percentile_of

latencies = st.lists(st.integers(0, 10**12), min_size=1, max_size=300)
fractions = st.sampled_from([0.0, 0.5, 0.9, 0.95, 0.97, 0.99, 0.999, 1.0]) | st.floats(0.0, 1.0)


@settings(deadline=None)
@given(latency_ns=latencies, fraction=fractions)
def test_a_percentile_is_the_entry_that_partitions_the_latencies(latency_ns: list[int], fraction: float) -> None:
    column = np.array(latency_ns)
    entry = min(int(np.floor(np.float64(len(column)) * np.float64(fraction))), len(column) - 1)

    assert percentile(np.sort(column), fraction) == np.partition(column, entry)[entry]
    assert percentile_of(column, fraction) == percentile(np.sort(column), fraction)


@settings(deadline=None)
@given(latency_ns=latencies, fraction=fractions)
def test_a_percentile_is_a_latency_that_was_measured(latency_ns: list[int], fraction: float) -> None:
    """Invariant 5: no buckets, no interpolation."""
    assert percentile(np.sort(latency_ns), fraction) in latency_ns


@pytest.mark.parametrize(
    ("count", "fraction", "entry"),
    [
        (100, 0.99, 99),
        (101, 0.99, 99),
        (1, 0.99, 0),
        (1024, 0.90, 921),
        (270_336, 0.99, 267_632),
        (100, 0.29, 28),  # 0.29 * 100 is 28.999999999999996 in binary floating point
        (10, 1.0, 9),
    ],
)
def test_the_entry_is_the_floor_of_a_product_of_doubles(count: int, fraction: float, entry: int) -> None:
    assert percentile(np.arange(count), fraction) == entry


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no percentile of nothing"):
        percentile(np.array([], dtype=np.int64), 0.99)


def test_the_summary_is_exact_whatever_the_order() -> None:
    assert latency_summary(np.random.default_rng(1).permutation(1000)) == LatencySummary(
        mean_answered_ns=499,
        p50_ns=500,
        p90_ns=900,
        p95_ns=950,
        p97_ns=970,
        p99_ns=990,
        p999_ns=999,
        max_ns=999,
    )


def test_a_percentile_that_falls_on_a_failed_query_is_absent_and_the_mean_is_over_the_answered() -> None:
    column = np.append(np.full(98, 7), [NEVER_NS, NEVER_NS])

    assert latency_summary(column) == LatencySummary(
        mean_answered_ns=7, p50_ns=7, p90_ns=7, p95_ns=7, p97_ns=7, p99_ns=None, p999_ns=None, max_ns=None
    )


@pytest.mark.parametrize("column", [[], [NEVER_NS, NEVER_NS]], ids=["no queries", "no answers"])
def test_without_answers_every_figure_is_absent(column: list[int]) -> None:
    nothing = latency_summary(np.array(column, dtype=np.int64))

    assert nothing == LatencySummary(None, None, None, None, None, None, None, None)


def test_the_mean_of_a_long_run_does_not_overflow() -> None:
    """3 million queries of an hour each sum to 1.08e19 ns, which no int64 holds."""
    column = np.broadcast_to(np.int64(3_600 * 10**9), 3_000_000)

    assert latency_summary(np.append(column, 0)).mean_answered_ns == 3_600 * 10**9 * 3_000_000 // 3_000_001

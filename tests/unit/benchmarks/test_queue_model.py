"""The queue whose peak is known, against its definition, served step by step."""

import numpy as np
from benchmarks.clients.searches import parsed
from benchmarks.queue_model import highest_rate, latency_at, sojourn_ns
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=60), st.integers(1, 2_000))
def test_one_is_served_after_another(gaps_ns: list[int], service_ns: int) -> None:
    arrivals_ns, answered_ns, expected = np.cumsum(gaps_ns), 0, []
    for arrival_ns in arrivals_ns.tolist():
        answered_ns = max(arrival_ns, answered_ns) + service_ns
        expected.append(answered_ns - arrival_ns)

    assert sojourn_ns(arrivals_ns, service_ns).tolist() == expected


def test_the_mean_of_many_is_that_of_the_formula_for_fixed_service_times() -> None:
    """M/D/1 (Pollaczek and Khinchine): service * (1 + load / (2 * (1 - load)))."""
    service_ns, load, many = 1_000_000, 0.8, 1_000_000
    gaps_ns = np.random.Generator(np.random.PCG64(1)).exponential(service_ns / load, many)

    mean_ns = sojourn_ns(np.cumsum(gaps_ns).astype(np.int64), service_ns).mean()

    assert abs(mean_ns / (service_ns * (1 + load / (2 * (1 - load)))) - 1) < 0.02


def test_at_the_highest_rate_the_latency_is_the_bound() -> None:
    rate = highest_rate(2_000_000, 30_000_000, 0.99)

    assert abs(latency_at(rate, 2_000_000, 0.99) / 30_000_000 - 1) < 0.001
    assert rate < 500


def test_of_a_binary_search_the_highest_rate_within_the_bound_is_what_it_found() -> None:
    said = """\
Request Rate: 50 inference requests per seconds
  Pass [1] throughput: 41.6 infer/sec. p99 latency: 14392 usec
Request Rate: 175 inference requests per seconds
Request Rate: 237.50 inference requests per seconds

Inferences/Second vs. Client p99 Batch Latency
Request Rate: 50.00, throughput: 48.88 infer/sec, latency 13555 usec
Request Rate: 175.00, throughput: 167.68 infer/sec, latency 38262 usec
"""

    found = parsed(said, 1.0)

    assert (found.rate, found.tried) == (175, 3)
    assert parsed("Failed to obtain stable measurement.", 1.0).rate is None

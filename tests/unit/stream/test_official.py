"""Design invariant 1: the stream is the official LoadGen's, for any number of workers, to the nanosecond."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inferometer_loadgen.plan import Seeds, StreamPlan
from inferometer_loadgen.stream import make_stream, shard
from inferometer_loadgen.stream.loaded import performance_set
from unit.stream.official_loadgen import official_run
from unit.stream.plans import SEEDS_V0_5, SEEDS_V6_1, a_plan

WORKERS = (1, 2, 7, 64)

CASES = {
    "the length is given by the duration, with the seeds of v6.1": a_plan(min_queries=10),
    "the length is given by the queries, with the seeds of v6.1": a_plan(min_queries=2000),
    "the length is given by the duration, with the seeds of v0.5": a_plan(seeds=SEEDS_V0_5, min_queries=10),
    "the length is given by the queries, with the seeds of v0.5": a_plan(seeds=SEEDS_V0_5, min_queries=2000),
    "one query": a_plan(min_queries=1, min_duration_ns=0),
    "one sample": a_plan(total_samples=1, performance_samples=1),
    "a set that the queries fill to the last": a_plan(min_queries=640),
    "a set of odd size, larger than the run": a_plan(total_samples=5001, performance_samples=5001),
    "more performance samples than there are in the library": a_plan(total_samples=10, performance_samples=64),
    "the largest set that is shuffled in pairs": a_plan(total_samples=70_000, performance_samples=65_535),
    "the smallest set that is shuffled one by one": a_plan(total_samples=70_000, performance_samples=65_536),
    "a rate that is no whole number": a_plan(target_qps=77_777.7),
    "seeds of more and of less than 32 bits": a_plan(seeds=Seeds(qsl=2**64 - 1, sample_index=0, schedule=2**32)),
}


def assert_is_official(plan: StreamPlan, folder: Path) -> None:
    official = official_run(plan, folder)
    stream = make_stream(plan)

    loaded = performance_set(plan).samples
    np.testing.assert_array_equal(loaded, official.loaded)
    for workers in WORKERS:
        sample, scheduled_ns = np.full((2, len(official.sample)), -1)
        for worker in range(workers):
            part = shard(stream, worker, workers)
            sample[part.index] = part.sample
            scheduled_ns[part.index] = part.scheduled_ns
        np.testing.assert_array_equal(sample, official.sample)
        np.testing.assert_array_equal(scheduled_ns, official.scheduled_ns)


@pytest.mark.parametrize("plan", CASES.values(), ids=CASES.keys())
def test_the_shards_of_any_number_of_workers_are_the_official_stream(plan: StreamPlan, tmp_path: Path) -> None:
    assert_is_official(plan, tmp_path)


seed = st.integers(min_value=0, max_value=2**64 - 1)
official_seeds = st.sampled_from([SEEDS_V6_1, SEEDS_V0_5])
any_plan = st.builds(
    StreamPlan,
    seeds=official_seeds | st.builds(Seeds, qsl=seed, sample_index=seed, schedule=seed),
    target_qps=st.floats(min_value=50_000, max_value=500_000),
    min_duration_ns=st.integers(min_value=0, max_value=5).map(lambda ms: ms * 1_000_000),
    min_queries=st.integers(min_value=1, max_value=1500),
    total_samples=st.integers(min_value=1, max_value=3000),
    performance_samples=st.integers(min_value=1, max_value=3000),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=any_plan)
def test_any_settings_give_the_official_stream(plan: StreamPlan) -> None:
    with TemporaryDirectory() as folder:
        assert_is_official(plan, Path(folder))

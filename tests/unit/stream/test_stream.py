import hashlib
import struct
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferometer_loadgen.stream import Stream, make_stream, replica_of, shard, stream_digest, until
from unit.stream.plans import a_plan

WORKERS = st.integers(1, 70)

streams = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 10**12)), max_size=200).map(
    lambda rows: Stream(
        sample=np.array([sample for sample, _ in rows], dtype=np.int64),
        scheduled_ns=np.array(sorted(due for _, due in rows), dtype=np.int64),
    )
)


@settings(deadline=None)
@given(stream=streams, workers=WORKERS)
def test_the_shards_hold_each_query_once(stream: Stream, workers: int) -> None:
    indices = np.concatenate([shard(stream, worker, workers).index for worker in range(workers)])

    assert sorted(indices.tolist()) == list(range(len(stream)))


@settings(deadline=None)
@given(stream=streams, workers=WORKERS)
def test_the_digest_does_not_depend_on_the_number_of_workers(stream: Stream, workers: int) -> None:
    merged = Stream(sample=np.full_like(stream.sample, -1), scheduled_ns=np.full_like(stream.scheduled_ns, -1))
    for worker in range(workers):
        part = shard(stream, worker, workers)
        assert len(part) == len(part.sample) == len(part.scheduled_ns)
        merged.sample[part.index] = part.sample
        merged.scheduled_ns[part.index] = part.scheduled_ns

    assert stream_digest(merged) == stream_digest(stream)


@settings(deadline=None)
@given(stream=streams, workers=WORKERS, replicas=st.integers(1, 9))
def test_the_replica_of_a_query_does_not_depend_on_its_worker(stream: Stream, workers: int, replicas: int) -> None:
    for worker in range(workers):
        index = shard(stream, worker, workers).index
        assert replica_of(index, replicas).tolist() == [replica_of(int(i), replicas) for i in index]


def test_a_worker_that_is_not_one_of_the_workers_is_refused() -> None:
    with pytest.raises(ValueError, match="worker 2 is not one of 2 workers"):
        shard(make_stream(a_plan()), 2, 2)


def test_the_digest_is_over_little_endian_triples() -> None:
    stream = Stream(sample=np.array([7, 3]), scheduled_ns=np.array([0, 250]))

    assert stream_digest(stream) == hashlib.sha256(struct.pack("<6q", 0, 7, 0, 1, 3, 250)).hexdigest()


@pytest.mark.parametrize(("duration_ns", "length"), [(0, 0), (1, 1), (250, 1), (251, 3), (10_000, 4)])
def test_until_keeps_the_queries_due_before_the_duration(duration_ns: int, length: int) -> None:
    stream = Stream(sample=np.array([7, 3, 1, 2]), scheduled_ns=np.array([0, 250, 250, 900]))

    assert until(stream, duration_ns).scheduled_ns.tolist() == [0, 250, 250, 900][:length]
    assert until(stream, duration_ns).sample.tolist() == [7, 3, 1, 2][:length]


@settings(deadline=None)
@given(min_duration_ns=st.integers(0, 10**7), min_queries=st.integers(0, 300), target_qps=st.floats(1_000, 100_000))
def test_a_stream_ends_with_the_first_query_that_meets_both_minima(
    min_duration_ns: int, min_queries: int, target_qps: float
) -> None:
    plan = a_plan(min_duration_ns=min_duration_ns, min_queries=min_queries, target_qps=target_qps)
    due_ns = make_stream(plan).scheduled_ns

    last_ns = due_ns[-1] if len(due_ns) else 0
    assert last_ns >= min_duration_ns
    assert len(due_ns) >= min_queries
    before_ns = due_ns[-2] if len(due_ns) > 1 else 0
    assert len(due_ns) == min_queries or before_ns < min_duration_ns


def test_a_stream_cannot_be_changed() -> None:
    stream = make_stream(a_plan())

    with pytest.raises(ValueError, match="read-only"):
        stream.sample[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        shard(stream, 0, 2).scheduled_ns[0] = 1


@pytest.mark.parametrize("nothing", [{"target_qps": 0.0}, {"total_samples": 0}, {"performance_samples": 0}])
def test_a_plan_without_a_rate_or_samples_is_refused(nothing: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        make_stream(a_plan(**nothing))


def test_a_million_queries_take_moments() -> None:
    """Ten million take about 3 s; the limit leaves room for a busy machine."""
    started = time.process_time()
    stream = make_stream(a_plan(min_queries=1_000_000, total_samples=1024, performance_samples=1024))

    assert len(stream) == 1_000_000
    assert time.process_time() - started < 3

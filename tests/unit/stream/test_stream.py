import hashlib
import struct
import time

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inferometer_loadgen.plan import StreamPlan
from inferometer_loadgen.stream import (
    ShardRows,
    Stream,
    first_rows,
    least_rows,
    make_stream,
    replica_of,
    replicas_asked,
    shard,
    stream_digest,
    until,
)
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


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (a_plan(target_qps=0.0), "Server at 0 queries/s"),
        (a_plan(scenario="MultiStream", dialect="loadgen-r0.5", target_qps=0.0), "MultiStream at 0 queries/s"),
        (a_plan(total_samples=0), "64 of 0 samples"),
        (a_plan(performance_samples=0), "0 of 1000 samples"),
        (a_plan(order="Same", same_index=64), "64 is not one of 64 loaded samples"),
    ],
)
def test_a_plan_without_a_rate_or_samples_is_refused(plan: StreamPlan, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_stream(plan)


CLOSED = a_plan(scenario="Concurrency", target_qps=0.0, min_duration_ns=0)
SCENARIOS = {
    "SingleStream": a_plan(scenario="SingleStream", target_qps=0.0),
    "MultiStream": a_plan(scenario="MultiStream", samples_per_query=8, target_qps=0.0),
    "MultiStream at ticks": a_plan(
        scenario="MultiStream", samples_per_query=5, dialect="loadgen-r0.5", target_qps=20.0
    ),
    "Server": a_plan(),
    "Offline": a_plan(scenario="Offline"),
    "Offline in requests of 7 samples, the last one shorter": a_plan(
        scenario="Offline", samples_per_request=7, target_qps=0.0
    ),
    "Accuracy of MultiStream": a_plan(scenario="MultiStream", mode="Accuracy", samples_per_query=8, target_qps=0.0),
    "Accuracy of Offline": a_plan(scenario="Offline", mode="Accuracy", samples_per_request=3, target_qps=0.0),
    "Concurrency": CLOSED,
}


@pytest.mark.parametrize("plan", SCENARIOS.values(), ids=SCENARIOS.keys())
@pytest.mark.parametrize("workers", [1, 2, 3, 7, 64])
def test_the_shards_of_any_scenario_are_its_rows(plan: StreamPlan, workers: int) -> None:
    stream = make_stream(plan)
    per_row = stream.samples_per_row
    rows: list[list[int]] = [[]] * len(stream)
    for worker in range(workers):
        part = shard(stream, worker, workers)
        assert len(part) == len(part.scheduled_ns) == -(-len(part.sample) // per_row)
        for own, index in enumerate(part.index.tolist()):
            assert not rows[index]
            rows[index] = part.sample[own * per_row : (own + 1) * per_row].tolist()

    assert rows == [stream.sample[i * per_row : (i + 1) * per_row].tolist() for i in range(len(stream))]


@pytest.mark.parametrize("plan", [one for one in SCENARIOS.values() if one.scenario not in ("Server", "Offline")])
@pytest.mark.parametrize("workers", [1, 2, 3, 7, 64])
def test_a_closed_loop_goes_on_as_if_it_had_been_longer_from_the_beginning(plan: StreamPlan, workers: int) -> None:
    begun, longer = make_stream(plan, 100), make_stream(plan, 400)

    assert stream_digest(first_rows(longer, 100)) == stream_digest(begun)
    for worker in range(workers):
        rows = ShardRows(plan, worker, workers, done=len(begun))
        parts = [shard(begun, worker, workers).sample, *(rows.take(count) for count in (1, 0, 3, 2, 400))]
        together, whole = np.concatenate(parts), shard(longer, worker, workers).sample
        assert together[: whole.size].tolist() == whole[: together.size].tolist()
        assert together.size >= whole.size


def test_a_closed_loop_begins_with_the_least_number_where_no_rate_is_known() -> None:
    assert len(make_stream(msgspec.structs.replace(CLOSED, min_duration_ns=10**12))) == CLOSED.min_queries


@pytest.mark.parametrize(
    "plan", [SCENARIOS["Accuracy of MultiStream"], a_plan(scenario="SingleStream", order="Unique")]
)
def test_what_asks_for_each_sample_once_ends_when_it_has(plan: StreamPlan) -> None:
    stream = make_stream(plan, 10_000)

    assert len(stream) == len(make_stream(plan)) == least_rows(plan)
    assert ShardRows(plan, 0, 1, done=len(stream)).take(5).size == 0


def test_requests_of_several_samples_ask_for_the_same_as_those_of_one() -> None:
    one = make_stream(a_plan(scenario="Offline"))
    seven = make_stream(a_plan(scenario="Offline", samples_per_request=7))

    assert one.sample.tolist() == seven.sample.tolist()
    assert stream_digest(one) != stream_digest(seven)


def test_a_stream_whose_times_do_not_fit_its_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="2 times for 3 rows"):
        Stream(sample=np.arange(5), scheduled_ns=np.zeros(2, dtype=np.int64), samples_per_row=2)


def test_a_million_queries_take_moments() -> None:
    """Ten million take about half a second; the limit leaves room for a busy machine."""
    started = time.process_time()
    stream = make_stream(a_plan(min_queries=1_000_000, total_samples=1024, performance_samples=1024))

    assert len(stream) == 1_000_000
    assert time.process_time() - started < 3


@pytest.mark.parametrize("workers", range(1, 9))
@pytest.mark.parametrize("replicas", range(1, 9))
def test_a_worker_asks_the_replicas_that_its_rows_go_to_and_no_other(workers: int, replicas: int) -> None:
    rows = np.arange(workers * replicas)

    for worker in range(workers):
        met = sorted(set(replica_of(rows[worker::workers], replicas).tolist()))
        assert list(replicas_asked(worker, workers, replicas)) == met

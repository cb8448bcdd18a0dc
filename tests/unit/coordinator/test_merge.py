"""The merge: one row a query, in the stream's order, for any number of workers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferometer_loadgen.coordinator.merge import (
    RecordsMissingError,
    RecordsTwiceError,
    WorkerColumns,
    merge,
)
from inferometer_loadgen.protocol.frames import Records
from inferometer_loadgen.stream import Stream
from inferometer_loadgen.verdict import percentile


def a_stream(queries: int) -> Stream:
    return Stream(sample=np.zeros(queries, dtype=np.int64), scheduled_ns=np.arange(queries, dtype=np.int64) * 1_000)


def a_frame(start: int, done_ns: list[int]) -> Records:
    done = np.array(done_ns, dtype="<i8")
    return Records(start=start, sent_ns=done.tobytes(), done_ns=done.tobytes(), status=bytes(len(done_ns)))


def columns_of(*frames: Records) -> WorkerColumns:
    columns = WorkerColumns()
    for frame in frames:
        columns.add(frame)
    return columns


@given(
    latencies=st.lists(st.integers(1, 10**9), min_size=1, max_size=300),
    workers=st.integers(1, 70),
    cut=st.integers(1, 40),
)
def test_percentiles_over_all_workers_equal_numpys_over_the_union(latencies: list[int], workers: int, cut: int) -> None:
    stream = a_stream(len(latencies))
    done = [int(at) + latency for at, latency in zip(stream.scheduled_ns, latencies, strict=True)]
    shards = [done[worker::workers] for worker in range(workers)]
    columns = [
        columns_of(*(a_frame(start, own[start : start + cut]) for start in range(0, len(own), cut))) for own in shards
    ]

    measured = merge(stream, columns, ())

    assert measured.latency_ns().tolist() == latencies
    for fraction in (0.5, 0.9, 0.99):
        expected = np.sort(latencies)[min(int(len(latencies) * fraction), len(latencies) - 1)]
        assert percentile(np.sort(measured.latency_ns()), fraction) == expected


def test_a_slow_and_a_fast_worker_are_not_averaged() -> None:
    stream = a_stream(200)
    slow = [int(at) + 90 for at in stream.scheduled_ns[0::2]]
    fast = [int(at) + 10 for at in stream.scheduled_ns[1::2]]

    measured = merge(stream, [columns_of(a_frame(0, slow)), columns_of(a_frame(0, fast))], ())

    ordered = np.sort(measured.latency_ns())
    assert (percentile(ordered, 0.49), percentile(ordered, 0.5), percentile(ordered, 0.99)) == (10, 90, 90)


def test_a_worker_that_hands_over_too_little_is_told_by_name() -> None:
    with pytest.raises(RecordsMissingError, match="worker 1 handed over 1 of 2 records"):
        merge(a_stream(4), [columns_of(a_frame(0, [1, 2])), columns_of(a_frame(0, [1]))], ())


def test_a_worker_that_hands_over_more_than_its_shard_is_refused() -> None:
    with pytest.raises(RecordsTwiceError, match="worker 0 handed over 3 records for 2 queries"):
        merge(a_stream(4), [columns_of(a_frame(0, [1, 2, 3])), columns_of(a_frame(0, [1, 2]))], ())


def test_rows_that_come_twice_are_refused() -> None:
    with pytest.raises(RecordsTwiceError, match="row 0 came twice"):
        columns_of(a_frame(0, [1, 2]), a_frame(0, [1, 2]))


def test_rows_that_did_not_come_are_noticed() -> None:
    with pytest.raises(RecordsMissingError, match="rows 2 to 4 did not come"):
        columns_of(a_frame(0, [1, 2]), a_frame(5, [1]))

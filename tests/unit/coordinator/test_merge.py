"""The merge: one row a query, in the stream's order, for any number of workers."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from inferometer_loadgen.coordinator.merge import (
    RecordsMissingError,
    RecordsTwiceError,
    WorkerColumns,
    merge,
    merge_open_ended,
    shard_columns,
)
from inferometer_loadgen.protocol.frames import Records
from inferometer_loadgen.stream import Stream
from inferometer_loadgen.verdict import QueryStatus, ServerCounts, percentile, when_called_off
from inferometer_loadgen.verdict.reconcile import balances


def a_stream(queries: int) -> Stream:
    return Stream(sample=np.zeros(queries, dtype=np.int64), scheduled_ns=np.arange(queries, dtype=np.int64) * 1_000)


def a_frame(rows: list[int], done_ns: list[int]) -> Records:
    done = np.array(done_ns, dtype="<i8")
    return Records(
        rows=np.array(rows, dtype="<i8").tobytes(),
        sent_ns=done.tobytes(),
        done_ns=done.tobytes(),
        status=bytes(len(done_ns)),
    )


def columns_of(queries: int, *frames: Records) -> WorkerColumns:
    columns = WorkerColumns(queries)
    for frame in frames:
        columns.add(frame)
    return columns


@given(
    latencies=st.lists(st.integers(1, 10**9), min_size=1, max_size=300),
    workers=st.integers(1, 70),
    cut=st.integers(1, 40),
    rng=st.randoms(use_true_random=False),
)
def test_percentiles_over_all_workers_equal_numpys_over_the_union(
    latencies: list[int], workers: int, cut: int, rng: random.Random
) -> None:
    stream = a_stream(len(latencies))
    done = [int(at) + latency for at, latency in zip(stream.scheduled_ns, latencies, strict=True)]
    columns = shard_columns(len(latencies), workers)
    for worker, own in enumerate(columns):
        rows = list(range(len(own.there)))
        rng.shuffle(rows)  # Queries end in any order.
        for start in range(0, len(rows), cut):
            some = rows[start : start + cut]
            own.add(a_frame(some, [done[worker + row * workers] for row in some]))

    measured = merge(stream, columns, (), all_there=True)

    assert measured.latency_ns().tolist() == latencies
    for fraction in (0.5, 0.9, 0.99):
        expected = np.sort(latencies)[min(int(len(latencies) * fraction), len(latencies) - 1)]
        assert percentile(np.sort(measured.latency_ns()), fraction) == expected


def test_a_slow_and_a_fast_worker_are_not_averaged() -> None:
    stream = a_stream(200)
    slow = [int(at) + 90 for at in stream.scheduled_ns[0::2]]
    fast = [int(at) + 10 for at in stream.scheduled_ns[1::2]]
    rows = list(range(100))
    columns = [columns_of(100, a_frame(rows, slow)), columns_of(100, a_frame(rows, fast))]

    measured = merge(stream, columns, (), all_there=True)

    ordered = np.sort(measured.latency_ns())
    assert (percentile(ordered, 0.49), percentile(ordered, 0.5), percentile(ordered, 0.99)) == (10, 90, 90)


def test_a_worker_that_hands_over_too_little_is_told_by_name() -> None:
    columns = [columns_of(2, a_frame([0, 1], [1, 2])), columns_of(2, a_frame([1], [1]))]

    with pytest.raises(RecordsMissingError, match="worker 1 handed over 1 of 2 records"):
        merge(a_stream(4), columns, (), all_there=True)


def test_what_a_lost_worker_took_with_it_stands_as_not_sent() -> None:
    columns = [columns_of(2, a_frame([0, 1], [1, 2_001])), columns_of(2, a_frame([1], [3_001]))]

    measured = merge(a_stream(4), columns, (), all_there=False)

    assert measured.status.tolist() == [0, QueryStatus.NOT_SENT, 0, 0]
    assert len(when_called_off(measured, "WorkerLost")) == 1


@pytest.mark.parametrize("rows", [[2], [-1], [0, 2]])
def test_a_row_that_is_none_of_the_workers_own_is_refused(rows: list[int]) -> None:
    with pytest.raises(RecordsTwiceError, match="are not all among its 2"):
        columns_of(2, a_frame(rows, [1] * len(rows)))


@pytest.mark.parametrize("frames", [([0, 1], [1]), ([0, 0],)], ids=["in two frames", "in one frame"])
def test_a_record_that_comes_twice_is_refused(frames: tuple[list[int], ...]) -> None:
    with pytest.raises(RecordsTwiceError, match="a record came twice"):
        columns_of(2, *(a_frame(rows, [1] * len(rows)) for rows in frames))


def a_closed_loop(issued: list[int], cut: int = 1_000) -> list[WorkerColumns]:
    """Columns of workers that issued so many rows each; only one row of each was foreseen."""
    workers = len(issued)
    columns = shard_columns(workers, workers, is_open_ended=True)
    for worker, (own, count) in enumerate(zip(columns, issued, strict=True)):
        for start in range(0, count, cut):
            rows = list(range(start, min(start + cut, count)))
            own.add(a_frame(rows, [worker + row * workers for row in rows]))
    return columns


@given(issued=st.lists(st.integers(0, 300), min_size=1, max_size=64).filter(any), cut=st.integers(1, 400))
def test_a_closed_loop_has_of_each_worker_the_first_rows_of_its_own(issued: list[int], cut: int) -> None:
    measured = merge_open_ended(a_closed_loop(issued, cut), (), issued=issued)

    workers = len(issued)
    expected = sorted(worker + row * workers for worker, count in enumerate(issued) for row in range(count))
    assert measured.index.tolist() == measured.done_ns.tolist() == measured.scheduled_ns.tolist() == expected
    for worker, count in enumerate(issued):
        assert len(measured.index[measured.of_worker(worker, workers)]) == count


@given(st.data())
def test_a_loop_in_lanes_has_of_each_lane_the_first_rows_of_its_own(data: st.DataObject) -> None:
    workers, each = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    lanes = workers * each
    counts = data.draw(st.lists(st.integers(0, 30), min_size=lanes, max_size=lanes).filter(any))
    columns = shard_columns(workers, workers, is_open_ended=True)
    # Lane l of all is worker l mod W's lane l div W.
    for worker, own in enumerate(columns):
        rows = [lane // workers + each * turn for lane in range(worker, lanes, workers) for turn in range(counts[lane])]
        own.add(a_frame(rows, [worker + row * workers for row in rows]))
    issued: list[int | None] = [sum(counts[worker::workers]) for worker in range(workers)]

    measured = merge_open_ended(columns, (), issued=issued, lanes=lanes)

    expected = sorted(lane + turn * lanes for lane, count in enumerate(counts) for turn in range(count))
    assert measured.index.tolist() == measured.done_ns.tolist() == expected


def test_a_loop_in_lanes_that_lacks_a_record_is_not_merged() -> None:
    (gap,) = shard_columns(1, 1, is_open_ended=True)
    gap.add(a_frame([0, 1, 2, 5], [1, 2, 3, 4]))

    with pytest.raises(RecordsMissingError, match="of the first 2 records of sequence slot 1 some are missing"):
        merge_open_ended([gap], (), issued=[None], lanes=2)


def test_a_closed_loop_that_lacks_a_record_is_not_merged() -> None:
    (gap,) = shard_columns(1, 1, is_open_ended=True)
    gap.add(a_frame([0, 2], [1, 2]))

    with pytest.raises(RecordsMissingError, match="some are missing"):
        merge_open_ended([gap], (), issued=[None])
    with pytest.raises(RecordsMissingError, match="worker 1 handed over 4 of 5 records"):
        merge_open_ended(a_closed_loop([5, 4]), (), issued=[5, 5])


def test_a_row_far_beyond_all_that_came_is_none_of_a_closed_loops() -> None:
    (columns,) = shard_columns(1, 1, is_open_ended=True)

    with pytest.raises(RecordsTwiceError, match="not all among"):
        columns.add(a_frame([2**60], [1]))


def test_where_the_worker_chose_the_replica_its_records_say_which() -> None:
    (columns,) = shard_columns(4, 1)
    columns.add(structs.replace(a_frame([3, 0], [30, 10]), replica=np.array([1, 1], dtype="<i2").tobytes()))
    columns.add(structs.replace(a_frame([1, 2], [11, 12]), replica=np.array([1, 0], dtype="<i2").tobytes()))
    servers = tuple(ServerCounts(f"r{number}", count, 0, "", restarted=False) for number, count in enumerate((1, 3)))

    measured = merge(a_stream(4), [columns], servers, all_there=True)

    assert measured.replicas(2).tolist() == [1, 1, 0, 1]
    assert [balance.unexplained for balance in balances(measured)] == [0, 0]

"""One row a query, and what the coordinator gets of it."""

import numpy as np
import pytest

from inferometer_loadgen.protocol.frames import Records as Frame
from inferometer_loadgen.verdict.measured import NEVER_NS, QueryStatus
from inferometer_loadgen.worker import records as records_module
from inferometer_loadgen.worker.records import Records

T0_NS = 5_000


def a_record_of_each_ending() -> Records:
    """Row j ends with status j; all but the last were sent."""
    records = Records(len(QueryStatus))
    for status in QueryStatus:
        records.status[status] = status
        if status is not QueryStatus.NOT_SENT:
            records.sent_ns[status] = T0_NS + 10 * status
            records.done_ns[status] = T0_NS + 10 * status + 7
    return records


def test_what_was_never_filled_in_was_not_sent() -> None:
    sent_ns, done_ns, status = Records(3).relative_to(T0_NS)

    assert sent_ns.tolist() == done_ns.tolist() == [NEVER_NS] * 3
    assert status.tolist() == [QueryStatus.NOT_SENT] * 3


def test_times_are_those_of_the_run_and_only_a_good_answer_has_an_end() -> None:
    sent_ns, done_ns, status = a_record_of_each_ending().relative_to(T0_NS)

    assert sent_ns.tolist() == [0, 10, 20, 30, 40, NEVER_NS]
    assert done_ns.tolist() == [7, *[NEVER_NS] * 5]
    assert status.tolist() == list(QueryStatus)


def test_reading_the_columns_leaves_them_as_they_were() -> None:
    records = a_record_of_each_ending()

    once, again = (np.concatenate(records.relative_to(T0_NS)).tolist() for _ in range(2))
    assert once == again


def rows_of(frame: Frame | None) -> list[int]:
    return [] if frame is None else np.frombuffer(frame.rows, dtype="<i8").tolist()


def test_what_has_ended_is_handed_over_once_and_in_the_order_of_ending() -> None:
    records = a_record_of_each_ending()

    records.ended.extend([2, 0])
    first = records.newly_ended(T0_NS)
    nothing = records.newly_ended(T0_NS)
    records.ended.append(4)
    second = records.newly_ended(T0_NS)

    assert [rows_of(frame) for frame in (first, nothing, second)] == [[2, 0], [], [4]]
    assert first is not None
    assert np.frombuffer(first.sent_ns, "<i8").tolist() == [20, 0]
    assert np.frombuffer(first.done_ns, "<i8").tolist() == [NEVER_NS, 7]
    assert list(first.status) == [2, 0]


@pytest.mark.parametrize("rows_per_frame", [1, 2, 100])
def test_what_never_ended_follows_however_many_frames_it_takes(
    rows_per_frame: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records_module, "ROWS_PER_FRAME", rows_per_frame)
    records = a_record_of_each_ending()
    records.ended.extend([2, 0, 4])

    frames = list(records.never_ended(T0_NS))

    assert [row for frame in frames for row in rows_of(frame)] == [1, 3, 5]
    assert all(len(frame.status) <= rows_per_frame for frame in frames)


def test_a_run_without_a_query_has_no_frame() -> None:
    assert Records(0).newly_ended(T0_NS) is None
    assert list(Records(0).never_ended(T0_NS)) == []


def test_a_query_costs_twenty_one_bytes() -> None:
    records = Records(1_000)
    columns = (records.sent_ns, records.done_ns, records.status, records.ended)

    assert sum(column.itemsize for column in columns) == 21

"""One row a query, and what the coordinator gets of it."""

import numpy as np
import pytest

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


@pytest.mark.parametrize("rows_per_frame", [1, 4, 6, 100])
def test_frames_hold_the_columns_in_order_however_many_they_are(
    rows_per_frame: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records_module, "ROWS_PER_FRAME", rows_per_frame)
    records = a_record_of_each_ending()
    frames = list(records.frames(T0_NS))

    assert [frame.start for frame in frames] == list(range(0, 6, rows_per_frame))
    sent_ns, done_ns, status = records.relative_to(T0_NS)
    assert b"".join(frame.sent_ns for frame in frames) == sent_ns.astype("<i8").tobytes()
    assert b"".join(frame.done_ns for frame in frames) == done_ns.astype("<i8").tobytes()
    assert b"".join(frame.status for frame in frames) == status.tobytes()


def test_a_run_without_a_query_has_no_frame() -> None:
    assert list(Records(0).frames(T0_NS)) == []


def test_a_query_costs_seventeen_bytes() -> None:
    records = Records(1_000)

    assert sum(column.itemsize for column in (records.sent_ns, records.done_ns, records.status)) == 17

"""Many workers' columns become one: row i is query i, and every query is there once."""

from collections.abc import Sequence

import numpy as np

from inferometer_loadgen.protocol.frames import Records
from inferometer_loadgen.stream import Stream
from inferometer_loadgen.verdict.measured import NEVER_NS, Measured, QueryStatus, ServerCounts


class RecordsMissingError(Exception):
    """A worker handed over fewer records than its shard has queries, or columns that do not fit together."""


class RecordsTwiceError(Exception):
    """A worker handed over a record that was there already, or one that is not its own."""


class WorkerColumns:
    """What one worker has handed over so far: `queries` rows, filled in any order, each once."""

    def __init__(self, queries: int) -> None:
        self.sent_ns = np.full(queries, NEVER_NS, dtype=np.int64)
        self.done_ns = np.full(queries, NEVER_NS, dtype=np.int64)
        self.status = np.full(queries, QueryStatus.NOT_SENT, dtype=np.int8)
        self.there = np.zeros(queries, dtype=np.bool)

    def add(self, frame: Records) -> None:
        """Takes a frame. Raises RecordsTwiceError for a row that was there, or is none of this worker's."""
        if any(len(column) % 8 for column in (frame.rows, frame.sent_ns, frame.done_ns)):
            raise RecordsMissingError("a frame's column ends in the middle of a number")
        rows = np.frombuffer(frame.rows, dtype="<i8")
        columns = [np.frombuffer(frame.sent_ns, dtype="<i8"), np.frombuffer(frame.done_ns, dtype="<i8")]
        status = np.frombuffer(frame.status, dtype=np.int8)
        if any(len(column) != len(rows) for column in (*columns, status)):
            raise RecordsMissingError("a frame's columns have different lengths")
        if rows.size and not 0 <= rows.min() <= rows.max() < len(self.there):
            raise RecordsTwiceError(f"rows {rows.min()} to {rows.max()} are not all among its {len(self.there)}")
        if self.there[rows].any() or len(np.unique(rows)) != len(rows):
            raise RecordsTwiceError("a record came twice")
        self.there[rows] = True
        self.sent_ns[rows], self.done_ns[rows] = columns
        self.status[rows] = status


def shard_columns(queries: int, workers: int) -> list[WorkerColumns]:
    """Empty columns for each worker of a stream of so many queries."""
    return [WorkerColumns(len(range(worker, queries, workers))) for worker in range(workers)]


def merge(
    stream: Stream,
    workers: Sequence[WorkerColumns],
    servers: tuple[ServerCounts, ...],
    *,
    all_there: bool,
    first_error: str = "",
) -> Measured:
    """All records in the stream's order: row j of worker k is query k + j * W.

    The index column is written by each worker's rows, not assumed: `Measured` refuses it unless it is 0..n-1.
    Raises RecordsMissingError when not all are there, unless that is known: those stand as not sent then.
    """
    count, step = len(stream), len(workers)
    index = np.full(count, -1, dtype=np.int64)
    sent = np.empty(count, dtype=np.int64)
    done = np.empty(count, dtype=np.int64)
    status = np.empty(count, dtype=np.int8)
    for first, columns in enumerate(workers):
        own = np.arange(first, count, step, dtype=np.int64)
        there = int(np.count_nonzero(columns.there))
        if all_there and there != len(own):
            raise RecordsMissingError(f"worker {first} handed over {there} of {len(own)} records")
        index[own] = own
        sent[own] = columns.sent_ns
        done[own] = columns.done_ns
        status[own] = columns.status
    return Measured(
        index=index,
        scheduled_ns=stream.scheduled_ns,
        sent_ns=sent,
        done_ns=done,
        status=status,
        servers=servers,
        first_error=first_error,
    )

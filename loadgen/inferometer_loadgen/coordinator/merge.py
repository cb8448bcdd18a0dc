"""Many workers' columns become one: row i is query i, and every query is there once."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.protocol.frames import Records
from inferometer_loadgen.stream import Stream
from inferometer_loadgen.verdict.measured import NEVER_NS, Measured, QueryStatus, ServerCounts


class RecordsMissingError(Exception):
    """A worker handed over fewer records than its shard has queries, or columns that do not fit together."""


class RecordsTwiceError(Exception):
    """A worker handed over a record that was there already, or one that is not its own."""


MAX_AHEAD = 1_000_000
"""A closed loop has not more rows open at a time: a number beyond is no row of it."""

ROWS_AT_ONCE = 1_024
"""Of each worker: with 64 of them a column's block is half a megabyte."""


class WorkerColumns:
    """What one worker has handed over so far: `queries` rows, filled in any order, each once.

    `is_open_ended`: there may be more; how many is the worker's to find out.
    """

    def __init__(self, queries: int, *, is_open_ended: bool = False) -> None:
        self._is_open_ended = is_open_ended
        self.sent_ns = np.full(queries, NEVER_NS, dtype=np.int64)
        self.done_ns = np.full(queries, NEVER_NS, dtype=np.int64)
        self.status = np.full(queries, QueryStatus.NOT_SENT, dtype=np.int8)
        self.there = np.zeros(queries, dtype=np.bool)
        self.replica: NDArray[np.int16] | None = None
        """Where the worker says it: not where the query's index does."""

    def add(self, frame: Records) -> None:
        """Takes a frame. Raises RecordsTwiceError for a row that was there, or is none of this worker's."""
        if any(len(column) % 8 for column in (frame.rows, frame.sent_ns, frame.done_ns)):
            raise RecordsMissingError("a frame's column ends in the middle of a number")
        rows = np.frombuffer(frame.rows, dtype="<i8")
        columns = [np.frombuffer(frame.sent_ns, dtype="<i8"), np.frombuffer(frame.done_ns, dtype="<i8")]
        status = np.frombuffer(frame.status, dtype=np.int8)
        if any(len(column) != len(rows) for column in (*columns, status)):
            raise RecordsMissingError("a frame's columns have different lengths")
        if self._is_open_ended and rows.size:
            self._grow(int(rows.max()) + 1)
        if rows.size and not 0 <= rows.min() <= rows.max() < len(self.there):
            raise RecordsTwiceError(f"rows {rows.min()} to {rows.max()} are not all among its {len(self.there)}")
        if self.there[rows].any() or len(np.unique(rows)) != len(rows):
            raise RecordsTwiceError("a record came twice")
        self.there[rows] = True
        self.sent_ns[rows], self.done_ns[rows] = columns
        self.status[rows] = status
        if frame.replica:
            self._add_replicas(rows, frame.replica)

    def _add_replicas(self, rows: NDArray[np.int64], column: bytes) -> None:
        if len(column) != 2 * len(rows):
            raise RecordsMissingError("a frame's columns have different lengths")
        if self.replica is None or len(self.replica) < len(self.there):
            known = self.replica
            self.replica = np.zeros(len(self.there), dtype=np.int16)
            if known is not None:
                self.replica[: len(known)] = known
        self.replica[rows] = np.frombuffer(column, dtype="<i2")

    def issued(self, lanes: int = 1) -> NDArray[np.int64]:
        """Which rows of a closed loop are there: the first ones of each lane.

        Raises RecordsMissingError where one is missing.
        """
        for lane in range(lanes):
            there = self.there[lane::lanes]
            count = int(np.count_nonzero(there))
            if not there[:count].all():
                of_lane = f" of sequence slot {lane}" if lanes > 1 else ""
                raise RecordsMissingError(
                    f"of the first {count} records{of_lane} some are missing, and later ones are there"
                )
        return np.flatnonzero(self.there)

    def _grow(self, queries: int) -> None:
        missing = queries - len(self.there)
        if not 0 < missing <= MAX_AHEAD:
            return  # Refused below, or nothing to do.
        more = max(missing, len(self.there) // 2)
        self.sent_ns = np.append(self.sent_ns, np.full(more, NEVER_NS, dtype=np.int64))
        self.done_ns = np.append(self.done_ns, np.full(more, NEVER_NS, dtype=np.int64))
        self.status = np.append(self.status, np.full(more, QueryStatus.NOT_SENT, dtype=np.int8))
        self.there = np.append(self.there, np.zeros(more, dtype=np.bool))


def shard_columns(queries: int, workers: int, *, is_open_ended: bool = False) -> list[WorkerColumns]:
    """Empty columns for each worker of a stream of so many queries, or of so many at first."""
    return [
        WorkerColumns(len(range(worker, queries, workers)), is_open_ended=is_open_ended) for worker in range(workers)
    ]


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
        there, own = int(np.count_nonzero(columns.there)), len(range(first, count, step))
        if all_there and there != own:
            raise RecordsMissingError(f"worker {first} handed over {there} of {own} records")
    for rows in _blocks(-(-count // step)):
        for first, columns in enumerate(workers):
            own_rows = slice(first + rows.start * step, rows.stop * step, step)
            index[own_rows] = np.arange(own_rows.start, min(own_rows.stop, count), step, dtype=np.int64)
            sent[own_rows] = columns.sent_ns[rows]
            done[own_rows] = columns.done_ns[rows]
            status[own_rows] = columns.status[rows]
    return Measured(
        index=index,
        scheduled_ns=stream.scheduled_ns,
        sent_ns=sent,
        done_ns=done,
        status=status,
        servers=servers,
        first_error=first_error,
        workers=step,
        samples_per_row=stream.samples_per_row,
        missing_samples=len(stream) * stream.samples_per_row - stream.sample.size,
        replica=workers[0].replica if step == 1 else None,
    )


def _blocks(rows: int) -> Iterator[slice]:
    """All rows, so many at a time that what all workers write of them stays in the processor's cache."""
    for start in range(0, rows, ROWS_AT_ONCE):
        yield slice(start, start + ROWS_AT_ONCE)


def merge_open_ended(
    workers: Sequence[WorkerColumns],
    servers: tuple[ServerCounts, ...],
    *,
    issued: Sequence[int | None],
    lanes: int = 0,
    first_error: str = "",
) -> Measured:
    """The records of a closed loop: each worker's are the first of its own, as many as it says that it issued.

    With `lanes` (a multiple of the workers) they are the first of each lane. None stands for a worker that could not
    say. Raises RecordsMissingError when not all are there.
    """
    step = len(workers)
    rows = [columns.issued(lanes // step or 1) for columns in workers]
    for worker, (own, said) in enumerate(zip(rows, issued, strict=True)):
        if said is not None and len(own) != said:
            raise RecordsMissingError(f"worker {worker} handed over {len(own)} of {said} records")
    index = np.concatenate([k + own * step for k, own in enumerate(rows)])
    order = np.argsort(index, kind="stable")
    sent, done, status = (
        np.concatenate([getattr(columns, name)[own] for columns, own in zip(workers, rows, strict=True)])[order]
        for name in ("sent_ns", "done_ns", "status")
    )
    return Measured(
        index=index[order],
        # What was never sent was not due either; 0 says nothing of it, and its latency is infinite anyway.
        scheduled_ns=np.where(sent == NEVER_NS, 0, sent),
        sent_ns=sent,
        done_ns=done,
        status=status,
        servers=servers,
        first_error=first_error,
        workers=step,
        lanes=lanes,
        replica=workers[0].replica[rows[0]] if step == 1 and workers[0].replica is not None else None,
    )

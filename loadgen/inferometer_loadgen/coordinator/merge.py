"""Many workers' columns become one: row i is query i, and every query is there once."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.protocol.frames import Records
from inferometer_loadgen.stream import Stream
from inferometer_loadgen.verdict.measured import Measured, ServerCounts


class RecordsMissingError(Exception):
    """A worker handed over fewer records than its shard has queries."""


class RecordsTwiceError(Exception):
    """A worker handed over a record that was there already, or one that is not its own."""


@dataclass(slots=True)
class WorkerColumns:
    """What one worker has handed over so far, in frames that follow each other."""

    rows: int = 0
    sent_ns: list[NDArray[np.int64]] = field(default_factory=list)
    done_ns: list[NDArray[np.int64]] = field(default_factory=list)
    status: list[NDArray[np.int8]] = field(default_factory=list)

    def add(self, frame: Records) -> None:
        """Takes the next frame. Raises RecordsTwiceError or RecordsMissingError when it is not the next."""
        if frame.start < self.rows:
            raise RecordsTwiceError(f"row {frame.start} came twice")
        if frame.start > self.rows:
            raise RecordsMissingError(f"rows {self.rows} to {frame.start - 1} did not come")
        status = np.frombuffer(frame.status, dtype=np.int8)
        sent = np.frombuffer(frame.sent_ns, dtype="<i8").astype(np.int64, copy=False)
        done = np.frombuffer(frame.done_ns, dtype="<i8").astype(np.int64, copy=False)
        if not len(status) == len(sent) == len(done):
            raise RecordsMissingError("a frame's columns have different lengths")
        self.rows += len(status)
        self.sent_ns.append(sent)
        self.done_ns.append(done)
        self.status.append(status)


def merge(stream: Stream, workers: Sequence[WorkerColumns], servers: tuple[ServerCounts, ...]) -> Measured:
    """All records in the stream's order: row j of worker k is query k + j * W.

    The index column is written by each worker's rows, not assumed: `Measured` refuses it unless it is 0..n-1.
    Raises RecordsMissingError or RecordsTwiceError.
    """
    count, step = len(stream), len(workers)
    index = np.full(count, -1, dtype=np.int64)
    sent = np.empty(count, dtype=np.int64)
    done = np.empty(count, dtype=np.int64)
    status = np.empty(count, dtype=np.int8)
    for first, columns in enumerate(workers):
        own = np.arange(first, count, step, dtype=np.int64)
        if columns.rows < len(own):
            raise RecordsMissingError(f"worker {first} handed over {columns.rows} of {len(own)} records")
        if columns.rows > len(own):
            raise RecordsTwiceError(f"worker {first} handed over {columns.rows} records for {len(own)} queries")
        if not len(own):
            continue
        index[own] = own
        sent[own] = np.concatenate(columns.sent_ns)
        done[own] = np.concatenate(columns.done_ns)
        status[own] = np.concatenate(columns.status)
    return Measured(
        index=index,
        scheduled_ns=stream.scheduled_ns,
        sent_ns=sent,
        done_ns=done,
        status=status,
        servers=servers,
    )

"""The stream as a value, and its digest."""

import hashlib
from dataclasses import dataclass, replace
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

SAMPLES_AT_ONCE = 1 << 20


class Issue(Enum):
    """What makes the next row go."""

    SCHEDULED = auto()
    """Its time: Server, Replay."""
    COMPLETION = auto()
    """An answer that frees a place: SingleStream, MultiStream, Concurrency. Such a stream has no end of its own."""
    AT_ONCE = auto()
    """Nothing: all rows are due at the beginning. Offline."""
    INTERVAL = auto()
    """The next tick at which no row is open: MultiStream in the dialect loadgen-r0.5. It has no end of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """What is asked when, in the order of sending. A row is what is sent as one request; its index is its position.

    Row i asks for `sample[i * m : (i + 1) * m]`, m being `samples_per_row`; only the last row may have fewer.
    Compared by identity: two streams are the same where their digests are.
    """

    sample: NDArray[np.int64]
    """Of all rows, one after another."""
    scheduled_ns: NDArray[np.int64]
    """Of each row, relative to the start of the run; never falls from one row to the next. 0 for all of them where
    the issue is none by schedule."""
    samples_per_row: int = 1
    issue: Issue = Issue.SCHEDULED

    def __post_init__(self) -> None:
        rows = -(-self.sample.size // self.samples_per_row)
        if rows != self.scheduled_ns.size:
            raise ValueError(f"{self.scheduled_ns.size} times for {rows} rows")

    def __len__(self) -> int:
        return self.scheduled_ns.size


def until(stream: Stream, duration_ns: int) -> Stream:
    """The rows that are due before `duration_ns`: the beginning of `stream`, which a warm-up sends."""
    return first_rows(stream, int(np.searchsorted(stream.scheduled_ns, duration_ns)))


def first_rows(stream: Stream, rows: int) -> Stream:
    """The beginning of `stream`, `rows` long."""
    return replace(
        stream, sample=stream.sample[: rows * stream.samples_per_row], scheduled_ns=stream.scheduled_ns[:rows]
    )


def unscheduled(rows: int) -> NDArray[np.int64]:
    """The times of rows that have none: 0 for each, in the memory of one."""
    return np.broadcast_to(np.int64(0), (rows,))


def stream_digest(stream: Stream) -> str:
    """The sha256 over the triples (index, sample, scheduled ns), each a little-endian int64, in hexadecimal.

    A triple a sample, with the index and the time of its row; so the digest says how samples are dealt into rows too.
    """
    digest = hashlib.sha256()
    per_row = stream.samples_per_row
    for start in range(0, stream.sample.size, SAMPLES_AT_ONCE):
        sample = stream.sample[start : start + SAMPLES_AT_ONCE]
        index = np.arange(start, start + sample.size) // per_row
        digest.update(np.column_stack((index, sample, stream.scheduled_ns[index])).astype("<i8").tobytes())
    return digest.hexdigest()

"""The stream as a value, and its digest."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Two columns, a query a row, in the order of their times; a query's index is its position.

    Compared by identity: two streams are the same where their digests are.
    """

    sample: NDArray[np.int64]
    scheduled_ns: NDArray[np.int64]
    """Relative to the start of the run; never falls from one query to the next."""

    def __len__(self) -> int:
        return self.sample.size


def until(stream: Stream, duration_ns: int) -> Stream:
    """The queries that are due before `duration_ns`: the beginning of `stream`, which a warm-up sends."""
    count = int(np.searchsorted(stream.scheduled_ns, duration_ns))
    return Stream(sample=stream.sample[:count], scheduled_ns=stream.scheduled_ns[:count])


def stream_digest(stream: Stream) -> str:
    """The sha256 over the triples (index, sample, scheduled ns), each a little-endian int64, in hexadecimal."""
    digest = hashlib.sha256()
    for start in range(0, len(stream), ROWS_AT_ONCE):
        sample = stream.sample[start : start + ROWS_AT_ONCE]
        index = np.arange(start, start + sample.size)
        scheduled_ns = stream.scheduled_ns[start : start + ROWS_AT_ONCE]
        digest.update(np.column_stack((index, sample, scheduled_ns)).astype("<i8").tobytes())
    return digest.hexdigest()

"""One row a query: when it was sent, when its answer was whole, and how it ended.

Columns of machine integers, filled by position, so that a query costs 21 bytes and no object. All times are of this
worker's monotonic clock, until a frame makes them times of the run. What has ended is handed over while the run
goes on, so that a worker that is lost later takes little with it.
"""

from array import array
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.protocol.frames import Records as RecordsFrame
from inferometer_loadgen.verdict.measured import NEVER_NS, QueryStatus

ROWS_PER_FRAME = 500_000

type Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]
"""Sent, done (`NEVER_NS` where no good answer came) and status."""


class Records:
    """Columns of `rows` queries; what was not filled in was not sent.

    `with_replica`: also which replica each went to, where its index does not say so.
    """

    __slots__ = ("_handed_over", "_round_number", "done_ns", "ended", "replica", "sent_ns", "status")

    def __init__(self, rows: int, *, with_replica: bool = False, round_number: int = 0) -> None:
        self._round_number = round_number
        # Multiplied and not filled from bytes, which would be there twice for a moment.
        self.sent_ns = array("q", [0]) * rows
        self.done_ns = array("q", [0]) * rows
        self.status = array("b", [QueryStatus.NOT_SENT]) * rows
        self.replica: array[int] | None = array("h", [0]) * rows if with_replica else None
        self.ended = array("i")
        """Rows in the order in which their queries ended, well or not."""
        self._handed_over = 0

    def __len__(self) -> int:
        return len(self.status)

    def grow(self, rows: int) -> None:
        """So many rows more, for a run whose length nobody knew."""
        self.sent_ns.frombytes(bytes(8 * rows))
        self.done_ns.frombytes(bytes(8 * rows))
        self.status.frombytes(bytes([QueryStatus.NOT_SENT]) * rows)
        if self.replica is not None:
            self.replica.frombytes(bytes(2 * rows))

    def cut(self, rows: int) -> None:
        """No more than so many rows: a closed loop has none beyond those it has issued."""
        for column in (self.sent_ns, self.done_ns, self.status, self.replica):
            if column is not None:
                del column[rows:]

    def relative_to(self, t0_ns: int) -> Columns:
        """All records, in times since `t0_ns`."""
        return self._of(slice(None), t0_ns)

    def newly_ended(self, t0_ns: int) -> RecordsFrame | None:
        """The records that ended since this was last asked; None where there are none."""
        rows = np.frombuffer(self.ended[self._handed_over :], dtype=np.int32)
        self._handed_over += len(rows)
        return self._frame(rows, t0_ns) if len(rows) else None

    def never_ended(self, t0_ns: int) -> Iterator[RecordsFrame]:
        """The records of queries that have not ended: at the end of a run, those that were not sent."""
        open_rows = np.ones(len(self), dtype=np.bool)
        open_rows[np.frombuffer(self.ended, dtype=np.int32)] = False
        rows = np.flatnonzero(open_rows)
        for start in range(0, len(rows), ROWS_PER_FRAME):
            yield self._frame(rows[start : start + ROWS_PER_FRAME], t0_ns)

    def _frame(self, rows: NDArray[np.int32] | NDArray[np.int64], t0_ns: int) -> RecordsFrame:
        sent, done, status = self._of(rows, t0_ns)
        replica = np.frombuffer(self.replica, dtype=np.int16)[rows] if self.replica is not None else None
        return RecordsFrame(
            round_number=self._round_number,
            rows=rows.astype("<i8").tobytes(),
            sent_ns=sent.astype("<i8").tobytes(),
            done_ns=done.astype("<i8").tobytes(),
            status=status.tobytes(),
            replica=replica.astype("<i2").tobytes() if replica is not None else b"",
        )

    def _of(self, rows: NDArray[np.int32] | NDArray[np.int64] | slice, t0_ns: int) -> Columns:
        status = np.frombuffer(self.status, dtype=np.int8)[rows]
        sent = np.frombuffer(self.sent_ns, dtype=np.int64)[rows] - t0_ns
        done = np.frombuffer(self.done_ns, dtype=np.int64)[rows] - t0_ns
        sent[status == QueryStatus.NOT_SENT] = NEVER_NS
        done[status != QueryStatus.OK] = NEVER_NS
        return sent, done, status

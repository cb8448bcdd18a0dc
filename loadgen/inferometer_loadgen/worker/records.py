"""One row a query: when it was sent, when its answer was whole, and how it ended.

Columns of machine integers, filled by position, so that a query costs 17 bytes and no object. All times are of this
worker's monotonic clock, until `relative_to` makes them times of the run.
"""

from array import array
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.protocol.frames import Records as RecordsFrame
from inferometer_loadgen.verdict.measured import NEVER_NS, QueryStatus

ROWS_PER_FRAME = 500_000


class Records:
    """Columns of `rows` queries; what was not filled in was not sent."""

    __slots__ = ("done_ns", "sent_ns", "status")

    def __init__(self, rows: int) -> None:
        self.sent_ns = array("q", bytes(8 * rows))
        self.done_ns = array("q", bytes(8 * rows))
        self.status = array("b", bytes([QueryStatus.NOT_SENT]) * rows)

    def __len__(self) -> int:
        return len(self.status)

    def relative_to(self, t0_ns: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]:
        """The columns sent, done (`NEVER_NS` where no good answer came) and status, in times since `t0_ns`."""
        status = np.frombuffer(self.status, dtype=np.int8)
        sent = np.frombuffer(self.sent_ns, dtype=np.int64) - t0_ns
        done = np.frombuffer(self.done_ns, dtype=np.int64) - t0_ns
        sent[status == QueryStatus.NOT_SENT] = NEVER_NS
        done[status != QueryStatus.OK] = NEVER_NS
        return sent, done, status

    def frames(self, t0_ns: int) -> Iterator[RecordsFrame]:
        """The columns as the coordinator gets them."""
        sent, done, status = self.relative_to(t0_ns)
        for start in range(0, len(self), ROWS_PER_FRAME):
            rows = slice(start, start + ROWS_PER_FRAME)
            yield RecordsFrame(
                start=start,
                sent_ns=sent[rows].astype("<i8").tobytes(),
                done_ns=done[rows].astype("<i8").tobytes(),
                status=status[rows].tobytes(),
            )

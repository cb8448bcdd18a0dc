"""What a worker says of itself over the measured window, and what of it stands in the records.

None is what its machine does not tell; no limit is held against what is not known.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Vitals:
    """One worker's."""

    elapsed_ns: int
    """How long its loop ran."""
    busy_ns: int
    """Of that, when it was not waiting."""
    cpu_ns: int
    backlogged: int
    """Queries that were due while no connection had a place for them."""
    run_delay_ns: int | None = None
    """How long its thread was ready to run, and another one ran (schedstat)."""
    throttled_ns: int | None = None
    """How long its cgroup was kept from running, its CPU quota being used up (cpu.stat)."""
    stolen: float | None = None
    """The share of its machine's CPU time that the hypervisor gave to somebody else (/proc/stat)."""
    full_collections: int = 0
    """Collections of all of Python's garbage, during which nothing is sent or read."""
    major_faults: int = 0
    """Pages that had to be read from a disk."""
    segments: int | None = None
    """TCP segments that its connections sent; of those that were open all the time."""
    retransmitted: int | None = None
    """Of those, the ones that were sent again."""
    round_trip_ns: int | None = None
    """Between the machines, as TCP smooths it: the mean over the connections at the end."""
    stalls: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    """Begin and end of each time, since T0, in which the loop read no answers for more than a millisecond."""

    @property
    def stalled_ns(self) -> int:
        """All stalls together."""
        return int((self.stalls[:, 1] - self.stalls[:, 0]).sum())

    @property
    def longest_stall_ns(self) -> int:
        """The longest stall; 0 without one."""
        return int((self.stalls[:, 1] - self.stalls[:, 0]).max()) if len(self.stalls) else 0


def receive_stall_ns(
    sent_ns: NDArray[np.int64], done_ns: NDArray[np.int64], stalls: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How much earlier each answer may have been there than it was read, at most.

    An answer that was read within a stall may have come at any time since the stall began, or since its query was sent.
    Stalls do not overlap and stand in the order of time; queries without an answer have none (`done_ns` is never).
    """
    if not len(stalls):
        return np.zeros(len(done_ns), dtype=np.int64)
    begin_ns, end_ns = stalls[:, 0], stalls[:, 1]
    stall = np.maximum(np.searchsorted(begin_ns, done_ns, side="right") - 1, 0)
    within = (begin_ns[stall] <= done_ns) & (done_ns <= end_ns[stall])
    return np.where(within, np.maximum(done_ns - np.maximum(begin_ns[stall], sent_ns), 0), 0)

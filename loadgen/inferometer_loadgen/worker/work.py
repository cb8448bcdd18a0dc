"""What one worker sends in one phase: its shard of the stream, and when a row of it may go.

Row j of a worker is row `first` + j * `step` of the stream. Everything is laid out before the phase begins, but for
closed loops, whose length nobody knows: theirs grow as they go on.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto


class Pace(Enum):
    """What makes the next row go."""

    SCHEDULED = auto()
    """Its time: Server, Replay."""
    COMPLETION = auto()
    """An answer that frees a place in the window: SingleStream, MultiStream, Concurrency."""
    AT_ONCE = auto()
    """Nothing but room in its replica's window: Offline."""
    INTERVAL = auto()
    """The next tick that finds nothing open: MultiStream by the rules of 2019."""


@dataclass(slots=True, kw_only=True)
class Work:
    """A shard's columns, and how it is sent."""

    body: array[int]
    """Of each row, which of the prepared requests it sends."""
    first: int
    step: int
    pace: Pace = Pace.SCHEDULED
    scheduled_ns: array[int]
    """SCHEDULED only."""
    window: int = 0
    """COMPLETION and AT_ONCE: how many rows may be open at a time, over all replicas."""
    interval_ns: int = 0
    """INTERVAL only."""
    min_rows: int = 0
    """COMPLETION and INTERVAL end with the first row at which this many were issued and `min_duration_ns` is over."""
    min_duration_ns: int = 0
    extend: Callable[[int], array[int]] | None = None
    """The bodies of so many rows more; None where the stream ends."""

    def __len__(self) -> int:
        return len(self.body)

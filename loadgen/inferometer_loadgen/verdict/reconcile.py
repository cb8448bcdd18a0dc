"""Client and server counts side by side, a replica at a time: a surplus here never makes up for a gap there."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.verdict.measured import Measured


@dataclass(frozen=True, slots=True)
class Balance:
    """What the client had of one replica, beside what that replica counted."""

    replica: str
    answered: int
    """Good answers that the client got."""
    unanswered: int
    """Queries that were sent to it and got no good answer; it may have counted any of them as a success."""
    successes: int

    @property
    def unexplained(self) -> int:
        """Successes that no query of this run can have been, each unanswered one counted in the run's favour."""
        return self.successes - self.answered - self.unanswered


def balances(measured: Measured) -> tuple[Balance, ...]:
    """One balance for each replica whose counts could be read and are comparable."""
    if not measured.servers:
        return ()
    answered, sent = _by_replica(measured, measured.answered()), _by_replica(measured, measured.was_sent())
    return tuple(
        Balance(counts.replica, int(answered[r]), int(sent[r] - answered[r]), counts.successes)
        for r, counts in enumerate(measured.servers)
        if counts.successes is not None and not counts.restarted
    )


def _by_replica(measured: Measured, rows: NDArray[np.bool]) -> NDArray[np.int64]:
    """How many of these rows each replica has. Nearly all runs have all rows, and many have one replica."""
    count = len(measured.servers)
    if count == 1:
        return np.array([np.count_nonzero(rows)])
    replica = measured.replicas(count)
    return np.bincount(replica if rows.all() else replica[rows], minlength=count)

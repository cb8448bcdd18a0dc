"""All that a verdict may know of a run, as one immutable value.

Times are nanoseconds since T0, the start of the measured run on the coordinator's clock. A latency and a send lag are
differences of two times of one worker, taken on that worker's monotonic clock, so that no clock offset is in them
(design, invariant 3); only figures over the whole run, such as samples per second, compare workers' clocks.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.stream import replica_of
from inferometer_loadgen.verdict.accuracy import Accuracy
from inferometer_loadgen.verdict.vitals import Vitals, receive_stall_ns

NEVER_NS = int(np.iinfo(np.int64).max)
"""The time of what did not happen, and the latency of a query without a good answer: later than any other."""


class QueryStatus(IntEnum):
    """How a query ended. A record keeps it in one byte."""

    OK = 0
    """Answered well."""
    TIMED_OUT = 1
    """No answer by the end of the drain time."""
    ERROR_STATUS = 2
    """Answered with an HTTP status other than 200."""
    CONNECTION_LOST = 3
    """The connection ended before the answer was whole."""
    BAD_ANSWER = 4
    """Answered with what cannot be an answer to the query."""
    NOT_SENT = 5
    """Never sent: the run ended before, or no connection took it."""


@dataclass(frozen=True, slots=True)
class ServerCounts:
    """By how much one replica's own counters grew over the measured window (design, invariant 5)."""

    replica: str
    successes: int | None
    """Requests that succeeded, whatever their number of samples; None when the counter could not be read."""
    failures: int | None
    absent_reason: str
    """Why a count is None; empty when both are there."""
    restarted: bool
    """Whether the server began anew within the window, so that its counts are not comparable."""


@dataclass(frozen=True, eq=False)
class Measured:
    """One row a query of the whole stream, in its order, sent or not; and what each replica counted.

    Raises ValueError unless the rows are the queries 0..n-1, each once (design, invariant 1). Of a closed loop with
    many workers or lanes each has as many as it came to, the first of its own: gaps at the end are no gaps in its rows.
    """

    index: NDArray[np.int64]
    scheduled_ns: NDArray[np.int64]
    """When a query was due: by its schedule; where answers pace the load, when it was issued."""
    sent_ns: NDArray[np.int64]
    """NEVER_NS where the query was not sent."""
    done_ns: NDArray[np.int64]
    """NEVER_NS where no good answer came."""
    status: NDArray[np.int8]
    """A QueryStatus each."""
    servers: tuple[ServerCounts, ...]
    """By replica: query i went to servers[i mod len(servers)], or where `replica` says."""
    first_error: str = ""
    """Of the first query that failed, in the server's own words where it had some; empty when none is known."""
    called_off: str = ""
    """Why the run was ended before its time; empty when it was not."""
    workers: int = 1
    """Query i is worker i mod `workers`'s."""
    lanes: int = 0
    """Of sequences, a multiple of `workers`: query i is of lane i mod `lanes`, each of which has one query open and has
    as many as it came to. 0: a worker's queries are of one lane."""
    replica: NDArray[np.int16] | None = None
    """Which replica each query went to, where its index does not say so; of one that was not sent, any."""

    samples_per_row: int = 1
    """What a row asks for at once: a query of MultiStream, a request of Offline."""
    missing_samples: int = 0
    """By how many samples the last row is shorter than the others."""
    clients: tuple[Vitals | None, ...] = ()
    """By worker: what it says of itself; None of one that was lost."""
    clock_uncertainty_ns: int | None = None
    """Of the worst-known of the workers' clocks; None where none is known."""

    accuracy: Accuracy | None = None
    """Of an accuracy run all of whose queries were answered; None of all others."""

    def __post_init__(self) -> None:
        rows = len(self.index)
        if any(len(column) != rows for column in (self.scheduled_ns, self.sent_ns, self.done_ns, self.status)):
            raise ValueError(f"columns of different lengths beside {rows} indices")
        if self.replica is not None and len(self.replica) != rows:
            raise ValueError(f"{len(self.replica)} replicas beside {rows} indices")
        if not self._is_gapless() and not self._is_of_prefixes():
            raise ValueError(
                f"the records of {rows} queries are not those of the indices 0..{rows - 1}, each once and in turn"
            )

    def __len__(self) -> int:
        return len(self.index)

    def of_worker(self, worker: int, workers: int) -> slice | NDArray[np.bool]:
        """Which rows are those of one of so many workers: an index into the columns."""
        # That the indices rise was proved when this was made, so the last one says whether there are gaps.
        if not len(self) or self.index[-1] == len(self) - 1:
            return slice(worker, None, workers)
        own: NDArray[np.bool] = self.index % workers == worker
        return own

    def replicas(self, count: int) -> NDArray[np.integer]:
        """Which of so many replicas each query went to."""
        return replica_of(self.index, count) if self.replica is None else self.replica

    def _is_gapless(self) -> bool:
        return not len(self) or (self.index[-1] == len(self) - 1 and np.array_equal(self.index, np.arange(len(self))))

    def _is_of_prefixes(self) -> bool:
        lanes = self.lanes or self.workers
        if lanes == 1 or self.index[0] < 0 or not (np.diff(self.index) > 0).all():
            return False
        place, lane = np.divmod(self.index, lanes)
        last = np.full(lanes, -1)
        np.maximum.at(last, lane, place)
        return np.array_equal(last + 1, np.bincount(lane, minlength=lanes))

    def answered(self) -> NDArray[np.bool]:
        """Which queries were answered well."""
        answered: NDArray[np.bool] = self.status == QueryStatus.OK
        return answered

    def samples_of(self, rows: NDArray[np.bool]) -> int:
        """How many samples these rows ask for."""
        short = self.missing_samples if len(self) and rows[-1] else 0
        return int(np.count_nonzero(rows)) * self.samples_per_row - short

    def was_sent(self) -> NDArray[np.bool]:
        """Which queries left the worker."""
        sent: NDArray[np.bool] = self.sent_ns != NEVER_NS
        return sent

    def latency_ns(self) -> NDArray[np.int64]:
        """From the *scheduled* time to the answer (design, invariant 2); NEVER_NS where no good answer came.

        It starts when the query was due, not when it was sent: a server that is slow enough to hold the client up
        would otherwise look faster than it is. LoadGen 6.0.17 measures Server in the same way.
        """
        return self._latency_ns

    @cached_property
    def _latency_ns(self) -> NDArray[np.int64]:
        return np.where(self.answered(), self.done_ns - self.scheduled_ns, NEVER_NS)

    def send_lag_ns(self) -> NDArray[np.int64]:
        """How late each query was sent, the client's own share of its latency; NEVER_NS where it was not sent."""
        return np.where(self.was_sent(), self.sent_ns - self.scheduled_ns, NEVER_NS)

    def receive_stall_ns(self) -> NDArray[np.int64]:
        """How much earlier each answer may have been there than it was read, at most: again the client's own share."""
        return self._receive_stall_ns

    @cached_property
    def _receive_stall_ns(self) -> NDArray[np.int64]:
        stall_ns = np.zeros(len(self), dtype=np.int64)
        for worker, vitals in enumerate(self.clients):
            if vitals is not None and len(vitals.stalls):
                own = self.of_worker(worker, len(self.clients))
                stall_ns[own] = receive_stall_ns(self.sent_ns[own], self.done_ns[own], vitals.stalls)
        return stall_ns


def when_called_off(measured: Measured, reason: str) -> Measured:
    """What a run that was ended before its time has measured: its queries before the first one that was not sent.

    The servers' counts are absent: they hold answers to queries that other workers had sent beyond that one.
    """
    unsent = np.flatnonzero(measured.status == QueryStatus.NOT_SENT)
    rows = slice(0, int(unsent[0]) if unsent.size else len(measured))
    return replace(
        measured,
        index=measured.index[rows],
        scheduled_ns=measured.scheduled_ns[rows],
        sent_ns=measured.sent_ns[rows],
        done_ns=measured.done_ns[rows],
        status=measured.status[rows],
        servers=tuple(
            replace(counts, successes=None, failures=None, absent_reason="the run was called off")
            for counts in measured.servers
        ),
        called_off=reason,
        missing_samples=0 if unsent.size else measured.missing_samples,
        replica=None if measured.replica is None else measured.replica[rows],
    )

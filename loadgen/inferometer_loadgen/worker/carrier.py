"""What carries queries to the replicas, as the loop sees it, and where a carrier writes down what became of each.

A carrier owns the connections to all replicas and the places on them: an HTTP/1.1 connection is one place, an HTTP/2
connection many. It sends a query the moment it is asked, or keeps it in its replica's backlog until a place is free.
It never sends one twice: where a connection broke, its queries have failed.
"""

from array import array
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from select import epoll
from typing import Any, Protocol

from inferometer_loadgen.verdict.measured import QueryStatus
from inferometer_loadgen.worker.records import Records

NO_EXPIRY_NS = 1 << 62
"""Later than any clock: nothing is open that could time out."""

OK = int(QueryStatus.OK)
TIMED_OUT = int(QueryStatus.TIMED_OUT)
ERROR_STATUS = int(QueryStatus.ERROR_STATUS)
CONNECTION_LOST = int(QueryStatus.CONNECTION_LOST)
BAD_ANSWER = int(QueryStatus.BAD_ANSWER)


type Keep = Callable[[int, int, bytes], None]
"""Takes a good answer: its row, over HTTP the length of its JSON, else -1, and what it holds."""


class Ledger:
    """One phase's records, and what its failures were. A carrier fills in good answers itself, for speed."""

    __slots__ = ("body", "failed", "first_error", "records")

    def __init__(self, body: array[int], records: Records) -> None:
        self.body = body
        """Of each row, which of the prepared requests it sends."""
        self.records = records
        self.failed = 0
        self.first_error = ""

    def fail(self, row: int, status: int, message: str) -> None:
        """A query ended without a good answer."""
        self.records.status[row] = status
        self.records.ended.append(row)
        self.failed += 1
        if not self.first_error:
            self.first_error = message


class Carrier(Protocol):
    """All connections of one worker, of one protocol."""

    backlogged: int
    """Queries of this phase that found no free place when they were asked."""

    @property
    def by_fd(self) -> Mapping[int, Any]:
        """What `on_event` is given for a file descriptor."""

    @property
    def backlogs(self) -> Sequence[deque[int]]:
        """By replica: rows that wait for a place, first come, first sent."""

    def attach(self, events: epoll) -> None:
        """Registers all connections, those to come too."""

    def begin(self, ledger: Ledger, window: int) -> None:
        """A new phase; nothing is open from the one before. `fill` leaves at most `window` open at each replica.

        0: as many as there are places.
        """

    def ask(self, replica: int, row: int) -> None:
        """Sends a query, or keeps it back until a place is free."""

    def fill(self) -> None:
        """Sends from the backlogs what there is room for."""

    def flush(self) -> None:
        """Gives the kernel what `ask` and `fill` have gathered, where that is done in one go."""

    def outstanding(self, replica: int) -> int:
        """Queries that this replica has not answered yet, those in its backlog included."""

    def heed_idle(self, events: Sequence[tuple[int, int]]) -> None:
        """Before anything is sent: connections without a query on which something happened may not be used."""

    def on_event(self, connection: Any, mask: int) -> None:
        """Something happened on a connection."""

    def expire(self, now_ns: int, timeout_ns: int) -> int:
        """Times out what was sent longer ago than that; when the next one would, NO_EXPIRY_NS with nothing open."""

    def end(self) -> None:
        """The phase is over: what is still open has timed out."""

    def tick(self) -> None:
        """Now and then: dials again what could not be dialled."""

    def close(self) -> None:
        """Closes all connections."""

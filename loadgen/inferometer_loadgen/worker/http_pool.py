"""HTTP/1.1 connections: one request at a time on each, the free ones of a replica as a stack."""

from collections.abc import Iterable, Sequence

from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.wire.http1 import AnswerReader, KeepingReader, shared_heads
from inferometer_loadgen.worker.connections import Tls
from inferometer_loadgen.worker.pool import Connection, Pool
from inferometer_loadgen.worker.tls_socket import Socket

NO_ROW = -1
UNUSED = -2
"""As NO_ROW, of a connection that has not carried any query yet."""


class HttpConnection(Connection):
    """A connection and what is under way on it: `row` is the query's; below 0 there is none."""

    __slots__ = ("reader", "row")

    def __init__(self, sock: Socket, replica: int, reader: AnswerReader) -> None:
        super().__init__(sock, replica)
        self.reader = reader
        self.row = UNUSED


class HttpPool(Pool[HttpConnection]):
    """All HTTP/1.1 connections of one worker."""

    def __init__(
        self,
        replicas: Sequence[ReplicaAddress],
        per_replica: int,
        tls: Tls | None = None,
        asked: Iterable[int] | None = None,
    ) -> None:
        self._reader: type[AnswerReader] = AnswerReader
        self._heads = shared_heads()
        self.free: list[list[HttpConnection]] = [[] for _ in replicas]
        super().__init__(
            replicas,
            per_replica,
            lambda sock, replica: HttpConnection(sock, replica, self._reader(self._heads)),
            lambda connection: self.free[connection.replica].append(connection),
            tls,
            asked,
        )

    def keep_answers(self, *, on: bool) -> None:
        """From now on readers keep what good answers hold, or do not; only while no query is under way."""
        self._reader = KeepingReader if on else AnswerReader
        for connection in self.by_fd.values():
            connection.reader = self._reader(self._heads)

    def drop(self, connection: HttpConnection) -> None:
        """Closes a connection for good."""
        super().drop(connection)
        free = self.free[connection.replica]
        if connection in free:
            free.remove(connection)

    def replace(self, connection: HttpConnection) -> None:
        """Closes a connection for good; another one takes its place."""
        self.drop(connection)
        if connection.row == UNUSED:
            # Tried again with the next tick, or a server that hangs up at once would take the whole loop.
            self.miss(connection.replica)
        else:
            self.open(connection.replica)

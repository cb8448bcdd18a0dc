"""The HTTP/1.1 connections of one worker: opened before the run, replaced when one breaks, the free ones as a stack."""

import select
import socket
from collections.abc import Sequence

from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.wire.http1 import AnswerReader, shared_heads
from inferometer_loadgen.worker.carrier import NO_ROW
from inferometer_loadgen.worker.connections import ConnectError, Dialer

IN = select.EPOLLIN
OUT = select.EPOLLOUT


class Connection:
    """One socket and what is under way on it: `row` is the query's, or NO_ROW; `unsent` the rest of its request."""

    __slots__ = ("connecting", "fd", "reader", "replica", "row", "sock", "unsent")

    def __init__(self, sock: socket.socket, replica: int, reader: AnswerReader) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.replica = replica
        self.reader = reader
        self.row = NO_ROW
        self.unsent: list[memoryview] = []
        self.connecting = False


class HttpPool:
    """Connections by file descriptor, and the free ones of each replica. Raises ConnectError where one refuses."""

    def __init__(self, replicas: Sequence[ReplicaAddress], connections_per_replica: int) -> None:
        self.dialer = Dialer(replicas)
        self.per_replica = connections_per_replica
        self.by_fd: dict[int, Connection] = {}
        self.free: list[list[Connection]] = [[] for _ in replicas]
        self._heads = shared_heads()
        self._missing: list[int] = []
        """Replicas that a connection could not be dialled to, one entry each."""
        self._events: select.epoll | None = None
        try:
            for replica in range(len(replicas)):
                for _ in range(connections_per_replica):
                    self.free[replica].append(self._add(self.dialer.dial(replica), replica))
        except ConnectError:
            self.close()
            raise

    def attach(self, events: select.epoll) -> None:
        """Registers all connections, those to come too."""
        self._events = events
        for fd in self.by_fd:
            events.register(fd, IN)

    def await_(self, connection: Connection, mask: int) -> None:
        """Changes what is wanted to be known of a connection."""
        if self._events is not None:
            self._events.modify(connection.fd, mask)

    def is_connected(self, connection: Connection) -> bool:
        """What became of a dial; one that was refused is tried again with the next tick."""
        if connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            # Not at once, or a dead server would take the whole loop.
            self._drop(connection)
            self._missing.append(connection.replica)
            return False
        connection.connecting = False
        self.await_(connection, IN)
        return True

    def replace(self, connection: Connection) -> None:
        """Closes a connection for good and dials another, without waiting for it."""
        self._drop(connection)
        self._open(connection.replica)

    def dial_missing(self) -> None:
        """Dials again what could not be dialled."""
        missing, self._missing = self._missing, []
        for replica in missing:
            self._open(replica)

    def close(self) -> None:
        """Closes all."""
        for connection in list(self.by_fd.values()):
            self._drop(connection)

    def _open(self, replica: int) -> None:
        sock = self.dialer.begin_dialing(replica)
        if sock is None:
            self._missing.append(replica)
            return
        connection = self._add(sock, replica)
        connection.connecting = True
        if self._events is not None:
            self._events.register(connection.fd, OUT)

    def _drop(self, connection: Connection) -> None:
        del self.by_fd[connection.fd]
        free = self.free[connection.replica]
        if connection in free:
            free.remove(connection)
        connection.sock.close()

    def _add(self, sock: socket.socket, replica: int) -> Connection:
        connection = Connection(sock, replica, AnswerReader(self._heads))
        self.by_fd[connection.fd] = connection
        return connection

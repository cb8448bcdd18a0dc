"""The connections of one worker, whatever is spoken on them: opened before the run, replaced when one breaks."""

import os
import select
import socket
from collections.abc import Callable, Iterable, Sequence

from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.worker.connections import ConnectError, Dialer, Tls
from inferometer_loadgen.worker.tls_socket import Socket, TlsSocket

IN = select.EPOLLIN
OUT = select.EPOLLOUT


class Connection:
    """One socket to one replica."""

    __slots__ = ("connecting", "fd", "is_shaking_hands", "replica", "sock", "unsent")

    def __init__(self, sock: Socket, replica: int) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.replica = replica
        self.connecting = False
        self.is_shaking_hands = False
        """While it is connecting: the TLS on it is under way."""
        self.unsent: list[memoryview] = []
        """What the kernel has not taken yet."""


class Pool[C: Connection]:
    """Connections by file descriptor. `make` puts a protocol on a socket, connected or not.

    Raises ConnectError for a replica that refuses, what `welcome` raises, and nothing later.
    """

    def __init__(
        self,
        replicas: Sequence[ReplicaAddress],
        per_replica: int,
        make: Callable[[Socket, int], C],
        welcome: Callable[[C], None],
        tls: Tls | None,
        asked: Iterable[int] | None,
    ) -> None:
        """`asked`: the replicas that are connected to; None for all."""
        self.dialer = Dialer(replicas, tls)
        self.per_replica = per_replica
        self.by_fd: dict[int, C] = {}
        self._make = make
        self._missing: list[int] = []
        """Replicas that a connection could not be dialled to, one entry each."""
        self._events: select.epoll | None = None
        try:
            for replica in range(len(replicas)) if asked is None else asked:
                for _ in range(per_replica):
                    welcome(self._add(self.dialer.dial(replica), replica))
        except ConnectError:
            self.close()
            raise

    def attach(self, events: select.epoll) -> None:
        """Registers all connections, those to come too."""
        self._events = events
        for fd in self.by_fd:
            events.register(fd, IN)

    def await_(self, connection: C, mask: int) -> None:
        """Changes what is wanted to be known of a connection."""
        if self._events is not None:
            self._events.modify(connection.fd, mask)

    def comes_about(self, connection: C, mask: int) -> bool:
        """Something happened on a connection that is `connecting`: whether it may be used now.

        One that failed is dialled again with the next tick, not at once, or a dead server would take the whole loop.
        """
        if not connection.is_shaking_hands and mask & IN:
            # Not asked for yet: an event of the broken connection that had this descriptor before.
            return False
        sock = connection.sock
        try:
            _raise_error_of(sock)
            if not connection.is_shaking_hands:
                self.await_(connection, IN)
            if isinstance(sock, TlsSocket):
                connection.is_shaking_hands = True
                sock.shake_hands()
        except BlockingIOError:
            return False
        except OSError:
            self.drop(connection)
            self.miss(connection.replica)
            return False
        connection.connecting = False
        return True

    def open(self, replica: int) -> None:
        """Dials one more, without waiting for it."""
        sock = self.dialer.begin_dialing(replica)
        if sock is None:
            self.miss(replica)
            return
        connection = self._add(sock, replica)
        connection.connecting = True
        if self._events is not None:
            self._events.register(connection.fd, OUT)

    def drop(self, connection: C) -> None:
        """Closes a connection for good."""
        del self.by_fd[connection.fd]
        connection.sock.close()

    def miss(self, replica: int) -> None:
        """Remembers that there is one connection too few."""
        self._missing.append(replica)

    def dial_missing(self) -> None:
        """Dials again what could not be dialled."""
        missing, self._missing = self._missing, []
        for replica in missing:
            self.open(replica)

    def close(self) -> None:
        """Closes all."""
        for connection in list(self.by_fd.values()):
            self.drop(connection)

    def _add(self, sock: Socket, replica: int) -> C:
        connection = self._make(sock, replica)
        self.by_fd[connection.fd] = connection
        return connection


def _raise_error_of(sock: Socket) -> None:
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))

"""Connections to the replicas: opened before the run, one request at a time on each."""

import errno
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.wire.http1 import AnswerReader, shared_heads

CONNECT_TIMEOUT_S = 10.0
NO_ROW = -1


class ConnectError(Exception):
    """A replica could not be connected to; the message names it."""


class Connection:
    """One socket and what is under way on it: `row` is the query's, or NO_ROW; `unsent` the rest of its request."""

    __slots__ = ("connecting", "fd", "reader", "replica", "row", "sock", "unsent")

    def __init__(self, sock: socket.socket, replica: int, reader: AnswerReader, *, connecting: bool) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.replica = replica
        self.reader = reader
        self.row = NO_ROW
        self.unsent: list[memoryview] = []
        self.connecting = connecting


class ConnectionPool:
    """All connections of one worker: by file descriptor, and the free ones of each replica as a stack."""

    def __init__(self, replicas: Sequence[ReplicaAddress], connections_per_replica: int) -> None:
        self._replicas = replicas
        self._heads = shared_heads()
        self.by_fd: dict[int, Connection] = {}
        self.free: list[list[Connection]] = [[] for _ in replicas]
        self._sockaddrs: list[tuple[int, Any]] = []
        try:
            for replica in range(len(replicas)):
                for _ in range(connections_per_replica):
                    self._add(self._connected(replica), replica, connecting=False)
                first = self.free[replica][0].sock
                self._sockaddrs.append((first.family, first.getpeername()))
        except ConnectError:
            self.close()
            raise

    def begin_opening(self, replica: int) -> Connection | None:
        """Starts one more connection, without waiting for it; None when not even that can be done."""
        family, sockaddr = self._sockaddrs[replica]
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError:
            return None
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if sock.connect_ex(sockaddr) not in {0, errno.EINPROGRESS}:
            # No route, no port left: the kernel says so here and at no later event.
            sock.close()
            return None
        return self._add(sock, replica, connecting=True)

    def drop(self, connection: Connection) -> None:
        """Closes a connection for good."""
        del self.by_fd[connection.fd]
        free = self.free[connection.replica]
        if connection in free:
            free.remove(connection)
        connection.sock.close()

    def close(self) -> None:
        """Closes all."""
        for connection in list(self.by_fd.values()):
            self.drop(connection)

    def _add(self, sock: socket.socket, replica: int, *, connecting: bool) -> Connection:
        connection = Connection(sock, replica, AnswerReader(self._heads), connecting=connecting)
        self.by_fd[connection.fd] = connection
        if not connecting:
            self.free[replica].append(connection)
        return connection

    def _connected(self, replica: int) -> socket.socket:
        address = _address(self._replicas[replica])
        try:
            sock = socket.create_connection(address, timeout=CONNECT_TIMEOUT_S)
        except OSError as error:
            name = self._replicas[replica].name
            raise ConnectError(f"{name} at {address[0]}:{address[1]} refuses connections: {error}") from error
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock


def _address(replica: ReplicaAddress) -> tuple[str, int]:
    parts = urlsplit(replica.url)
    return parts.hostname or "", parts.port or 80

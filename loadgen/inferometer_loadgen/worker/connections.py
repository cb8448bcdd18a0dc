"""Sockets to the replicas: dialled with patience before the run, and without waiting while it is measured."""

import errno
import socket
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from inferometer_loadgen.plan import ReplicaAddress

CONNECT_TIMEOUT_S = 10.0


class ConnectError(Exception):
    """A replica could not be connected to; the message names it."""


class Dialer:
    """Dials replicas. Names are looked up once: while the run is measured, the address is the one that answered."""

    def __init__(self, replicas: Sequence[ReplicaAddress]) -> None:
        self.replicas = replicas
        self._sockaddrs: dict[int, tuple[int, Any]] = {}

    def dial(self, replica: int) -> socket.socket:
        """A connected socket that does not block. Raises ConnectError."""
        address = _address(self.replicas[replica])
        try:
            sock = socket.create_connection(address, timeout=CONNECT_TIMEOUT_S)
        except OSError as error:
            name = self.replicas[replica].name
            raise ConnectError(f"{name} at {address[0]}:{address[1]} refuses connections: {error}") from error
        self._sockaddrs.setdefault(replica, (sock.family, sock.getpeername()))
        _make_quick(sock)
        return sock

    def begin_dialing(self, replica: int) -> socket.socket | None:
        """A socket that is about to be connected, without waiting for it; None when not even that can be done."""
        family, sockaddr = self._sockaddrs[replica]
        try:
            sock = socket.socket(family, socket.SOCK_STREAM)
        except OSError:
            return None
        _make_quick(sock)
        if sock.connect_ex(sockaddr) not in {0, errno.EINPROGRESS}:
            # No route, no port left: the kernel says so here and at no later event.
            sock.close()
            return None
        return sock


def _make_quick(sock: socket.socket) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _address(replica: ReplicaAddress) -> tuple[str, int]:
    parts = urlsplit(replica.url)
    return parts.hostname or "", parts.port or 80

"""Sockets to the replicas: dialled with patience before the run, and without waiting while it is measured."""

import errno
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from inferometer_loadgen.plan import ReplicaAddress
from inferometer_loadgen.worker.tls_socket import Socket, TlsSocket

CONNECT_TIMEOUT_S = 10.0


class ConnectError(Exception):
    """A replica could not be connected to; the message names it."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Whom to trust and what to show; `alpn` is the protocol that the server must agree to, if any."""

    context: ssl.SSLContext
    alpn: str | None = None


class Dialer:
    """Dials replicas. Names are looked up once: while the run is measured, the address is the one that answered."""

    def __init__(self, replicas: Sequence[ReplicaAddress], tls: Tls | None = None) -> None:
        self.replicas = replicas
        self._tls = tls
        self._sockaddrs: dict[int, tuple[int, Any]] = {}

    def dial(self, replica: int) -> Socket:
        """A connected socket that does not block. Raises ConnectError."""
        address = _address(self.replicas[replica])
        name = self.replicas[replica].name
        try:
            sock = socket.create_connection(address, timeout=CONNECT_TIMEOUT_S)
        except OSError as error:
            raise ConnectError(f"{name} at {address[0]}:{address[1]} refuses connections: {error}") from error
        self._sockaddrs.setdefault(replica, (sock.family, sock.getpeername()))
        dressed = self._dressed(sock, replica)
        if isinstance(dressed, TlsSocket):
            try:
                dressed.shake_hands()
            except OSError as error:
                sock.close()
                raise ConnectError(f"{name} at {address[0]}:{address[1]}: {error}") from error
        _make_quick(sock)
        return dressed

    def begin_dialing(self, replica: int) -> Socket | None:
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
        return self._dressed(sock, replica)

    def _dressed(self, sock: socket.socket, replica: int) -> Socket:
        if self._tls is None:
            return sock
        return TlsSocket(sock, self._tls.context, _address(self.replicas[replica])[0], self._tls.alpn)


def _make_quick(sock: socket.socket) -> None:
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _address(replica: ReplicaAddress) -> tuple[str, int]:
    parts = urlsplit(replica.url)
    return parts.hostname or "", parts.port or (443 if parts.scheme in {"https", "grpcs"} else 80)

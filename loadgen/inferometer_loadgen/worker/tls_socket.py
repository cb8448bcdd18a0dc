"""A socket that speaks TLS, with the few methods of a plain one that the carriers use: they need not know.

It never blocks unless its socket does. What `send` did not report as sent is to be offered again, unchanged and first,
as with a plain socket; here it may be encrypted already, and then only waits for the kernel.
"""

import contextlib
import socket
import ssl
from collections.abc import Iterable, Iterator
from typing import Protocol

from inferometer_loadgen.wire.errors import TlsError
from inferometer_loadgen.wire.tls import TlsLayer

RECEIVE_BYTES = 65_536


class Socket(Protocol):
    """What carriers use of a socket."""

    def fileno(self) -> int:
        """For an epoll set."""

    def recv(self, bufsize: int, /) -> bytes:
        """What has come; b"" at the end."""

    def send(self, data: bytes | memoryview, /) -> int:
        """How much of it was taken."""

    def sendmsg(self, buffers: Iterable[bytes | memoryview], /) -> int:
        """How much of them was taken."""

    def sendall(self, data: bytes, /) -> None:
        """All of it, on a socket that blocks."""

    def getsockopt(self, level: int, optname: int, /) -> int:
        """SO_ERROR tells what became of a dial."""

    def setblocking(self, flag: bool, /) -> None:
        """Whether the methods wait."""

    def settimeout(self, value: float | None, /) -> None:
        """How long they wait."""

    def close(self) -> None:
        """For good."""


class TlsSocket:
    """The client's end of TLS over one socket. `shake_hands` first, until `is_established`."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, server_name: str, alpn: str | None) -> None:
        self._sock = sock
        self._pending = memoryview(b"")
        """Encrypted, and not taken by the kernel yet. While there is any, the last byte counts as not sent."""
        self._owes_a_byte = False
        self._early = b""
        """What the peer said in one breath with the end of the handshake: a gRPC server its settings."""
        self.fileno, self.close = sock.fileno, sock.close
        self.getsockopt, self.setblocking, self.settimeout = sock.getsockopt, sock.setblocking, sock.settimeout
        with _as_os_error():
            self._layer = TlsLayer(context, server_name, alpn=alpn)

    @property
    def is_established(self) -> bool:
        """Whether both sides have agreed."""
        return self._layer.established

    def shake_hands(self) -> None:
        """Sends the greeting, or reads what the peer says to it. Raises OSError, BlockingIOError among them."""
        self._push(self._layer.take_outbox())
        while not self.is_established:
            self._early = self._take()

    def recv(self, bufsize: int, /) -> bytes:
        """What has come, in the clear, whatever its size. Raises BlockingIOError where nothing has."""
        del bufsize
        if self._early:
            plain, self._early = self._early, b""
            return plain
        plain = self._take()
        if not plain and not self._layer.closed:
            raise BlockingIOError
        return plain

    def send(self, data: bytes | memoryview, /) -> int:
        """Encrypts all of it; how much of it the kernel has."""
        return self.sendmsg((data,))

    def sendmsg(self, buffers: Iterable[bytes | memoryview], /) -> int:
        """Encrypts all of them; how much of them the kernel has."""
        if self._pending:
            self._push(b"")
            if self._pending:
                raise BlockingIOError
        if self._owes_a_byte:
            # The last byte of before, which is offered again: it has gone meanwhile.
            self._owes_a_byte = False
            return 1
        with _as_os_error():
            self._layer.send(whole := tuple(buffers))
        self._push(self._layer.take_outbox())
        self._owes_a_byte = bool(self._pending)
        return sum(map(len, whole)) - self._owes_a_byte

    def sendall(self, data: bytes, /) -> None:
        """All of it, on a socket that blocks."""
        with _as_os_error():
            self._layer.send((data,))
        self._sock.sendall(self._layer.take_outbox())

    def _take(self) -> bytes:
        data = self._sock.recv(RECEIVE_BYTES)
        if not data:
            if self._layer.closed:
                return b""
            # Anybody on the way can end a connection: only the peer can end it in TLS.
            raise ConnectionAbortedError("the connection ended without the end of TLS")
        with _as_os_error():
            plain = self._layer.receive(data)
        self._push(self._layer.take_outbox())
        return plain

    def _push(self, encrypted: bytes) -> None:
        if self._pending or encrypted:
            self._pending = memoryview(bytes(self._pending) + encrypted)
            with contextlib.suppress(BlockingIOError):
                self._pending = self._pending[self._sock.send(self._pending) :]


@contextlib.contextmanager
def _as_os_error() -> Iterator[None]:
    """TLS that breaks is a connection that breaks."""
    try:
        yield
    except TlsError as error:
        raise ConnectionError(str(error)) from error

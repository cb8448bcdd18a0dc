"""A server on loopback that does what a test's script says, and counts which samples it has received."""

import hashlib
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial

from inferometer_loadgen.plan import ReplicaAddress

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"outputs":[]}'
PATIENCE_S = 10.0


def body_of(sample: int, size: int = 200) -> bytes:
    """A body that names its sample; no two bytes of it are the same for all samples."""
    return (b"%08d" % sample) * (size // 8)


class Conversation:
    """One connection, as the server sees it."""

    def __init__(self, server: "ScriptedServer", sock: socket.socket, number: int) -> None:
        self._server = server
        self._sock = sock
        self._buffer = b""
        self.number = number
        """Of the connections in the order they were accepted."""

    def requests(self, read_bytes: int = 65_536) -> Iterator[int]:
        """The samples of the requests as each is whole, until the worker hangs up."""
        while (head := self._until_head_ends(read_bytes)) is not None:
            length = int(head.lower().split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0])
            while len(self._buffer) < length:
                if not self._more(read_bytes):
                    return
            body, self._buffer = self._buffer[:length], self._buffer[length:]
            yield self._server.note(body)

    def first_request(self) -> int:
        """The first request's sample. Raises OSError when the worker hangs up instead."""
        for sample in self.requests():
            return sample
        raise ConnectionAbortedError

    def say(self, data: bytes) -> None:
        """Sends bytes of any kind."""
        self._sock.sendall(data)

    def answer(self) -> None:
        """Answers well."""
        self.say(ANSWER)

    def hang_up(self) -> None:
        """Ends the connection in an orderly way."""
        self._sock.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Ends the connection as a server does that has crashed."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def wait_for_more(self) -> None:
        """Until the worker sends something."""
        self._sock.recv(1, socket.MSG_PEEK)

    def _until_head_ends(self, read_bytes: int) -> bytes | None:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if not self._more(read_bytes):
                return None
        head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
        return head

    def _more(self, read_bytes: int) -> bool:
        data = self._sock.recv(read_bytes)
        self._buffer += data
        return bool(data)


type Script = Callable[[Conversation], None]


@dataclass
class ScriptedServer:
    """Runs `script` for each connection, in a thread of its own."""

    script: Script
    kind: "type[Conversation]" = Conversation
    tls: ssl.SSLContext | None = None
    received: Counter[int] = field(default_factory=Counter)
    """How often each sample came, whole."""
    digests: set[bytes] = field(default_factory=set)
    connections: int = 0
    _threads: list[threading.Thread] = field(default_factory=list)
    _socks: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        port = self._listener.getsockname()[1]
        self.address = ReplicaAddress(name="scripted", url=f"http://127.0.0.1:{port}", metrics_url="")
        self._start(self._accept)

    def note(self, body: bytes) -> int:
        """Counts a request that came whole."""
        sample = int(body[:8])
        self.received[sample] += 1
        self.digests.add(hashlib.sha256(body).digest())
        return sample

    def refuse_from_now_on(self) -> None:
        """Takes no further connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def close(self) -> None:
        """Ends all conversations."""
        self.refuse_from_now_on()
        for sock in self._socks:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def _accept(self) -> None:
        with suppress(OSError):  # The listener was closed.
            while True:
                sock, _ = self._listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._socks.append(sock)
                self._start(partial(self._converse, sock, self.connections))
                self.connections += 1

    def _converse(self, sock: socket.socket, number: int) -> None:
        with sock, suppress(OSError):  # The worker hung up, or the test is over.
            if self.tls is None:
                self.script(self.kind(self, sock, number))
                return
            with self.tls.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False) as private:
                self.script(self.kind(self, private, number))

    def _start(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()


@contextmanager
def serving(
    script: Script, kind: type[Conversation] = Conversation, tls: ssl.SSLContext | None = None
) -> Iterator[ScriptedServer]:
    """A server for the length of a block."""
    server = ScriptedServer(script, kind, tls)
    try:
        yield server
    finally:
        server.close()

"""The least that a channel needs to talk to a real server: one blocking socket, TLS where a context is given."""

import socket
import ssl
from collections.abc import Sequence

from inferometer_loadgen.wire.grpc import INFER_PATH, Answer, BlockCache, Channel, GrpcRequest, framed, header_block
from inferometer_loadgen.wire.tls import TlsLayer

PATIENCE_S = 30.0


class Driver:
    """One connection. Where the server ends it, another takes the calls that were not begun: none is begun twice."""

    def __init__(self, address: str, *, context: ssl.SSLContext | None = None, keep_messages: bool = True) -> None:
        host, _, port = address.rpartition(":")
        self._place, self._context, self._host = (host, int(port)), context, host
        self._keep = keep_messages
        self.blocks = BlockCache()
        self.connections = 0
        self.begun: list[int] = []
        self.most_open = 0

    def call(
        self, messages: Sequence[bytes], fields: Sequence[tuple[str, str]] = (), path: str = INFER_PATH
    ) -> list[Answer]:
        """One call for each message, as many at a time as the server allows; their answers by row."""
        scheme = "https" if self._context else "http"
        block = header_block("{}:{}".format(*self._place), path, fields, scheme=scheme)
        todo = [(row, GrpcRequest(block, framed(message))) for row, message in enumerate(messages)]
        todo.reverse()
        answers: list[Answer] = []
        while len(answers) < len(messages):
            self._connection(todo, answers)
        return sorted(answers)

    def _connection(self, todo: list[tuple[int, GrpcRequest]], answers: list[Answer]) -> None:
        channel = Channel(self.blocks, keep_messages=self._keep)
        self.connections += 1
        with socket.create_connection(self._place, timeout=PATIENCE_S) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            tls = TlsLayer(self._context, self._host, alpn="h2") if self._context else None
            while (todo and not channel.going_away) or channel.open:
                while todo and channel.free():
                    row, request = todo.pop()
                    self.begun.append(row)
                    channel.begin(row, request)
                self.most_open = max(self.most_open, channel.open)
                self._send(sock, channel, tls)
                data = sock.recv(65_536)
                if not data:
                    answers += channel.eof()
                    return
                answers += channel.receive(tls.receive(data) if tls else data)

    def _send(self, sock: socket.socket, channel: Channel, tls: TlsLayer | None) -> None:
        if tls is None:
            sock.sendall(b"".join(channel.take_outbox()))
            return
        if tls.established:
            tls.send(channel.take_outbox())
        sock.sendall(tls.take_outbox())

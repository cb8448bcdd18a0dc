"""Queries over gRPC: each a stream of a connection that carries many.

What is begun in one pass leaves in one system call for each connection, and one read may bring many answers.
"""

import select
from collections import deque
from collections.abc import Sequence
from time import monotonic_ns

from inferometer_loadgen.wire.grpc import Answer, Ending, GrpcRequest
from inferometer_loadgen.worker.carrier import (
    BAD_ANSWER,
    CONNECTION_LOST,
    ERROR_STATUS,
    NO_EXPIRY_NS,
    OK,
    TIMED_OUT,
    Ledger,
)
from inferometer_loadgen.worker.grpc_pool import GrpcConnection, GrpcPool
from inferometer_loadgen.worker.pool import IN, OUT
from inferometer_loadgen.worker.requests import ByNumber
from inferometer_loadgen.worker.unsent import rest_of

RECEIVE_BYTES = 65_536
BUFFERS_AT_ONCE = 1_024
"""The kernel takes no more in one call (IOV_MAX)."""
JOIN_BYTES = 32_768
"""Up to here, joined buffers cost less than a list of them."""

STATUS_OF = {
    Ending.ERROR_STATUS: ERROR_STATUS,
    Ending.CONNECTION_LOST: CONNECTION_LOST,
    Ending.BAD_ANSWER: BAD_ANSWER,
}


class GrpcCarrier:
    """Carries queries over the connections of a pool; `requests[replica][body]` are made beforehand."""

    def __init__(self, pool: GrpcPool, requests: Sequence[ByNumber[GrpcRequest]]) -> None:
        self._pool = pool
        self._usable = pool.usable
        self.by_fd = pool.by_fd
        self.backlogs: list[deque[int]] = [deque() for _ in pool.usable]
        self.backlogged = 0
        self._requests = requests
        self._window = 0
        self._dirty: list[GrpcConnection] = []

    def attach(self, events: select.epoll) -> None:
        """Registers all connections, those to come too."""
        self._pool.attach(events)

    def begin(self, ledger: Ledger, window: int) -> None:
        """A new phase; nothing is open from the one before."""
        records = ledger.records
        self._ledger, self._window = ledger, window
        self._body = ledger.body
        self._sent_ns, self._done_ns, self._status = records.sent_ns, records.done_ns, records.status
        self._ended = records.ended
        for backlog in self.backlogs:
            backlog.clear()
        self.backlogged = 0

    def ask(self, replica: int, row: int) -> None:
        """Begins a call where the fewest are open, or keeps it back until a connection has a stream to spare."""
        connection = self._roomiest(replica)
        if connection is None:
            self.backlogs[replica].append(row)
            self.backlogged += 1
        else:
            self._begin(connection, row)

    def fill(self) -> None:
        """Begins calls from the backlogs while there are streams, and room in the window."""
        for replica, backlog in enumerate(self.backlogs):
            if not backlog:
                continue
            room = self._window - self._open_at(replica) if self._window else len(backlog)
            while backlog and room > 0:
                connection = self._roomiest(replica)
                if connection is None:
                    break
                self._begin(connection, backlog.popleft())
                room -= 1
        self.flush()

    def flush(self) -> None:
        """Gives the kernel what has been begun."""
        for connection in self._dirty:
            connection.is_dirty = False
            self._push(connection)
        self._dirty.clear()

    def outstanding(self, replica: int) -> int:
        """Open calls, and what waits for a stream."""
        return self._open_at(replica) + len(self.backlogs[replica])

    def heed_idle(self, events: Sequence[tuple[int, int]]) -> None:
        """An answer names its stream, so whatever comes cannot be taken for the next query's."""

    def on_event(self, connection: GrpcConnection, mask: int) -> None:
        """Reads answers and begins as many queries of the backlog in their place."""
        if mask != IN or connection.connecting:
            self._on_rare_event(connection, mask)
            return
        try:
            data = connection.sock.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(connection, f"the connection broke while an answer was awaited: {error}")
            return
        channel = connection.channel
        if not data:
            self._fail_all(channel.eof())
            self._pool.replace(connection)
            return
        answers = channel.receive(data)
        connection.heard_ns = now_ns = monotonic_ns()
        for row, ending, _, text, _ in answers:
            if ending:
                self._ledger.fail(row, STATUS_OF[ending], text)
            else:
                self._done_ns[row] = now_ns
                self._status[row] = OK
                self._ended.append(row)
        if (channel.going_away or not connection.is_usable) and not self._stays(connection):
            return
        backlog = self.backlogs[connection.replica]
        if backlog and connection.is_usable:
            self._take_up(connection, backlog)
        self._push(connection)

    def expire(self, now_ns: int, timeout_ns: int) -> int:
        """Times out what was sent longer ago than that: its stream is reset, and what still comes of it passed over."""
        next_ns = NO_EXPIRY_NS
        for connection in list(self.by_fd.values()):
            for row in connection.channel.open_rows():
                sent_ns = self._sent_ns[row]
                if sent_ns + timeout_ns > now_ns:
                    next_ns = min(next_ns, sent_ns + timeout_ns)
                    continue
                connection.channel.cancel(row)
                self._ledger.fail(row, TIMED_OUT, f"no answer came within {timeout_ns / 1e9:g} s")
                if connection.heard_ns < sent_ns:
                    # Nothing at all since then: it is the connection that is stuck, not the query.
                    self._pool.retire(connection)
            self._push(connection)
        self.fill()
        return next_ns

    def end(self) -> None:
        """What is still open has timed out, and its connection goes."""
        for connection in list(self.by_fd.values()):
            rows = connection.channel.open_rows()
            for row in rows:
                self._ledger.fail(row, TIMED_OUT, "no answer came in time")
            if rows:
                self._pool.replace(connection)

    def tick(self) -> None:
        """Dials again what could not be dialled."""
        self._pool.dial_missing()

    def close(self) -> None:
        """Closes all connections."""
        self._pool.close()

    def _open_at(self, replica: int) -> int:
        return sum(connection.channel.open for connection in self._usable[replica])

    def _roomiest(self, replica: int) -> GrpcConnection | None:
        usable = self._usable[replica]
        if len(usable) == 1:
            return usable[0] if usable[0].channel.free() else None
        with_room = [connection for connection in usable if connection.channel.free()]
        return min(with_room, key=lambda connection: connection.channel.open, default=None)

    def _begin(self, connection: GrpcConnection, row: int) -> None:
        self._sent_ns[row] = monotonic_ns()
        connection.channel.begin(row, self._requests[connection.replica][self._body[row]])
        if not connection.is_dirty:
            connection.is_dirty = True
            self._dirty.append(connection)

    def _take_up(self, connection: GrpcConnection, backlog: deque[int]) -> None:
        """Begins what waits for this connection's streams."""
        channel, requests, body = connection.channel, self._requests[connection.replica], self._body
        room = channel.free()
        if self._window:
            room = min(room, self._window - self._open_at(connection.replica))
        for _ in range(min(room, len(backlog))):
            row = backlog.popleft()
            self._sent_ns[row] = monotonic_ns()
            channel.begin(row, requests[body[row]])

    def _push(self, connection: GrpcConnection) -> None:
        """Gives the kernel what a channel wants to send."""
        outbox = connection.channel.take_outbox()
        if not outbox:
            return
        if connection.unsent or connection.connecting:
            connection.unsent += map(memoryview, outbox)
            return
        try:
            if len(outbox) == 1:
                sent = connection.sock.send(outbox[0])
            else:
                sent = connection.sock.sendmsg(outbox[:BUFFERS_AT_ONCE])
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lost(connection, f"the connection broke while a request was sent: {error}")
            return
        if sent != sum(map(len, outbox)):
            connection.unsent = rest_of(map(memoryview, outbox), sent)
            self._pool.await_(connection, IN | OUT)

    def _on_rare_event(self, connection: GrpcConnection, mask: int) -> None:
        if connection.connecting:
            if self._pool.comes_about(connection, mask):
                self._push(connection)
                self.on_event(connection, IN)  # TLS may have brought the server's settings already.
        elif mask & ~OUT:
            self.on_event(connection, IN)
            if mask & OUT and self.by_fd.get(connection.fd) is connection:
                self._on_writable(connection)
        else:
            self._on_writable(connection)

    def _on_writable(self, connection: GrpcConnection) -> None:
        """Goes on with what could not be written at once."""
        try:
            sent = connection.sock.sendmsg(connection.unsent[:BUFFERS_AT_ONCE])
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(connection, f"the connection broke while a request was sent: {error}")
            return
        connection.unsent = rest_of(connection.unsent, sent)
        if not connection.unsent:
            self._pool.await_(connection, IN)

    def _stays(self, connection: GrpcConnection) -> bool:
        """After a channel became ready or will take no more calls: whether the connection is still of use."""
        channel = connection.channel
        if channel.finished or (connection.is_retired and not channel.open):
            self._pool.replace(connection)
            return False
        if channel.going_away:
            self._pool.retire(connection)
        elif channel.ready and not connection.is_retired:
            self._pool.use(connection)
        return True

    def _fail_all(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            self._ledger.fail(answer.row, STATUS_OF[answer.ending], answer.text)

    def _lost(self, connection: GrpcConnection, message: str) -> None:
        """A connection is of no further use: its queries have failed, and another connection takes its place."""
        for row in connection.channel.open_rows():
            self._ledger.fail(row, CONNECTION_LOST, message)
        self._pool.replace(connection)

"""Queries over HTTP/1.1, one at a time on each connection.

`on_event` is the hot path: an answer is read and the next request of the backlog sent in one pass through it, with no
object made but the bytes that came. All that is not an ordinary answer leaves it at the first test.
"""

import select
from collections import deque
from collections.abc import Sequence
from time import monotonic_ns

from inferometer_loadgen.wire import Answer, PeerError
from inferometer_loadgen.wire.http1 import KeepingReader
from inferometer_loadgen.worker.carrier import (
    BAD_ANSWER,
    CONNECTION_LOST,
    ERROR_STATUS,
    NO_EXPIRY_NS,
    OK,
    TIMED_OUT,
    Keep,
    Ledger,
)
from inferometer_loadgen.worker.http_pool import NO_ROW, HttpConnection, HttpPool
from inferometer_loadgen.worker.pool import IN, OUT
from inferometer_loadgen.worker.requests import ByNumber, Sendable
from inferometer_loadgen.worker.unsent import rest_of

RECEIVE_BYTES = 65_536
"""More makes the allocator map fresh pages for every answer, at 10 us each."""


class HttpCarrier:
    """Carries queries over the connections of a pool; `requests` by replica and number are made beforehand."""

    def __init__(self, pool: HttpPool, requests: Sequence[ByNumber[Sendable]]) -> None:
        self._pool = pool
        self._free = pool.free
        self.by_fd = pool.by_fd
        self.backlogs: list[deque[int]] = [deque() for _ in pool.free]
        self.backlogged = 0
        self._requests = requests

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
        """Sends a query on a free connection, or keeps it back until there is one."""
        free = self._free[replica]
        if free:
            self._send(free.pop(), row, monotonic_ns())
        else:
            self.backlogs[replica].append(row)
            self.backlogged += 1

    def fill(self) -> None:
        """Sends from the backlogs while connections are free, as many of them as the window allows."""
        spare = max(0, self._pool.per_replica - self._window) if self._window else 0
        for backlog, free in zip(self.backlogs, self._free, strict=True):
            while backlog and len(free) > spare:
                self._send(free.pop(), backlog.popleft(), monotonic_ns())

    def flush(self) -> None:
        """Nothing is gathered: each request is a system call of its own."""

    def outstanding(self, replica: int) -> int:
        """Connections that are not free, and what waits for one."""
        return self._pool.per_replica - len(self._free[replica]) + len(self.backlogs[replica])

    def heed_idle(self, events: Sequence[tuple[int, int]]) -> None:
        """A server may have hung up on an idle connection, or said something on it: it is not for the next query."""
        for fd, mask in events:
            connection = self.by_fd.get(fd)
            if connection is not None and connection.row < 0:
                self.on_event(connection, mask)

    def on_event(self, connection: HttpConnection, mask: int) -> None:
        """Reads an answer and sends the next query of the backlog in its place."""
        if mask != IN or connection.connecting:
            self._on_rare_event(connection, mask)
            return
        try:
            data = connection.sock.recv(RECEIVE_BYTES)
            answer = connection.reader.receive(data) if data else connection.reader.eof()
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(connection, f"the connection broke while an answer was awaited: {error}", CONNECTION_LOST)
            return
        except PeerError as error:
            self._lost(connection, str(error), BAD_ANSWER if data else CONNECTION_LOST)
            return
        row = connection.row
        if answer is None or answer.status != 200 or not answer.keep_alive or row < 0 or connection.unsent:
            self._on_rare_answer(connection, data, answer)
            return
        self._done_ns[row] = now_ns = monotonic_ns()
        self._status[row] = OK
        self._ended.append(row)
        backlog = self.backlogs[connection.replica]
        if backlog:
            # One look at the clock for both: what lies between, well under a microsecond, counts as latency.
            self._send(connection, backlog.popleft(), now_ns)
        else:
            connection.row = NO_ROW
            self._free[connection.replica].append(connection)

    def expire(self, now_ns: int, timeout_ns: int) -> int:
        """Times out what was sent longer ago than that; its connection could bring a late answer, so it goes."""
        next_ns = NO_EXPIRY_NS
        for connection in list(self.by_fd.values()):
            if connection.row < 0:
                continue
            expires_ns = self._sent_ns[connection.row] + timeout_ns
            if expires_ns <= now_ns:
                self._lost(connection, f"no answer came within {timeout_ns / 1e9:g} s", TIMED_OUT)
            else:
                next_ns = min(next_ns, expires_ns)
        return next_ns

    def end(self) -> None:
        """What is still open has timed out, and its connection goes."""
        for connection in list(self.by_fd.values()):
            if connection.row >= 0:
                self._lost(connection, "no answer came in time", TIMED_OUT)

    def tick(self) -> None:
        """Dials again what could not be dialled."""
        self._pool.dial_missing()

    def close(self) -> None:
        """Closes all connections."""
        self._pool.close()

    def _send(self, connection: HttpConnection, row: int, now_ns: int) -> None:
        request = self._requests[connection.replica][self._body[row]]
        connection.row = row
        self._sent_ns[row] = now_ns
        try:
            if isinstance(request, bytes):
                sent = connection.sock.send(request)
                if sent == len(request):
                    return
            else:
                sent = connection.sock.sendmsg(request)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lost(connection, f"the connection broke while a request was sent: {error}", CONNECTION_LOST)
            return
        buffers = (request,) if isinstance(request, bytes) else request
        connection.unsent = rest_of([memoryview(buffer) for buffer in buffers], sent)
        if connection.unsent:
            self._pool.await_(connection, IN | OUT)

    def _on_rare_event(self, connection: HttpConnection, mask: int) -> None:
        if connection.connecting:
            if self._pool.comes_about(connection, mask):
                self._release(connection)
        elif mask & ~OUT:
            self.on_event(connection, IN)
        else:
            self._on_writable(connection)

    def _on_rare_answer(self, connection: HttpConnection, data: bytes, answer: Answer | None) -> None:
        """A part of an answer, one that says something else than 200, or one that nobody asked for."""
        row = connection.row
        if not data and answer is None:
            self._lost(connection, "the server closed the connection before it answered", CONNECTION_LOST)
        elif row < 0 or (connection.unsent and answer is not None and answer.status == 200):
            # From the first byte on: the rest of what was not asked for would reach the next query.
            self._lost(connection, "the server answered what was not (wholly) asked", BAD_ANSWER)
        elif connection.unsent and answer is not None:
            self._lost(connection, _words(connection, answer), ERROR_STATUS)
        elif answer is not None:
            self._answered(connection, row, answer)

    def _answered(self, connection: HttpConnection, row: int, answer: Answer) -> None:
        connection.row = NO_ROW
        self._done_ns[row] = monotonic_ns()
        if answer.status == 200:
            self._status[row] = OK
            self._ended.append(row)
        else:
            self._ledger.fail(row, ERROR_STATUS, _words(connection, answer))
        if answer.keep_alive:
            self._release(connection)
        else:
            self._pool.replace(connection)

    def _release(self, connection: HttpConnection) -> None:
        backlog = self.backlogs[connection.replica]
        if backlog:
            self._send(connection, backlog.popleft(), monotonic_ns())
        else:
            self._free[connection.replica].append(connection)

    def _on_writable(self, connection: HttpConnection) -> None:
        """Goes on with what could not be written at once."""
        try:
            sent = connection.sock.sendmsg(connection.unsent)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(connection, f"the connection broke while a request was sent: {error}", CONNECTION_LOST)
            return
        connection.unsent = rest_of(connection.unsent, sent)
        if not connection.unsent:
            self._pool.await_(connection, IN)

    def _lost(self, connection: HttpConnection, message: str, status: int) -> None:
        """A connection is of no further use: its query has failed, and another connection takes its place."""
        if connection.row >= 0:
            self._ledger.fail(connection.row, status, message)
        self._pool.replace(connection)


class KeepingHttpCarrier(HttpCarrier):
    """Hands each good answer's body on; of a pool while it keeps them."""

    def __init__(self, pool: HttpPool, requests: Sequence[ByNumber[Sendable]], keep: Keep) -> None:
        super().__init__(pool, requests)
        self._keep = keep

    def on_event(self, connection: HttpConnection, mask: int) -> None:
        """As without keeping; what an answer held is taken when its query has ended well."""
        row, ended = connection.row, len(self._ended)
        super().on_event(connection, mask)
        if not isinstance(connection.reader, KeepingReader):
            return
        kept = connection.reader.take()
        if kept is not None and row in self._ended[ended:] and self._status[row] == OK:
            self._keep(row, *kept)


def _words(connection: HttpConnection, answer: Answer) -> str:
    return f"HTTP {answer.status}: {connection.reader.error_body.decode('utf-8', 'replace')}"

"""The measured loop: sends every query of a shard at its scheduled time and notes when its answer is whole.

One thread, one epoll set, one timerfd with absolute times. In each pass what is due is sent before answers are read,
since a late send changes the load and a late read only its record. A query that finds no free connection waits in its
replica's backlog and is counted; its latency runs from the scheduled time all the same. None is sent twice: where a
connection broke, its query has failed.

What this does not do: it keeps no object a query, parses nothing but an answer's length and status, and takes no
decision about the result.
"""

import os
import select
import socket
import time
from array import array
from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from inferometer_loadgen.protocol.frames import Progress
from inferometer_loadgen.protocol.frames import Records as RecordsFrame
from inferometer_loadgen.verdict.measured import QueryStatus
from inferometer_loadgen.wire import Answer, PeerError
from inferometer_loadgen.worker.connections import NO_ROW, Connection, ConnectionPool
from inferometer_loadgen.worker.records import Records
from inferometer_loadgen.worker.requests import Requests

RECEIVE_BYTES = 262_144
TICK_NS = 250_000_000
"""Between two reports of progress."""
LATENCIES_PER_TICK = 256
EVENTS_PER_POLL = 512
JOIN_BYTES = 8_192
"""Up to here, copying a body behind its head costs less than sendmsg's list of buffers: 0.5 us of 12 at 400 bytes."""

OK = int(QueryStatus.OK)
TIMED_OUT = int(QueryStatus.TIMED_OUT)
ERROR_STATUS = int(QueryStatus.ERROR_STATUS)
CONNECTION_LOST = int(QueryStatus.CONNECTION_LOST)
BAD_ANSWER = int(QueryStatus.BAD_ANSWER)


@dataclass(frozen=True, slots=True)
class Work:
    """A shard's columns: row j is query `first` + j * `step` of the stream."""

    sample: array[int]
    scheduled_ns: array[int]
    first: int
    step: int

    def __len__(self) -> int:
        return len(self.sample)


@dataclass(frozen=True, slots=True)
class LoopStats:
    """What the loop says of itself: `busy_ns` is the time it was not waiting in epoll."""

    backlogged: int
    cpu_ns: int
    busy_ns: int
    elapsed_ns: int
    first_error: str
    aborted: bool


class Signal(Enum):
    """What the coordinator wants of a loop that runs."""

    GO_ON = auto()
    STOP = auto()
    """Send nothing more; what is open may still be answered."""
    ABORT = auto()
    """Leave at once."""


class Link(Protocol):
    """The way to the coordinator, as the loop needs it: never blocking."""

    def fileno(self) -> int:
        """For the epoll set."""

    def take(self) -> Signal:
        """Reads and answers what has come."""

    def report(self, progress: Progress, records: RecordsFrame | None) -> None:
        """Sends both without waiting; progress may be dropped where the link is full."""


class MeasuredLoop:
    """Runs shards over one pool of connections; each `run` is one phase (warm-up, measured run)."""

    def __init__(self, pool: ConnectionPool, requests: Requests, link: Link) -> None:
        self._pool = pool
        self._requests = requests
        self._link = link
        self._epoll = select.epoll()
        self._timer = os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)
        self._epoll.register(self._timer, select.EPOLLIN)
        self._epoll.register(link.fileno(), select.EPOLLIN)
        for fd in pool.by_fd:
            self._epoll.register(fd, select.EPOLLIN)
        self._missing: list[int] = []

    def close(self) -> None:
        """Gives back what the loop holds; the pool and the link are the caller's."""
        self._epoll.close()
        os.close(self._timer)

    def run(self, work: Work, t0_ns: int, drain_ns: int, *, measured: bool) -> tuple[Records, LoopStats]:
        """Sends `work`, its time 0 at `t0_ns` (monotonic); what is open `drain_ns` after the last times out.

        Records are handed over while it runs if they are `measured`: those of a warm-up are of no interest.
        """
        self._begin(work, t0_ns, drain_ns)
        self._measured = measured
        self._obey(self._link.take())  # What came together with the order to begin makes no socket readable.
        poll, by_fd, clock = self._epoll.poll, self._pool.by_fd, time.monotonic_ns
        timer, link_fd = self._timer, self._link.fileno()
        started_ns, started_cpu_ns, waited_ns = clock(), time.thread_time_ns(), 0
        now_ns = started_ns
        while not self._aborted and (self._open or self._next_row < self._rows):
            self._arm()
            events = poll(-1, EVENTS_PER_POLL)
            woken_ns = clock()
            waited_ns += woken_ns - now_ns
            if woken_ns >= self._due_ns and self._next_row < self._rows:
                self._send_due()
            for fd, mask in events:
                connection = by_fd.get(fd)
                if connection is not None:
                    self._on_event(connection, mask)
                elif fd == link_fd:
                    self._obey(self._link.take())
                elif fd == timer:
                    self._armed_ns = 0
            now_ns = clock()
            if now_ns >= self._tick_ns:
                self._tick(now_ns)
            if now_ns >= self._deadline_ns:
                break
        self._time_out()
        self._tick(clock())
        elapsed_ns = clock() - started_ns
        return self._records, LoopStats(
            backlogged=self._backlogged,
            cpu_ns=time.thread_time_ns() - started_cpu_ns,
            busy_ns=elapsed_ns - waited_ns,
            elapsed_ns=elapsed_ns,
            first_error=self._first_error,
            aborted=self._aborted,
        )

    def _begin(self, work: Work, t0_ns: int, drain_ns: int) -> None:
        self._work, self._t0_ns, self._rows, self._drain_ns = work, t0_ns, len(work), drain_ns
        self._records = Records(self._rows)
        self._backlogs: list[deque[int]] = [deque() for _ in self._pool.free]
        self._next_row = self._open = self._completed = self._failed = self._backlogged = 0
        last_ns = work.scheduled_ns[-1] if self._rows else 0
        self._deadline_ns = t0_ns + last_ns + drain_ns
        self._due_ns = t0_ns + work.scheduled_ns[0] if self._rows else self._deadline_ns
        self._tick_ns = t0_ns + TICK_NS
        self._armed_ns = 0
        self._recent_ns: list[int] = []
        self._first_error: str = ""
        self._aborted: bool = False

    def _obey(self, signal: Signal) -> None:
        if signal is Signal.ABORT:
            self._aborted = True
        elif signal is Signal.STOP:
            self._rows = self._next_row
            self._due_ns = self._deadline_ns = min(self._deadline_ns, time.monotonic_ns() + self._drain_ns)
            for backlog in self._backlogs:
                self._open -= len(backlog)
                backlog.clear()

    def _arm(self) -> None:
        """Sets the timer to the next thing that is due: a query, a tick, or the end."""
        wake_ns = min(self._due_ns, self._tick_ns, self._deadline_ns)
        if wake_ns != self._armed_ns:
            os.timerfd_settime_ns(self._timer, flags=os.TFD_TIMER_ABSTIME, initial=wake_ns)
            self._armed_ns = wake_ns

    def _send_due(self) -> None:
        """Sends all that is due; what becomes due meanwhile too."""
        work, free, clock = self._work, self._pool.free, time.monotonic_ns
        scheduled_ns, t0_ns, rows, replicas = work.scheduled_ns, self._t0_ns, self._rows, len(free)
        row, due_ns = self._next_row, self._due_ns
        while clock() >= due_ns:
            replica = (work.first + row * work.step) % replicas
            self._open += 1
            if free[replica]:
                self._send(free[replica].pop(), row)
            else:
                self._backlogs[replica].append(row)
                self._backlogged += 1
            row += 1
            if row == rows:
                due_ns = self._deadline_ns
                break
            due_ns = t0_ns + scheduled_ns[row]
        self._next_row, self._due_ns = row, due_ns

    def _send(self, connection: Connection, row: int) -> None:
        sample = self._work.sample[row]
        head, body = self._requests.heads[connection.replica][sample], self._requests.bodies[sample]
        connection.row = row
        self._records.sent_ns[row] = time.monotonic_ns()
        try:
            if len(body) <= JOIN_BYTES:
                sent = connection.sock.send(head + body)
            else:
                sent = connection.sock.sendmsg((head, body))
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lost(connection, f"the connection broke while a request was sent: {error}", CONNECTION_LOST)
            return
        if sent != len(head) + len(body):
            connection.unsent = _rest((memoryview(head), memoryview(body)), sent)
            self._epoll.modify(connection.fd, select.EPOLLIN | select.EPOLLOUT)

    def _on_event(self, connection: Connection, mask: int) -> None:
        if connection.connecting:
            # Not asked for while it connects: an event of the broken connection that had this descriptor before.
            if not mask & select.EPOLLIN:
                self._on_connected(connection)
        elif mask & ~select.EPOLLOUT:
            self._on_readable(connection)
        else:
            self._on_writable(connection)

    def _on_readable(self, connection: Connection) -> None:
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
        if answer is not None:
            self._answered(connection, answer)
        elif not data:
            self._lost(connection, "the server closed the connection before it answered", CONNECTION_LOST)

    def _answered(self, connection: Connection, answer: Answer) -> None:
        row = connection.row
        if row == NO_ROW or connection.unsent:
            self._lost(connection, "the server answered what was not (wholly) asked", BAD_ANSWER)
            return
        done_ns = time.monotonic_ns()
        records = self._records
        records.done_ns[row] = done_ns
        records.ended.append(row)
        connection.row = NO_ROW
        self._open -= 1
        self._completed += 1
        if answer.status == 200:
            records.status[row] = OK
            if len(self._recent_ns) < LATENCIES_PER_TICK:
                self._recent_ns.append(done_ns - self._t0_ns - self._work.scheduled_ns[row])
        else:
            records.status[row] = ERROR_STATUS
            self._note_failure(f"HTTP {answer.status}: {connection.reader.error_body.decode('utf-8', 'replace')}")
        if answer.keep_alive:
            self._free(connection)
        else:
            self._reopen(connection)

    def _free(self, connection: Connection) -> None:
        backlog = self._backlogs[connection.replica]
        if backlog:
            self._send(connection, backlog.popleft())
        else:
            self._pool.free[connection.replica].append(connection)

    def _on_connected(self, connection: Connection) -> None:
        if connection.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            # Refused: tried again with the next tick, not at once, or a dead server would take the whole loop.
            self._pool.drop(connection)
            self._missing.append(connection.replica)
            return
        connection.connecting = False
        self._epoll.modify(connection.fd, select.EPOLLIN)
        self._free(connection)

    def _on_writable(self, connection: Connection) -> None:
        """Goes on with what could not be written at once."""
        try:
            sent = connection.sock.sendmsg(connection.unsent)
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(connection, f"the connection broke while a request was sent: {error}", CONNECTION_LOST)
            return
        connection.unsent = _rest(connection.unsent, sent)
        if not connection.unsent:
            self._epoll.modify(connection.fd, select.EPOLLIN)

    def _lost(self, connection: Connection, message: str, status: int) -> None:
        """A connection is of no further use: its query has failed, and another connection takes its place."""
        row = connection.row
        if row != NO_ROW:
            self._records.status[row] = status
            self._records.ended.append(row)
            self._open -= 1
            self._completed += 1
            self._note_failure(message)
        self._reopen(connection)

    def _reopen(self, connection: Connection) -> None:
        self._pool.drop(connection)
        self._open_another(connection.replica)

    def _open_another(self, replica: int) -> None:
        connection = self._pool.begin_opening(replica)
        if connection is None:
            self._missing.append(replica)
        else:
            self._epoll.register(connection.fd, select.EPOLLOUT)

    def _note_failure(self, message: str) -> None:
        self._failed += 1
        if not self._first_error:
            self._first_error = message

    def _time_out(self) -> None:
        """What is still open at the end has timed out; its connection could bring a late answer, so it goes."""
        for connection in list(self._pool.by_fd.values()):
            if connection.row != NO_ROW:
                self._lost(connection, "no answer came in time", TIMED_OUT)

    def _tick(self, now_ns: int) -> None:
        self._tick_ns = now_ns + TICK_NS
        missing, self._missing = self._missing, []
        for replica in missing:
            self._open_another(replica)
        self._link.report(
            Progress(
                sent=self._next_row,
                completed=self._completed,
                failed=self._failed,
                all_sent=self._next_row == self._rows,
                latencies_ns=tuple(self._recent_ns),
            ),
            self._records.newly_ended(self._t0_ns) if self._measured else None,
        )
        self._recent_ns.clear()


def _rest(buffers: "tuple[memoryview, ...] | list[memoryview]", sent: int) -> list[memoryview]:
    """What is left of `buffers` after their first `sent` bytes."""
    rest = []
    for buffer in buffers:
        if sent >= len(buffer):
            sent -= len(buffer)
        else:
            rest.append(buffer[sent:])
            sent = 0
    return rest

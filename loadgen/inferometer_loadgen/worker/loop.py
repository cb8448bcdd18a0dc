"""The measured loop: wakes for what is due, reads what has come, and tells the coordinator how far it is.

One thread, one epoll set, one timerfd with absolute times. In each pass what is due is sent before answers are read,
since a late send changes the load and a late read only its record. When a row goes is the issuer's (`issuers`), how it
gets to a replica the carrier's (`carrier`), what became of it stands in the records.

What this does not do: it keeps no object a query and takes no decision about the result.
"""

import os
import select
import time
from array import array
from dataclasses import dataclass
from enum import Enum, auto
from math import gcd
from typing import Protocol

from inferometer_loadgen.protocol.frames import Progress
from inferometer_loadgen.protocol.frames import Records as RecordsFrame
from inferometer_loadgen.stream import Issue
from inferometer_loadgen.verdict.measured import QueryStatus
from inferometer_loadgen.worker.balance import Balance, LeastOutstanding, RoundRobin
from inferometer_loadgen.worker.carrier import NO_EXPIRY_NS, Carrier, Ledger
from inferometer_loadgen.worker.fed import Fed
from inferometer_loadgen.worker.issuers import NEVER_DUE_NS, Issuer, issuer_of
from inferometer_loadgen.worker.records import Records
from inferometer_loadgen.worker.work import Work

TICK_NS = 250_000_000
"""Between two reports of progress."""
LATENCIES_PER_TICK = 256
EVENTS_PER_POLL = 512
PULSE_NS = 10_000_000
"""The loop wakes at least so often, to notice that it was not let run while it waited for answers."""
STALL_NS = 1_000_000
"""A longer time without reading is a stall: an answer may have waited in it."""
MAX_STALLS = 100_000


@dataclass(frozen=True, slots=True)
class LoopStats:
    """What the loop says of itself: `busy_ns` is the time it was not waiting in epoll."""

    backlogged: int
    skipped_ticks: int
    cpu_ns: int
    busy_ns: int
    elapsed_ns: int
    first_error: str
    aborted: bool
    stalls: array[int]
    """Begin and end of each time in which nothing was read, one after another (monotonic)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long the loop waits."""

    drain_ns: int
    """After the last row was sent, for what is open; and for any answer at all where answers pace the load."""
    query_timeout_ns: int = 0
    """For the answer to one query, from its sending; 0 for no such limit."""
    spin_ns: int = 0
    """So long before a row is due the loop stops sleeping, so that the kernel's wake-up is not in its lag."""


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
    """Runs shards over one carrier; each `run` is one phase (warm-up, measured run)."""

    def __init__(self, carrier: Carrier, link: Link, *, least_outstanding: bool = False) -> None:
        self._carrier = carrier
        self._link = link
        self._least_outstanding = least_outstanding
        self._events = select.epoll()
        self._timer = os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)
        self._events.register(self._timer, select.EPOLLIN)
        self._events.register(link.fileno(), select.EPOLLIN)
        carrier.attach(self._events)

    def use(self, carrier: Carrier) -> None:
        """From the next run on another carrier, over the same connections."""
        self._carrier = carrier

    def close(self) -> None:
        """Gives back what the loop holds; the carrier and the link are the caller's."""
        self._events.close()
        os.close(self._timer)

    def run(self, work: Work, t0_ns: int, limits: Limits, *, measured: bool) -> tuple[Records, LoopStats]:
        """Sends `work`, its time 0 at `t0_ns` (monotonic), and waits for the answers.

        Records are handed over while it runs if they are `measured`: those of a warm-up are of no interest.
        """
        self._begin(work, t0_ns, limits, measured=measured)
        if self._fed is not None:
            self._fed.begin(t0_ns)
        self._obey(self._link.take())  # What came together with the order to begin makes no socket readable.
        clock, started_cpu_ns = time.monotonic_ns, time.thread_time_ns()
        started_ns = clock()
        waited_ns = self._pass_until_over(started_ns)
        self._carrier.end()
        if self._fed is not None:
            self._fed.end()
        self._tick(clock())
        elapsed_ns = clock() - started_ns
        if work.is_open_ended:
            self._issuer.cut(self._records)
        return self._records, LoopStats(
            backlogged=self._carrier.backlogged,
            skipped_ticks=self._issuer.skipped,
            cpu_ns=time.thread_time_ns() - started_cpu_ns,
            busy_ns=elapsed_ns - waited_ns,
            elapsed_ns=elapsed_ns,
            first_error=self._ledger.first_error,
            aborted=self._aborted,
            stalls=self._stalls,
        )

    def _begin(self, work: Work, t0_ns: int, limits: Limits, *, measured: bool) -> None:
        self._work, self._t0_ns, self._limits, self._measured = work, t0_ns, limits, measured
        self._records = Records(len(work), with_replica=self._least_outstanding, round_number=work.round_number)
        self._ledger = Ledger(work.body, self._records)
        window = work.window if work.issue is Issue.AT_ONCE else 0
        # The rows of a shard may be those of some replicas only: it is they that share the window.
        replicas = len(self._carrier.backlogs)
        self._carrier.begin(self._ledger, -(-window // (replicas // gcd(work.step, replicas))))
        balance = self._balance(work)
        self._fed = (
            Fed(work, work.feeding, self._carrier, balance, self._records, self._events) if work.feeding else None
        )
        self._issuer: Issuer = self._fed or issuer_of(work, t0_ns, self._carrier, balance, self._records)
        self._tick_ns = t0_ns + TICK_NS
        self._expiry_ns = t0_ns + limits.query_timeout_ns if limits.query_timeout_ns else NO_EXPIRY_NS
        self._deadline_ns = NEVER_DUE_NS
        self._armed_ns = self._pulse_ns = 0
        self._stalls = array("q")
        self._withdrawn = self._reported = 0
        self._last_ended = -1
        self._last_progress = (0, 0)
        self._aborted = self._stopped = False
        self._watch_the_end(t0_ns)

    def _balance(self, work: Work) -> Balance:
        replicas = len(self._carrier.backlogs)
        if self._least_outstanding:
            return LeastOutstanding(self._carrier, self._records, replicas)
        return RoundRobin(work, replicas)

    def _pass_until_over(self, started_ns: int) -> int:
        """One pass after another; how long all of them waited."""
        by_fd, on_event, clock = self._carrier.by_fd, self._carrier.on_event, time.monotonic_ns
        issuer, ended, spin_ns = self._issuer, self._records.ended, self._limits.spin_ns
        is_fed = self._fed is not None
        now_ns, waited_ns = started_ns, 0
        while not (self._aborted or (issuer.over and issuer.handed - len(ended) == self._withdrawn)):
            spins = spin_ns and issuer.due_ns - now_ns <= spin_ns
            if not spins:
                self._arm(issuer.due_ns - spin_ns, now_ns)
            events = self._events.poll(0 if spins else -1, EVENTS_PER_POLL)
            woken_ns = clock()
            waited_ns += woken_ns - now_ns
            # Woken late: it may have been stopped at any time since it began to wait.
            deaf_ns = now_ns if woken_ns - (now_ns if spins else self._armed_ns) > STALL_NS else woken_ns
            if is_fed or woken_ns >= issuer.due_ns:
                self._carrier.heed_idle(events)
                issuer.wake(woken_ns)
            elif spins and not events:
                now_ns = woken_ns
                continue
            for fd, mask in events:
                connection = by_fd.get(fd)
                if connection is not None:
                    on_event(connection, mask)
                else:
                    self._on_own_event(fd)
            issuer.refill()
            now_ns = clock()
            if now_ns >= self._tick_ns or now_ns >= self._expiry_ns:
                self._keep_time(now_ns)
                now_ns = clock()
            if now_ns - deaf_ns > STALL_NS:
                self._note_stall(deaf_ns, now_ns)
            if now_ns >= self._deadline_ns:
                break
        return waited_ns

    def _on_own_event(self, fd: int) -> None:
        if fd == self._timer:
            self._armed_ns = 0
        elif fd == self._link.fileno():
            self._obey(self._link.take())

    def _obey(self, signal: Signal) -> None:
        if signal is Signal.ABORT:
            self._aborted = True
        elif signal is Signal.STOP:
            self._issuer.over, self._issuer.due_ns = True, NEVER_DUE_NS
            for backlog in self._carrier.backlogs:
                self._withdrawn += len(backlog)
                backlog.clear()
            self._deadline_ns = min(self._deadline_ns, time.monotonic_ns() + self._limits.drain_ns)
            self._stopped = True

    def _keep_time(self, now_ns: int) -> None:
        if now_ns >= self._tick_ns:
            self._tick(now_ns)
        if now_ns >= self._expiry_ns:
            self._expire(now_ns)

    def _note_stall(self, begin_ns: int, end_ns: int) -> None:
        if len(self._stalls) < 2 * MAX_STALLS:
            self._stalls.extend((begin_ns, end_ns))

    def _arm(self, due_ns: int, now_ns: int) -> None:
        """Sets the timer to the next thing that is due: a row, a tick, a pulse, a time-out, or the end."""
        if now_ns >= self._pulse_ns:
            self._pulse_ns = now_ns + PULSE_NS
        wake_ns = min(due_ns, self._tick_ns, self._pulse_ns, self._deadline_ns, self._expiry_ns)
        if wake_ns != self._armed_ns:
            os.timerfd_settime_ns(self._timer, flags=os.TFD_TIMER_ABSTIME, initial=wake_ns)
            self._armed_ns = wake_ns

    def _expire(self, now_ns: int) -> None:
        timeout_ns = self._limits.query_timeout_ns
        next_ns = self._carrier.expire(now_ns, timeout_ns)
        # What is sent from now on cannot time out before then.
        self._expiry_ns = min(next_ns, now_ns + timeout_ns)

    def _watch_the_end(self, now_ns: int) -> None:
        """A scheduled load ends by its schedule; another one when no answer has come for as long as a drain takes."""
        if self._stopped:
            return
        if self._fed is not None:
            self._watch_the_fed(self._fed, now_ns)
        elif self._work.issue is Issue.SCHEDULED:
            last_ns = self._work.scheduled_ns[-1] if len(self._work) else 0
            self._deadline_ns = self._t0_ns + last_ns + self._limits.drain_ns
        elif len(self._records.ended) != self._last_ended:
            self._last_ended = len(self._records.ended)
            patience_ns = max(self._limits.drain_ns, self._limits.query_timeout_ns)
            self._deadline_ns = now_ns + self._work.interval_ns + patience_ns + TICK_NS

    def _watch_the_fed(self, fed: Fed, now_ns: int) -> None:
        """Whoever asks may pause as long as it likes; what is open may not, once nothing more is asked or answered."""
        progress = fed.handed, len(self._records.ended)
        if progress != self._last_progress:
            self._last_progress = progress
            patience_ns = max(self._limits.drain_ns, self._limits.query_timeout_ns) + TICK_NS
            self._deadline_ns = now_ns + patience_ns if progress[0] > progress[1] else NEVER_DUE_NS

    def _tick(self, now_ns: int) -> None:
        self._tick_ns = now_ns + TICK_NS
        self._carrier.tick()
        self._watch_the_end(now_ns)
        waiting = sum(map(len, self._carrier.backlogs))
        self._link.report(
            Progress(
                sent=self._issuer.handed - waiting,
                completed=len(self._records.ended),
                failed=self._ledger.failed,
                all_sent=self._issuer.over and not waiting,
                latencies_ns=self._recent_latencies_ns() if self._measured else (),
            ),
            # When LoadGen's time 0 was is known at its end.
            self._records.newly_ended(self._t0_ns) if self._measured and self._fed is None else None,
        )

    def _recent_latencies_ns(self) -> tuple[int, ...]:
        """Of the first good answers since the last tick: for people, while the run goes on."""
        records, scheduled_ns, t0_ns = self._records, self._work.scheduled_ns, self._t0_ns
        rows = records.ended[self._reported : self._reported + LATENCIES_PER_TICK]
        self._reported = len(records.ended)
        return tuple(
            records.done_ns[row] - (t0_ns + scheduled_ns[row] if scheduled_ns else records.sent_ns[row])
            for row in rows
            if records.status[row] == QueryStatus.OK
        )

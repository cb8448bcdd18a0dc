"""When the next row goes: by its time, by an answer, by room alone, or by a tick.

The loop wakes an issuer at its `due_ns`, and after each pass in which answers may have come. An issuer hands rows to
the carrier in the order of the stream, each once, and says when it has handed over its last.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from math import gcd
from time import monotonic_ns
from typing import Protocol

import numpy as np

from inferometer_loadgen.stream import Issue
from inferometer_loadgen.worker.balance import Balance
from inferometer_loadgen.worker.carrier import Carrier
from inferometer_loadgen.worker.records import Records
from inferometer_loadgen.worker.work import Work

NEVER_DUE_NS = 1 << 62
"""Later than any clock."""
ROWS_AT_ONCE = 65_536
"""So many rows wait in a backlog at most where all are due at once."""
GROWTH_ROWS = 4_096
"""By so many a closed loop grows: it takes 0.2 ms, and meanwhile no answer is read."""
LOW_WATER = 4_096
"""A backlog that is filled from a stream is filled again when it holds less; a pass sends some hundreds."""


class Issuer(Protocol):
    """What decides when a row of a phase is handed to the carrier."""

    due_ns: int
    """When it wants to be woken (monotonic); NEVER_DUE_NS where only answers wake it."""
    handed: int
    """Rows that the carrier has been given, those in its backlogs included."""
    over: bool
    """Whether all rows were handed over that ever will be."""
    skipped: int
    """Ticks that found the query before still open."""

    def wake(self, now_ns: int) -> None:
        """Hands over what is due; what becomes due meanwhile too."""

    def refill(self) -> None:
        """After answers may have come: hands over what has room now."""

    def cut(self, records: Records) -> None:
        """At the end of a load that had none: leaves in the records what was handed over."""


class InTurn:
    """One row after another: those that were handed over are the first."""

    handed: int

    def cut(self, records: Records) -> None:
        """The others were never issued."""
        records.cut(self.handed)


class Scheduled(InTurn):
    """Each row at its own time; a late one at once."""

    skipped = 0

    def __init__(self, work: Work, t0_ns: int, carrier: Carrier, balance: Balance) -> None:
        self._scheduled_ns, self._t0_ns, self._rows = work.scheduled_ns, t0_ns, len(work)
        self._carrier, self._balance = carrier, balance
        self.handed = 0
        self.over = not self._rows
        self.due_ns = NEVER_DUE_NS if self.over else t0_ns + work.scheduled_ns[0]

    def wake(self, now_ns: int) -> None:
        """Sends before anything is read: a late send changes the load."""
        ask, replica_of = self._carrier.ask, self._balance.replica_of
        scheduled_ns, t0_ns, rows = self._scheduled_ns, self._t0_ns, self._rows
        row, due_ns = self.handed, self.due_ns
        while now_ns >= due_ns:
            ask(replica_of(row), row)
            row += 1
            if row == rows:
                self.over, due_ns = True, NEVER_DUE_NS
                break
            due_ns = t0_ns + scheduled_ns[row]
            now_ns = monotonic_ns()
        self.handed, self.due_ns = row, due_ns
        self._carrier.flush()

    def refill(self) -> None:
        """An answer makes nothing due."""


class Completion(InTurn):
    """As many rows open as the window holds: an answer sends the next one."""

    skipped = 0

    def __init__(self, work: Work, t0_ns: int, carrier: Carrier, balance: Balance, records: Records) -> None:
        self._work, self._t0_ns, self._records = work, t0_ns, records
        self._carrier, self._balance = carrier, balance
        self._ended = records.ended
        self._end_ns = t0_ns + work.min_duration_ns
        self.handed = 0
        self.over = not work.window or not len(work)
        self.due_ns = NEVER_DUE_NS if self.over else t0_ns

    def wake(self, now_ns: int) -> None:
        """The beginning."""
        del now_ns
        self.due_ns = NEVER_DUE_NS
        self.refill()

    def refill(self) -> None:
        """Fills the window up again."""
        room = self._work.window - self.handed + len(self._ended)
        if room <= 0 or self.over or self.due_ns != NEVER_DUE_NS:
            return
        work, ask, replica_of = self._work, self._carrier.ask, self._balance.replica_of
        for _ in range(room):
            row = self.handed
            if row == len(work) and not grown(work, self._records):
                self.over = True
                break
            # The official rule: the first query that is both late enough and one of enough is the last. It is looked at
            # before it is sent: by the time that is done another one would be late enough.
            is_last = work.is_open_ended and row + 1 >= work.min_rows and monotonic_ns() >= self._end_ns
            ask(replica_of(row), row)
            self.handed = row + 1
            if is_last:
                self.over = True
                break
        self._carrier.flush()


class InLanes:
    """One row open in each lane: its answer sends the lane's next one, whatever has become of the other lanes.

    So the rows that were issued are the first of each lane; of all rows they need not be. An answer that failed ends
    its row like any other: the lane goes on, and nothing is sent again.
    """

    skipped = 0

    def __init__(self, work: Work, t0_ns: int, carrier: Carrier, balance: Balance, records: Records) -> None:
        self._work, self._records, self._ended = work, records, records.ended
        self._carrier, self._balance = carrier, balance
        self._end_ns = t0_ns + work.min_duration_ns
        self._next = list(range(work.lanes))
        """Of each lane, the row that goes next."""
        self._seen = self._run_out = 0
        self.handed = 0
        self.over = not work.lanes
        self.due_ns = NEVER_DUE_NS if self.over else t0_ns

    def wake(self, now_ns: int) -> None:
        """The beginning."""
        del now_ns
        self.due_ns = NEVER_DUE_NS
        for lane in range(self._work.lanes):
            self._issue(lane)
        self._carrier.flush()

    def refill(self) -> None:
        """What has ended meanwhile sends the next of its lane."""
        seen, ended = self._seen, self._ended
        if seen == len(ended) or self.over:
            return
        for row in ended[seen:]:
            self._issue(row % self._work.lanes)
            seen += 1
        self._seen = seen
        self._carrier.flush()

    def _issue(self, lane: int) -> None:
        row, work = self._next[lane], self._work
        if self.over:
            return
        while row >= len(work):
            if not grown(work, self._records):
                self._run_out += 1
                self.over = self._run_out == work.lanes
                return
        # As without lanes: the first query that is both late enough and one of enough is the last.
        is_last = work.is_open_ended and self.handed + 1 >= work.min_rows and monotonic_ns() >= self._end_ns
        self._carrier.ask(self._balance.replica_of(row), row)
        self._next[lane] = row + work.lanes
        self.handed += 1
        self.over = is_last

    def cut(self, records: Records) -> None:
        """Rows of a lane that did not come so far as another were never issued."""
        reach = max(row for row in self._next) - self._work.lanes + 1 if self.handed else 0
        records.cut(reach)
        short = [np.arange(row, reach, self._work.lanes) for row in self._next]
        records.leave_out(np.concatenate(short) if short else np.empty(0, dtype=np.int64))


class AtOnce(InTurn):
    """All rows are due at the beginning: each replica has as many open as its window holds, until they run out.

    Rows belong to replicas by their index, so each replica goes through its own at its own pace. A range each says
    which they are: 30 million samples are not laid out in backlogs.
    """

    skipped = 0

    def __init__(self, work: Work, t0_ns: int, carrier: Carrier) -> None:
        self._carrier = carrier
        self._waiting = rows_by_replica(work, len(carrier.backlogs))
        self.handed = 0
        self.over = not len(work)
        self.due_ns = NEVER_DUE_NS if self.over else t0_ns

    def wake(self, now_ns: int) -> None:
        """The beginning."""
        del now_ns
        self.due_ns = NEVER_DUE_NS
        self.refill()
        self._carrier.flush()

    def refill(self) -> None:
        """Keeps the backlogs full: the carrier takes from them whenever a place is free."""
        if self.over or self.due_ns != NEVER_DUE_NS:
            return
        left = False
        for backlog, rows in zip(self._carrier.backlogs, self._waiting, strict=True):
            if len(backlog) < LOW_WATER:
                before = len(backlog)
                backlog.extend(islice(rows, ROWS_AT_ONCE))
                self.handed += len(backlog) - before
            left = left or len(backlog) >= LOW_WATER
        self.over = not left
        self._carrier.fill()


class Interval(InTurn):
    """A row at each tick that finds nothing open; the other ticks are skipped and counted."""

    def __init__(self, work: Work, t0_ns: int, carrier: Carrier, balance: Balance, records: Records) -> None:
        self._work, self._records, self._ended = work, records, records.ended
        self._carrier, self._balance = carrier, balance
        self._end_ns = t0_ns + work.min_duration_ns
        self.handed = self.skipped = 0
        self.over = not len(work)
        # The first query goes one interval after the beginning, as in LoadGen r0.5.
        self.due_ns = NEVER_DUE_NS if self.over else t0_ns + work.interval_ns

    def wake(self, now_ns: int) -> None:
        """One tick after another, those that were missed too."""
        while now_ns >= self.due_ns and not self.over:
            self.due_ns += self._work.interval_ns
            if self.handed > len(self._ended):
                self.skipped += 1
            else:
                self._issue(now_ns)
        if self.over:
            self.due_ns = NEVER_DUE_NS

    def _issue(self, now_ns: int) -> None:
        row, work = self.handed, self._work
        if row == len(work) and not grown(work, self._records):
            self.over = True
            return
        self._carrier.ask(self._balance.replica_of(row), row)
        self._carrier.flush()
        self.handed = row + 1
        if self.handed >= work.min_rows and work.is_open_ended and now_ns >= self._end_ns:
            self.over = True

    def refill(self) -> None:
        """An answer makes nothing due."""


def grown(work: Work, records: Records) -> bool:
    """Whether there are more rows now than there were."""
    if work.extend is None:
        return False
    more = work.extend(GROWTH_ROWS)
    work.body.extend(more)
    records.grow(len(more))
    return bool(more)


def rows_by_replica(work: Work, replicas: int) -> list[Iterator[int]]:
    """Of each replica, the rows of this shard whose index is its own modulo the number of replicas."""
    every = replicas // gcd(work.step, replicas)
    firsts = {(work.first + row * work.step) % replicas: row for row in range(every)}
    return [
        iter(range(firsts[replica], len(work), every)) if replica in firsts else iter(()) for replica in range(replicas)
    ]


def issuer_of(work: Work, t0_ns: int, carrier: Carrier, balance: Balance, records: Records) -> Issuer:
    """The one that this work asks for."""
    makers: dict[Issue, Callable[[], Issuer]] = {
        Issue.SCHEDULED: lambda: Scheduled(work, t0_ns, carrier, balance),
        Issue.COMPLETION: lambda: (
            InLanes(work, t0_ns, carrier, balance, records)
            if work.lanes
            else Completion(work, t0_ns, carrier, balance, records)
        ),
        Issue.AT_ONCE: lambda: (
            AtOnce(work, t0_ns, carrier) if balance.is_by_index else Completion(work, t0_ns, carrier, balance, records)
        ),
        Issue.INTERVAL: lambda: Interval(work, t0_ns, carrier, balance, records),
    }
    return makers[work.issue]()

"""The issuer of queries that the official LoadGen asks: a row goes when all its samples were asked for.

LoadGen says when and which; the rows are those of the plan's own stream, whose requests are made. That both are the
same samples in the same order is proved as they come.
"""

from collections.abc import Iterable
from itertools import chain
from select import EPOLLIN, epoll

from inferometer_loadgen.protocol.api import RunFailure
from inferometer_loadgen.stream import Issue
from inferometer_loadgen.worker.asking import PrepareError
from inferometer_loadgen.worker.balance import Balance
from inferometer_loadgen.worker.carrier import Carrier
from inferometer_loadgen.worker.issuers import NEVER_DUE_NS, InTurn, grown, issuer_of
from inferometer_loadgen.worker.records import Records
from inferometer_loadgen.worker.work import Feeding, Work


class Fed(InTurn):
    """Sends what LoadGen has asked, and tells it of what has ended, well or not."""

    skipped = 0

    def __init__(
        self, work: Work, feeding: Feeding, carrier: Carrier, balance: Balance, records: Records, events: epoll
    ) -> None:
        self._work, self._feeding, self._records = work, feeding, records
        self._feed = feeding.feed_that_is_there()
        self._carrier, self._balance, self._events = carrier, balance, events
        self._at_once = issuer_of(work, 0, carrier, balance, records) if work.issue is Issue.AT_ONCE else None
        """Sends Offline's one query, once it is here."""
        self.due_ns = NEVER_DUE_NS
        self.handed = 0
        self.over = False
        self._proved = self._told = 0
        self._is_watched = True
        events.register(self._feed.fd, EPOLLIN)

    def begin(self, t0_ns: int) -> None:
        """All is laid out: LoadGen may begin at `t0_ns`."""
        self._feeding.begin(t0_ns)

    def wake(self, now_ns: int) -> None:
        """LoadGen may have asked: sends it at once."""
        if self.over or self._feed.is_over:
            self._unwatch()  # Whoever has ended the run hears no more; a pipe that has ended would say so for ever.
            return
        self._feed.receive()
        self._prove()
        if self._at_once is None:
            self._send()
            self.over = self._feed.is_over
        elif self._at_once.due_ns != NEVER_DUE_NS and self._proved == len(self._feeding.expected):
            self._at_once.wake(now_ns)

    def refill(self) -> None:
        """Answers may have come: tells LoadGen of them, many at once."""
        if self._at_once is not None and not self.over:
            self._at_once.refill()
            self.handed = self._at_once.handed
            self.over = self._feed.is_over and self._at_once.over
        self._tell()

    def end(self) -> None:
        """The phase is over, and what was open has failed: LoadGen hears of it, or it would wait for ever."""
        self._unwatch()
        self._tell()

    def _unwatch(self) -> None:
        if self._is_watched:
            self._events.unregister(self._feed.fd)
            self._is_watched = False

    def _send(self) -> None:
        ask, replica_of = self._carrier.ask, self._balance.replica_of
        for row in range(self.handed, self._proved // self._feeding.samples_per_row):
            ask(replica_of(row), row)
            self.handed = row + 1
        self._carrier.flush()

    def _prove(self) -> None:
        """That what was asked is what the plan's stream has at this place."""
        expected, asked = self._feeding.expected, self._feed.samples
        while len(asked) > len(expected) and grown(self._work, self._records):
            pass
        if asked[self._proved :] != expected[self._proved : len(asked)]:
            raise PrepareError(
                RunFailure.OFFICIAL_STREAM_DIFFERS,
                f"LoadGen asks for other samples than the plan's stream from sample {self._proved:,} on; report it "
                "with the plan",
            )
        self._proved = len(asked)

    def _tell(self) -> None:
        ended = self._records.ended[self._told :]
        self._told += len(ended)
        if ended:
            self._feed.answer(chain.from_iterable(map(self._ids_of, ended)))
        elif self._feed.has_unsent:
            self._feed.flush()

    def _ids_of(self, row: int) -> Iterable[int]:
        per_row = self._feeding.samples_per_row
        return self._feed.ids[row * per_row : (row + 1) * per_row]

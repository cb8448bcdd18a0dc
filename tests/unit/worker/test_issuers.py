"""When the last query of a closed loop goes, by a clock that the test turns."""

from array import array
from typing import Any

from inferometer_loadgen.stream import Issue
from inferometer_loadgen.worker import issuers
from inferometer_loadgen.worker.records import Records
from inferometer_loadgen.worker.work import Work

END_NS = 1_000


class Clock:
    """Each sending takes 60 ns of it."""

    def __init__(self, now_ns):
        self.now_ns = now_ns

    def __call__(self):
        return self.now_ns


class Carrier:
    def __init__(self, clock, records):
        self.sent_ns = []
        self._clock, self._records = clock, records

    def ask(self, _replica, row):
        self.sent_ns.append(self._clock.now_ns)
        self._clock.now_ns += 60
        self._records.ended.append(row)

    def flush(self):
        """Nothing was gathered."""


class OneReplica:
    is_by_index = True

    def replica_of(self, _row):
        return 0


def test_a_query_sent_just_before_the_minimum_duration_is_not_the_last(monkeypatch):
    clock, records = Clock(END_NS - 70), Records(10)
    monkeypatch.setattr(issuers, "monotonic_ns", clock)
    work = Work(
        body=array("q", [0] * 10), first=0, step=1, issue=Issue.COMPLETION, scheduled_ns=array("q"), window=1,
        is_open_ended=True, min_rows=1, min_duration_ns=END_NS,
    )  # fmt: skip
    carrier: Any = Carrier(clock, records)
    loop = issuers.Completion(work, 0, carrier, OneReplica(), records)

    loop.wake(clock.now_ns)
    while not loop.over:
        loop.refill()

    # 930, 990 and 1,050: the second one was on its way when the time was over.
    assert carrier.sent_ns == [END_NS - 70, END_NS - 10, END_NS + 50]

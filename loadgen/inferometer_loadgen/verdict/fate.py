"""Whether a round can still be valid, from the records that are there: a trial that cannot need not be sent to its end.

Only failure is ever certain before the end. So many queries may be late at the percentile, of all that are planned; one
more, and whatever comes can't make up for it. A query without a good answer ends the claim to a valid run as well. That
a trial will pass is certain only when all but those few are answered in time, which is its end.
"""

from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.stream import Issue, interval_ns, issue_of
from inferometer_loadgen.verdict.checks.intervals_skipped import LIMIT
from inferometer_loadgen.verdict.judge import Verdict, judge
from inferometer_loadgen.verdict.measured import Measured, QueryStatus, when_called_off
from inferometer_loadgen.verdict.percentiles import percentile_index
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity


@dataclass(slots=True)
class Fate:
    """What records have shown of one round so far; each query's is noted once, in any order."""

    plan: Plan
    scheduled_ns: NDArray[np.int64]
    """Of the whole stream, in its order; not looked at where ticks pace it."""
    late: int = 0
    failed: int = 0
    _last_sent_ns: int | None = field(default=None)
    """Of the last query at a tick: one worker sends them, one after another."""

    def note(
        self, index: NDArray[np.int64], sent_ns: NDArray[np.int64], done_ns: NDArray[np.int64], status: NDArray[np.int8]
    ) -> str:
        """Takes records; why the round cannot be valid any more, empty while it can.

        `index`: which queries they are of. What was not sent says nothing.
        """
        was_sent = status != QueryStatus.NOT_SENT
        good = status == QueryStatus.OK
        self.failed += int(np.count_nonzero(was_sent & ~good))
        if issue_of(self.plan.stream) is Issue.INTERVAL:
            self._note_ticks(sent_ns[was_sent])
        elif self.plan.judge.latency_bound_ns:
            late = good & (done_ns - self.scheduled_ns[index] > self.plan.judge.latency_bound_ns)
            self.late += int(np.count_nonzero(late))
        return self._why()

    def _note_ticks(self, sent_ns: NDArray[np.int64]) -> None:
        if not sent_ns.size:
            return
        known = np.append(sent_ns[:1] if self._last_sent_ns is None else self._last_sent_ns, sent_ns)
        intervals = np.rint(np.diff(known) / interval_ns(self.plan.stream.target_qps))
        self.late += int(np.count_nonzero(intervals >= LIMIT))
        self._last_sent_ns = int(sent_ns[-1])

    def _why(self) -> str:
        if self.failed:
            return f"{self.failed:,} of its queries failed"
        queries = self._planned()
        may_be = queries - 1 - percentile_index(queries, self.plan.judge.latency_percentile)
        if self.late <= may_be:
            return ""
        what = "still open at the next tick" if issue_of(self.plan.stream) is Issue.INTERVAL else "late"
        return f"{self.late:,} of its queries were {what}, {may_be:,} of {queries:,} may be"

    def _planned(self) -> int:
        """At ticks no more than so many: each that is skipped is one query less."""
        if issue_of(self.plan.stream) is not Issue.INTERVAL:
            return len(self.scheduled_ns)
        stream = self.plan.stream
        return max(1, stream.min_queries, -(-stream.min_duration_ns // interval_ns(stream.target_qps)))


def judge_ended_early(measured: Measured, plan: Plan, why: str) -> tuple[Measured, Verdict]:
    """What a round has measured that was ended since it could not be valid any more, and the verdict on that.

    What it was not given the time for is not held against it. With several workers the last queries of the fastest are
    not in it; should the late ones be among them, it stays as invalid as it was.
    """
    cut = when_called_off(measured, "")
    absent = tuple(replace(counts, absent_reason="the trial was ended early") for counts in cut.servers)
    cut = replace(cut, servers=absent)
    verdict = judge(
        cut, msgspec.structs.replace(plan, judge=msgspec.structs.replace(plan.judge, min_duration_ns=0, min_queries=1))
    )
    if verdict.word != "Valid":
        return cut, verdict
    type_ = (
        ReasonType.INTERVALS_SKIPPED if issue_of(plan.stream) is Issue.INTERVAL else ReasonType.LATENCY_BOUND_EXCEEDED
    )
    finding = Finding(type_, Severity.INVALID, f"{why}; lower the load or make the model faster")
    return cut, Verdict("Invalid", (finding,), verdict.warnings)

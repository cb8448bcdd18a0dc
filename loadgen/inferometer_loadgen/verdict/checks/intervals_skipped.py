"""IntervalsSkipped: MLPerf inference rules v0.5, MultiStream: one query in a hundred may overrun its interval."""

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.stream import Issue, interval_ns, issue_of
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.percentiles import percentile
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import counted, percentile_name

LIMIT = 2
"""Intervals from one query to the next, at the percentile: fewer than so many (LoadGen r0.5, loadgen.cc)."""


def intervals_skipped(measured: Measured, plan: Plan) -> Finding | None:
    """Invalid when queries were still open at their next tick more often than the rules allow."""
    if issue_of(plan.stream) is not Issue.INTERVAL or len(measured) == 0:
        return None
    period_ns = interval_ns(plan.stream.target_qps)
    intervals = np.sort(_intervals(measured, period_ns))
    if percentile(intervals, plan.judge.latency_percentile) < LIMIT:
        return None
    over = int(np.count_nonzero(intervals >= LIMIT))
    return Finding(
        ReasonType.INTERVALS_SKIPPED,
        Severity.INVALID,
        f"{over:,} of {counted(len(measured), 'query', 'queries')} were still open at the next tick, at "
        f"{percentile_name(plan.judge.latency_percentile)} none may be; lower spec.load.{_field(plan)} "
        f"({plan.stream.samples_per_query}) or make the model faster",
    )


def _field(plan: Plan) -> str:
    return "samplesPerQuery" if plan.find_peak is None else "findPeak.minSamplesPerQuery"


def _intervals(measured: Measured, period_ns: int) -> NDArray[np.int64]:
    """Of each query, the ticks until the next one; of the last, those that its answer took."""
    sent_ns = measured.scheduled_ns
    between = np.rint(np.diff(sent_ns) / period_ns)
    last_ns = int(measured.latency_ns()[-1])
    return np.append(between, np.ceil(last_ns / period_ns)).astype(np.int64)

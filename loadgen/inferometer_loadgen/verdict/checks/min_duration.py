"""MinDurationNotMet: inference rules, the minimum duration of a scenario."""

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.stream import Issue, issue_of
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.metric import last_answer_ns
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import apart


def min_duration_not_met(measured: Measured, plan: Plan) -> Finding | None:
    """Invalid when the load ended before the minimum duration.

    LoadGen 6.0.17 goes by the last *scheduled* time in Server, by the last issue in closed loops, and in Offline, where
    all is due at once, by the last answer. What was scheduled and not sent proves no duration.
    """
    issued = np.flatnonzero(measured.was_sent())
    is_at_once = issue_of(plan.stream) is Issue.AT_ONCE
    last_due_ns = int(measured.scheduled_ns[issued].max()) if issued.size else 0
    last_ns = last_answer_ns(measured) if is_at_once else last_due_ns
    if last_ns >= plan.judge.min_duration_ns:
        return None
    last, least = apart(last_ns, plan.judge.min_duration_ns)
    if is_at_once:
        return Finding(
            ReasonType.MIN_DURATION_NOT_MET,
            Severity.INVALID,
            f"the last answer came at {last}, a run must last {least}; raise spec.load.targetQPS to what the servers "
            "reach, so that enough samples are sent",
        )
    fact = f"the last query sent was due at {last}" if issued.size else "no query was sent"
    return Finding(
        ReasonType.MIN_DURATION_NOT_MET,
        Severity.INVALID,
        f"{fact}, a run must last {least}; find what ended it early and run again",
    )

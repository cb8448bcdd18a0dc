"""MinDurationNotMet: inference rules, the minimum duration of a scenario."""

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import apart


def min_duration_not_met(measured: Measured, plan: Plan) -> Finding | None:
    """Invalid when the last query sent was due before the minimum duration.

    LoadGen 6.0.17 goes by the last *scheduled* time in Server; what was scheduled and not sent proves no duration.
    """
    issued = np.flatnonzero(measured.was_sent())
    last_ns = int(measured.scheduled_ns[issued[-1]]) if issued.size else 0
    if last_ns >= plan.judge.min_duration_ns:
        return None
    last, least = apart(last_ns, plan.judge.min_duration_ns)
    fact = f"the last query sent was due at {last}" if issued.size else "no query was sent"
    return Finding(
        ReasonType.MIN_DURATION_NOT_MET,
        Severity.INVALID,
        f"{fact}, a run must last {least}; find what ended it early and run again",
    )

"""MinQueriesNotMet: inference rules, the minimum number of queries of a scenario."""

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.stream import Issue, issue_of
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import counted


def min_queries_not_met(measured: Measured, plan: Plan) -> Finding | None:
    """Invalid when fewer queries were sent than the minimum (LoadGen 6.0.17 counts queries issued).

    Offline is one query; its minimum is of samples.
    """
    is_at_once = issue_of(plan.stream) is Issue.AT_ONCE
    sent = measured.samples_of(measured.was_sent()) if is_at_once else int(np.count_nonzero(measured.was_sent()))
    if sent >= plan.judge.min_queries:
        return None
    what = ("sample was", "samples were") if is_at_once else ("query was", "queries were")
    return Finding(
        ReasonType.MIN_QUERIES_NOT_MET,
        Severity.INVALID,
        f"{counted(sent, *what)} sent, a run needs {plan.judge.min_queries:,}; find what ended it early and run again",
    )

"""EarlyStoppingNotMet: MLPerf inference rules v6.1, early stopping; LoadGen 6.0.17, results.cc."""

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.early_stopping import most_over, queries_needed
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import counted, percentile_name


def over_bound(measured: Measured, plan: Plan) -> int:
    """Queries whose latency was over the bound, failed ones among them."""
    return int(np.count_nonzero(measured.latency_ns() > plan.judge.latency_bound_ns))


def early_stopping_not_met(measured: Measured, plan: Plan) -> Finding | None:
    """Invalid when the queries are too few to be sure of the percentile.

    With a bound, too few for the number that was over it. Where the latency itself is the result, too few to estimate
    it, which takes a query more than the estimate leaves out.
    """
    if not plan.judge.early_stopping:
        return None
    queries, fraction = len(measured), plan.judge.latency_percentile
    name = percentile_name(fraction)
    if plan.judge.latency_bound_ns:
        over = over_bound(measured, plan)
        allowed = most_over(queries, fraction)
        if allowed is not None and over <= allowed:
            return None
        fact = f"{over:,} of {counted(queries, 'query was', 'queries were')} over the bound"
        remedy = "set spec.load.minQueries to that, or lower the load"
        needed = queries_needed(over, fraction)
    else:
        needed = queries_needed(1, fraction)
        if queries >= needed:
            return None
        fact = counted(queries, "query was sent", "queries were sent")
        remedy = "set spec.load.minQueries to that or raise spec.load.minDuration"
    return Finding(
        ReasonType.EARLY_STOPPING_NOT_MET,
        Severity.INVALID,
        f"{fact}, and to be sure of {name} with 99% confidence {needed:,} are needed; {remedy}",
    )

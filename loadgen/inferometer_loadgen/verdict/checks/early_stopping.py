"""EarlyStoppingNotMet: MLPerf inference rules v6.1, early stopping; LoadGen 6.0.17, results.cc."""

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.early_stopping import most_over, queries_at_share, queries_needed
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import counted, percentile_name

MAX_QUERIES = 50_000_000
"""A run holds no more."""


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
    sure = f"to be sure of {percentile_name(fraction)} with 99% confidence"
    if not plan.judge.latency_bound_ns:
        needed = queries_needed(1, fraction)
        return _too_few(queries, sure, needed) if queries < needed else None
    over, allowed = over_bound(measured, plan), most_over(queries, fraction)
    if allowed is not None and over <= allowed:
        return None
    if not over:
        return _too_few(queries, sure, queries_needed(0, fraction))
    enough = queries_at_share(over / queries, fraction, MAX_QUERIES)
    if enough is None:
        remedy = "no number of them is enough: lower the load"
    else:
        remedy = f"{enough:,} are enough: set spec.load.minQueries to that, or lower the load"
    return _finding(
        f"{over:,} of {counted(queries, 'query was', 'queries were')} over the bound, and {sure} "
        f"{f'{allowed:,}' if allowed else 'none'} may be; at this share of late queries {remedy}"
    )


def _too_few(queries: int, sure: str, needed: int) -> Finding:
    return _finding(
        f"{counted(queries, 'query was sent', 'queries were sent')}, and {sure} {needed:,} are needed; set "
        f"spec.load.minQueries to {needed:,} or raise spec.load.minDuration"
    )


def _finding(message: str) -> Finding:
    return Finding(ReasonType.EARLY_STOPPING_NOT_MET, Severity.INVALID, message)

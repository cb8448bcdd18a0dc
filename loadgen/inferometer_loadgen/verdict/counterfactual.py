"""The client accuses itself: would the run have passed without the client's own share? (design, invariant 4)

A Server latency runs from the scheduled time, so a late client makes a result worse and never better. Valid therefore
stays Valid; only an Invalid by latency is in doubt, and only where the same latencies without the client's share pass.

Send lag over its limit is no doubt by itself: overloaded servers hold every connection, so that queries wait in the
client for a free one. The connections are enough for answers of twice the bound, so the latencies of such a run stay
over the bound without the wait as well.
"""

from dataclasses import replace

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.checks.late_client import send_lag_limit_ns, worst_send_lag_p99_ns
from inferometer_loadgen.verdict.checks.latency_bound import latency_at_percentile_ns, latency_bound_exceeded
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import apart, percentile_name


def without_client_share(measured: Measured) -> Measured:
    """The same run as if every query had been sent when it was due, and answered as much earlier."""
    sent, answered = measured.was_sent(), measured.answered()
    share_ns = np.where(sent, np.maximum(measured.sent_ns - measured.scheduled_ns, 0), 0)
    return replace(
        measured,
        sent_ns=np.where(sent, measured.sent_ns - share_ns, measured.sent_ns),
        done_ns=np.where(answered, measured.done_ns - share_ns, measured.done_ns),
    )


def client_influenced(measured: Measured, plan: Plan) -> Finding | None:
    """The doubt in a latency over the bound: with the client on time it would have been within."""
    if latency_bound_exceeded(measured, plan) is None:
        return None
    without = without_client_share(measured)
    worst = worst_send_lag_p99_ns(measured, plan)
    if worst is None or latency_bound_exceeded(without, plan) is not None:
        return None
    name = percentile_name(plan.judge.latency_percentile)
    latency, bound = apart(latency_at_percentile_ns(without, plan), plan.judge.latency_bound_ns)
    worker, worst_ns = worst
    lag, limit = apart(worst_ns, send_lag_limit_ns(plan))
    return Finding(
        ReasonType.CLIENT_INFLUENCED,
        Severity.INCONCLUSIVE,
        f"without the client's own send lag, {name} would have been {latency}, within the bound of {bound}; the send "
        f"lag of worker {worker} at p99 was {lag} (limit {limit}); give the workers more CPU, or more workers, or "
        f"nodes of their own, and run again",
    )

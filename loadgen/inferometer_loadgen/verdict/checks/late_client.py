"""LateClient: the client did not keep to the schedule (facts measured: 65-120 us at p99 on a quiet core)."""

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.stream import Issue, issue_of
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.percentiles import percentile_of
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import apart

LAG_ALWAYS_ALLOWED_NS = 250_000
"""Twice what a quiet core needs at p99: below it, lag says more about the machine than about the client."""

LAG_SHARE_OF_BOUND = 0.02
"""A lag of 2% of the bound cannot move a latency by more than a reader would forgive."""


def send_lag_limit_ns(plan: Plan) -> int:
    """The send lag at p99 from which on the client is late."""
    return max(LAG_ALWAYS_ALLOWED_NS, int(plan.judge.latency_bound_ns * LAG_SHARE_OF_BOUND))


def worst_send_lag_p99_ns(measured: Measured, plan: Plan) -> tuple[int, int] | None:
    """The worker with the highest send lag at p99, and that lag; None when nothing was sent.

    The worst worker counts: of many, one that is starved would vanish in the percentile over all.
    """
    sent, lag_ns = measured.was_sent(), measured.send_lag_ns()
    by_worker = {
        k: lag_ns[own][sent[own]] for k in range(plan.workers) for own in (measured.of_worker(k, plan.workers),)
    }
    lags = [(percentile_of(own_ns, 0.99), worker) for worker, own_ns in by_worker.items() if own_ns.size]
    if not lags:
        return None
    worst_ns, worker = max(lags)
    return worker, worst_ns


def late_client(measured: Measured, plan: Plan) -> Finding | None:
    """A warning when a worker's send lag at p99 is over the limit; only a schedule can be missed."""
    if issue_of(plan.stream) is not Issue.SCHEDULED:
        return None
    worst = worst_send_lag_p99_ns(measured, plan)
    limit_ns = send_lag_limit_ns(plan)
    if worst is None or worst[1] <= limit_ns:
        return None
    worker, worst_ns = worst
    lag, limit = apart(worst_ns, limit_ns)
    return Finding(
        ReasonType.LATE_CLIENT,
        Severity.WARNING,
        f"worker {worker} sent late: its send lag at p99 was {lag} (limit {limit}), and it counts as latency; give the "
        f"workers more CPU, or more workers, unless slow answers held the connections that queries waited for",
    )

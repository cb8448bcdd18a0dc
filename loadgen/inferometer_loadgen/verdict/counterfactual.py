"""The client accuses itself: would the run have passed without the client's own share? (design, invariant 4)

A Server latency runs from the scheduled time, so a late client makes a result worse and never better. Valid therefore
stays Valid; only an Invalid by latency is in doubt: where the same latencies without the client's share pass, or where
the client was so strained that its bursts may have slowed the servers down. Where answers pace the load, a strained
client sends less, so that every figure is in doubt.

What slow servers alone can cause is no doubt by itself: overloaded servers hold every connection, so that queries wait
in the client for a free one. The connections are enough for answers of twice the bound, so the latencies of such a run
stay over the bound without the wait as well. Nor is there a doubt where even the fastest answer was over the bound.
"""

from dataclasses import replace

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_loadgen.stream import Issue, issue_of
from inferometer_loadgen.verdict.checks.early_stopping import early_stopping_not_met, over_bound
from inferometer_loadgen.verdict.checks.late_client import late_client, send_lag_limit_ns, worst_send_lag_p99_ns
from inferometer_loadgen.verdict.checks.latency_bound import latency_at_percentile_ns, latency_bound_exceeded
from inferometer_loadgen.verdict.guards import BACKLOG_SHARE, Strain, in_words, strains
from inferometer_loadgen.verdict.measured import NEVER_NS, Measured
from inferometer_loadgen.verdict.metric import latency_metric
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import apart, percentile_name

LATENCY_SHARE = 0.02
"""Of a latency that is itself the result, the client's own share may be so much: as much as of a bound."""
OF_BOUND = {ReasonType.LATENCY_BOUND_EXCEEDED, ReasonType.EARLY_STOPPING_NOT_MET}
"""What queries over the bound bring about."""
OF_LATENCY = OF_BOUND | {ReasonType.INTERVALS_SKIPPED}
"""What a client can bring about by being late."""


def without_client_share(measured: Measured) -> Measured:
    """The same run as if every query had been sent when it was due, and its answer read when it had come."""
    sent, answered = measured.was_sent(), measured.answered()
    lag_ns = np.where(sent, np.maximum(measured.sent_ns - measured.scheduled_ns, 0), 0)
    return replace(
        measured,
        sent_ns=np.where(sent, measured.sent_ns - lag_ns, measured.sent_ns),
        done_ns=np.where(answered, measured.done_ns - lag_ns - measured.receive_stall_ns(), measured.done_ns),
        clients=(),
    )


def client_influenced(measured: Measured, plan: Plan, others: tuple[Finding, ...]) -> Finding | None:
    """The doubt that the client's own share leaves in a run against which `others` speak already; or None.

    Failed queries and missed minima stand, however strained the client was.
    """
    # Without a bound, early stopping speaks of the number of queries alone.
    of_latency = OF_LATENCY if plan.judge.latency_bound_ns else OF_LATENCY - OF_BOUND
    if any(other.type not in of_latency for other in others):
        return None
    is_exceeded = any(other.type in OF_BOUND for other in others)
    if issue_of(plan.stream) is Issue.SCHEDULED:
        return (_by_bound(measured, plan) or _by_strain(measured, plan)) if is_exceeded else None
    by_bound = _by_bound(measured, plan) if is_exceeded else None
    return by_bound or _by_strain(measured, plan) or _by_latency(measured, plan)


def client_disturbed(measured: Measured, plan: Plan) -> Finding | None:
    """A warning of every guard that is broken, for a verdict that stands."""
    found = strains(measured, plan)
    return Finding(ReasonType.CLIENT_DISTURBED, Severity.WARNING, in_words(found)) if found else None


def _by_bound(measured: Measured, plan: Plan) -> Finding | None:
    """With the client on time it would have been within."""
    without = without_client_share(measured)
    if latency_bound_exceeded(without, plan) is not None or early_stopping_not_met(without, plan) is not None:
        return None
    would_have = _would_have(measured, without, plan)
    return Finding(
        ReasonType.CLIENT_INFLUENCED,
        Severity.INCONCLUSIVE,
        f"without the client's own send lag and unread answers, {would_have}; {_lag_or_stall(measured, plan)}; "
        "give the workers more CPU, or more workers, or nodes of their own, and run again",
    )


def _would_have(measured: Measured, without: Measured, plan: Plan) -> str:
    if latency_bound_exceeded(measured, plan) is None:
        # The percentile was within the bound; there were too many late queries to be sure of it.
        late, others = over_bound(without, plan), over_bound(measured, plan)
        return f"{late:,} queries would have been over the bound and not {others:,}"
    name = percentile_name(plan.judge.latency_percentile)
    latency, bound = apart(latency_at_percentile_ns(without, plan), plan.judge.latency_bound_ns)
    return f"{name} would have been {latency}, within the bound of {bound}"


def _lag_or_stall(measured: Measured, plan: Plan) -> str:
    worst = worst_send_lag_p99_ns(measured, plan) if issue_of(plan.stream) is Issue.SCHEDULED else None
    longest = max(
        ((vitals.longest_stall_ns, worker) for worker, vitals in enumerate(measured.clients) if vitals is not None),
        default=(0, 0),
    )
    if worst is None or (longest[0] > worst[1] and longest[0] > send_lag_limit_ns(plan)):
        return f"the longest time in which worker {longest[1]} read nothing was {format_duration_ns(longest[0])}"
    lag, limit = apart(worst[1], send_lag_limit_ns(plan))
    return f"the send lag of worker {worst[0]} at p99 was {lag} (limit {limit})"


def _by_strain(measured: Measured, plan: Plan) -> Finding | None:
    """A client that had not what it needs may have made the load another one, which nobody can take off again."""
    is_scheduled = issue_of(plan.stream) is Issue.SCHEDULED
    if is_scheduled and plan.judge.latency_bound_ns < _fastest_ns(measured) < NEVER_NS:
        return None
    found = strains(measured, plan)
    if is_scheduled:
        found = tuple(strain for strain in found if not strain.is_capacity and not strain.is_servers_too)
        late = late_client(measured, plan) if _has_places(measured) else None
        if late is not None and not found:
            return replace(late, type=ReasonType.CLIENT_INFLUENCED, severity=Severity.INCONCLUSIVE)
    return Finding(ReasonType.CLIENT_INFLUENCED, Severity.INCONCLUSIVE, in_words(found)) if found else None


def _fastest_ns(measured: Measured) -> int:
    without = without_client_share(measured).latency_ns()
    return int(without.min()) if without.size else NEVER_NS


def _has_places(measured: Measured) -> bool:
    """Whether it is known that queries did not wait for connections, so that their lag is the client's alone."""
    if not measured.clients or any(vitals is None for vitals in measured.clients):
        return False
    backlogged = sum(vitals.backlogged for vitals in measured.clients if vitals is not None)
    return backlogged <= BACKLOG_SHARE * len(measured)


def _by_latency(measured: Measured, plan: Plan) -> Finding | None:
    """Where a latency is the result: with the answers read when they had come it would have been another one."""
    if plan.stream.scenario not in {"SingleStream", "MultiStream"} or not len(measured):
        return None
    with_ns = latency_metric(measured, plan)
    without_ns = latency_metric(without_client_share(measured), plan)
    if with_ns is None or without_ns is None or with_ns - without_ns <= LATENCY_SHARE * with_ns:
        return None
    name = percentile_name(plan.judge.latency_percentile)
    latency, without = apart(round(with_ns), round(without_ns))
    return Finding(
        ReasonType.CLIENT_INFLUENCED,
        Severity.INCONCLUSIVE,
        f"{name} was {latency}, and {without} without the times in which the client read nothing; give the worker "
        f"whole CPUs or a node of its own, and run again",
    )


__all__ = ["Strain", "client_disturbed", "client_influenced", "without_client_share"]

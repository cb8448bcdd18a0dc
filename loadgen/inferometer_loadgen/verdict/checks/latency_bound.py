"""LatencyBoundExceeded: inference rules, Server, "the latency bound at the percentile of the task"."""

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.verdict.measured import NEVER_NS, Measured
from inferometer_loadgen.verdict.percentiles import percentile_index, percentile_of
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity
from inferometer_loadgen.verdict.wording import apart, counted, percentile_name


def latency_at_percentile_ns(measured: Measured, plan: Plan) -> int:
    """The latency that the bound is held against, over all queries of the stream; NEVER_NS if it is a failed one."""
    return percentile_of(measured.latency_ns(), plan.judge.latency_percentile)


def latency_bound_exceeded(measured: Measured, plan: Plan) -> Finding | None:
    """Invalid when the latency at the percentile is over the bound; on the bound is within it (LoadGen 6.0.17).

    A plan with a bound of 0 has none: the scenario's latency is its result, or no matter.
    """
    if len(measured) == 0 or plan.judge.latency_bound_ns == 0:
        return None
    bound_ns = plan.judge.latency_bound_ns
    latency_ns = latency_at_percentile_ns(measured, plan)
    if latency_ns <= bound_ns:
        return None
    name = percentile_name(plan.judge.latency_percentile)
    bounded = f"the bound of {plan.model.name} in {plan.stream.scenario} is"
    if latency_ns == NEVER_NS:
        _, bound = apart(0, bound_ns)
        fact = f"{name} falls on a query without a good answer, {bounded} {bound}"
    else:
        latency, bound = apart(latency_ns, bound_ns)
        fact = f"{name} was {latency}, {bounded} {bound}"
    late = int(np.count_nonzero(measured.latency_ns() > bound_ns))
    allowed = len(measured) - 1 - percentile_index(len(measured), plan.judge.latency_percentile)
    return Finding(
        ReasonType.LATENCY_BOUND_EXCEEDED,
        Severity.INVALID,
        f"{fact}; {late:,} of {counted(len(measured), 'query was', 'queries were')} late, {allowed:,} may be; "
        f"{_remedy(measured, plan)}",
    )


def _remedy(measured: Measured, plan: Plan) -> str:
    bound_ns = plan.judge.latency_bound_ns
    fastest_ns = int(measured.latency_ns().min())
    if bound_ns < fastest_ns < NEVER_NS:
        # Waiting in a queue is not what makes it late: no rate is low enough.
        fastest, bound = apart(fastest_ns, bound_ns)
        return (
            f"the fastest took {fastest}, so no lower load helps: raise spec.load.latencyBound ({bound}) or make the "
            "model faster"
        )
    if plan.find_peak is not None:
        return "lower spec.load.findPeak.min, add replicas or make the model faster"
    if plan.concurrency_steps:
        return "begin spec.load.concurrencySteps lower, add replicas or make the model faster"
    lower = {"Concurrency": "lower spec.load.concurrency", "Replay": "replay a lighter recording"}
    return f"{lower.get(plan.stream.scenario, 'lower spec.load.targetQPS')}, add replicas or make the model faster"

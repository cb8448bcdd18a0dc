"""ClockUncertain: what compares two workers' clocks is no better known than the clocks are (design, invariant 3)."""

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_loadgen.verdict.measured import Measured
from inferometer_loadgen.verdict.metric import last_answer_ns
from inferometer_loadgen.verdict.reasons import Finding, ReasonType, Severity

SHARE_OF_RUN = 0.001
"""Both ends of a run that many workers share are that uncertain: a rate is by twice the uncertainty over the time."""
SHARE_OF_BOUND = 0.01
"""Workers that are further apart than this send no Poisson stream any more, however well each keeps its own."""


def clock_uncertain(measured: Measured, plan: Plan) -> Finding | None:
    """Inconclusive when several workers share a run and their clocks are not known well enough. One needs only one."""
    uncertainty_ns, bound_ns = measured.clock_uncertainty_ns, plan.judge.latency_bound_ns
    if plan.workers == 1 or uncertainty_ns is None:
        return None
    duration_ns = last_answer_ns(measured)
    of_run, of_bound = 2 * uncertainty_ns > SHARE_OF_RUN * duration_ns, uncertainty_ns > SHARE_OF_BOUND * bound_ns
    if not (duration_ns and of_run) and not (bound_ns and of_bound):
        return None
    limit = f"{SHARE_OF_BOUND:.0%} of the bound of {format_duration_ns(bound_ns)}"
    if not (bound_ns and of_bound):
        limit = f"{SHARE_OF_RUN / 2:.2%} of the {format_duration_ns(duration_ns)} that the run took"
    return Finding(
        ReasonType.CLOCK_UNCERTAIN,
        Severity.INCONCLUSIVE,
        f"the workers' clocks are known to {format_duration_ns(uncertainty_ns)}, which is more than {limit}; run the "
        f"workers on one node, or nearer to the coordinator, or use one worker",
    )

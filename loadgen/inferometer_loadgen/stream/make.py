"""From the plan's seeds to the stream."""

from inferometer_loadgen.plan import StreamPlan
from inferometer_loadgen.stream.arrivals import poisson_arrivals_ns
from inferometer_loadgen.stream.model import Stream
from inferometer_loadgen.stream.order import drawn_with_replacement, performance_set
from inferometer_loadgen.stream.twister import Twister


def make_stream(plan: StreamPlan) -> Stream:
    """The stream that the official LoadGen 6.0.17 makes of the same settings, to the nanosecond.

    That is said of the wheel on PyPI, which `tests/unit/stream` runs side by side. The columns are read-only.
    Raises ValueError for a plan without a rate or without samples, of which LoadGen makes no stream either.
    """
    if not plan.target_qps > 0 or plan.total_samples < 1 or plan.performance_samples < 1:
        raise ValueError(
            f"no stream from {plan.target_qps:g} queries/s over {plan.performance_samples} of "
            f"{plan.total_samples} samples: all three must be above 0"
        )
    scheduled_ns = poisson_arrivals_ns(
        Twister(plan.seeds.schedule), plan.target_qps, plan.min_duration_ns, plan.min_queries
    )
    loaded = performance_set(plan.seeds.qsl, plan.total_samples, plan.performance_samples)
    sample = drawn_with_replacement(plan.seeds.sample_index, loaded, plan.min_queries, scheduled_ns.size)
    for column in (sample, scheduled_ns):
        column.setflags(write=False)
    return Stream(sample=sample, scheduled_ns=scheduled_ns)

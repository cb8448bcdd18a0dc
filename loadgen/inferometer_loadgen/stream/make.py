"""From the plan's seeds to the stream."""

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import StreamPlan
from inferometer_loadgen.stream import lengths
from inferometer_loadgen.stream.arrivals import poisson_arrivals_ns
from inferometer_loadgen.stream.model import Issue, Stream, unscheduled
from inferometer_loadgen.stream.order import Order
from inferometer_loadgen.stream.replay import unpack_times
from inferometer_loadgen.stream.twister import Twister


def make_stream(plan: StreamPlan, rows: int | None = None) -> Stream:
    """The stream that the official LoadGen makes of the same settings, to the nanosecond.

    That is said of the wheel 6.0.17 on PyPI, which `tests/unit/stream` runs side by side, and of the source of the
    branch r0.5, built with a current g++. The columns are read-only. A closed loop begins with as many rows as
    LoadGen would generate; `rows` gives as many of it as were needed, and it is the same stream, longer or shorter.
    Raises ValueError for a plan without samples, or without a rate where the times depend on it.
    """
    _refuse_what_has_no_stream(plan)
    order = Order(plan)
    match issue_of(plan):
        case Issue.SCHEDULED:
            scheduled_ns = _arrivals_ns(plan)
        case Issue.AT_ONCE:
            samples = lengths.offline_samples(plan, lengths.set_size(plan))
            scheduled_ns = unscheduled(-(-samples // order.samples_per_row))
        case Issue.COMPLETION | Issue.INTERVAL as issue:
            count = lengths.closed_loop_rows(plan) if rows is None else rows
            sample = order.take(count)
            sample.setflags(write=False)
            return Stream(sample, unscheduled(sample.size // order.samples_per_row), order.samples_per_row, issue)
    sample = order.take(scheduled_ns.size)
    for column in (sample, scheduled_ns):
        column.setflags(write=False)
    return Stream(sample, scheduled_ns, order.samples_per_row, issue_of(plan))


def issue_of(plan: StreamPlan) -> Issue:
    """What makes the next row go."""
    match plan.scenario:
        case "Server" | "Replay":
            return Issue.SCHEDULED
        case "Offline":
            return Issue.AT_ONCE
        case "MultiStream" if plan.dialect == "loadgen-r0.5":
            return Issue.INTERVAL
        case _:
            return Issue.COMPLETION


def is_open_ended(plan: StreamPlan) -> bool:
    """Whether the run itself finds out how many rows there are: it goes on until enough time is over."""
    return issue_of(plan) in (Issue.COMPLETION, Issue.INTERVAL) and not lengths.has_fixed_length(plan)


def _arrivals_ns(plan: StreamPlan) -> NDArray[np.int64]:
    def arrivals_ns(min_duration_ns: int, min_rows: int) -> NDArray[np.int64]:
        return poisson_arrivals_ns(Twister(plan.seeds.schedule), plan.target_qps, min_duration_ns, min_rows)

    if plan.scenario == "Replay":
        return unpack_times(plan.replay)
    if lengths.has_fixed_length(plan):
        return arrivals_ns(0, lengths.fixed_rows(plan))
    scheduled_ns = arrivals_ns(plan.min_duration_ns, lengths.least_rows(plan))
    rows = lengths.rows_by_duration(plan, scheduled_ns.size)
    return scheduled_ns if rows == scheduled_ns.size else arrivals_ns(0, rows)


def _refuse_what_has_no_stream(plan: StreamPlan) -> None:
    if plan.total_samples < 1 or plan.performance_samples < 1:
        raise ValueError(
            f"no stream from {plan.performance_samples} of {plan.total_samples} samples: both must be above 0"
        )
    needs_rate = plan.scenario == "Server" or issue_of(plan) is Issue.INTERVAL
    if needs_rate and not plan.target_qps > 0:
        raise ValueError(f"no stream of {plan.scenario} at {plan.target_qps:g} queries/s: the rate must be above 0")
    if plan.order == "Same" and not 0 <= plan.same_index < min(plan.performance_samples, plan.total_samples):
        raise ValueError(f"sameIndex {plan.same_index} is not one of {plan.performance_samples} loaded samples")

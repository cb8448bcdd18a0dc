"""The figure that a run is known by, for each scenario."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from inferometer_loadgen.plan import Plan
from inferometer_loadgen.stream import Issue, issue_of
from inferometer_loadgen.verdict.early_stopping import most_over
from inferometer_loadgen.verdict.measured import NEVER_NS, Measured, QueryStatus
from inferometer_loadgen.verdict.percentiles import percentile_of, unless_never

type MetricName = Literal[
    "completed_samples_per_second",
    "scheduled_samples_per_second",
    "samples_per_second",
    "latency_at_percentile",
    "samples_per_query",
]
type MetricUnit = Literal["samples/s", "ns", "samples/query"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A result; its value is None where it cannot be said."""

    name: MetricName
    value: float | None
    unit: MetricUnit


def metric(measured: Measured, plan: Plan) -> Metric:
    """The scenario's metric (MLPerf inference rules, "Scenarios"; LoadGen 6.0.17, results.cc)."""
    match plan.stream.scenario:
        case "Server" if plan.judge.server_metric == "Scheduled":
            return Metric("scheduled_samples_per_second", scheduled_metric(measured), "samples/s")
        case "Server" | "Replay":
            return Metric("completed_samples_per_second", server_metric(measured), "samples/s")
        case "Concurrency":
            return Metric("completed_samples_per_second", samples_per_second(measured), "samples/s")
        case "Offline":
            return Metric("samples_per_second", samples_per_second(measured), "samples/s")
        case "MultiStream" if issue_of(plan.stream) is Issue.INTERVAL:
            # What is found is how many samples a query may have; whether so many are valid is the verdict.
            return Metric("samples_per_query", float(measured.samples_per_row), "samples/query")
        case "SingleStream" | "MultiStream":
            return Metric("latency_at_percentile", latency_metric(measured, plan), "ns")


def server_metric(measured: Measured) -> float | None:
    """Server's result: completed samples per second, with one sample a query.

    (n - 1) / completion of the last *issued* query since T0, as LoadGen 6.0.17 reports it
    (result_completed_samples_per_sec); the query that completes last does not count, or one straggler would decide.
    n counts good answers. None when it cannot be said: fewer than two answers, or none to the last query issued.
    """
    issued = np.flatnonzero(measured.was_sent())
    answered = int(np.count_nonzero(measured.answered()))
    if answered < 2 or measured.status[issued[-1]] != QueryStatus.OK:
        return None
    return (answered - 1) / (int(measured.done_ns[issued[-1]]) / 1e9)


def scheduled_metric(measured: Measured) -> float | None:
    """Server's result in LoadGen r0.5: (n - 1) / last scheduled time, whatever was answered; None of one query."""
    last_ns = int(measured.scheduled_ns.max()) if len(measured) else 0
    return (len(measured) - 1) / (last_ns / 1e9) if last_ns else None


def samples_per_second(measured: Measured) -> float | None:
    """Samples that were answered well, by the time from T0 to the last such answer; None where there is none.

    Offline's result in LoadGen 6.0.17 (result_samples_per_second), where all are answered.
    """
    answered = measured.answered()
    if not answered.any():
        return None
    return measured.samples_of(answered) / (int(measured.done_ns[answered].max()) / 1e9)


def latency_metric(measured: Measured, plan: Plan) -> float | None:
    """The latency at the plan's percentile, in nanoseconds; None where it falls on a query without a good answer.

    With early stopping it is LoadGen's estimate, and None where the queries are too few for one.
    """
    if plan.judge.early_stopping:
        found = early_stopping_estimate_ns(measured, plan)
    elif len(measured):
        found = percentile_of(measured.latency_ns(), plan.judge.latency_percentile)
    else:
        found = None
    known = None if found is None else unless_never(found)
    return None if known is None else float(known)


def early_stopping_estimate_ns(measured: Measured, plan: Plan) -> int | None:
    """The latency that is not below the percentile, with 99% confidence; NEVER_NS on a query without a good answer.

    With t the most that may be over it, the t - 1 longest latencies are left out and the next is taken (LoadGen 6.0.17,
    early_stopping_latency_ss and _ms, both in nanoseconds). None where the queries are too few for t = 1.
    """
    over = most_over(len(measured), plan.judge.latency_percentile)
    if not over:
        return None
    place = len(measured) - over
    return int(np.partition(measured.latency_ns(), place)[place])


def last_answer_ns(measured: Measured) -> int:
    """When the last good answer was whole; 0 where there is none."""
    done_ns = measured.done_ns[measured.done_ns != NEVER_NS]
    return int(done_ns.max()) if done_ns.size else 0

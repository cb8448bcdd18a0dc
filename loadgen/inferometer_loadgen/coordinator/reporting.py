"""From what was measured to the report: every figure computed once, here."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen import __version__
from inferometer_loadgen.coordinator.clocks import ClockFit
from inferometer_loadgen.coordinator.counters import Absent, Growth, ModelCounters
from inferometer_loadgen.coordinator.self_reports import vitals_of
from inferometer_loadgen.plan import Assignment, Plan, digest
from inferometer_loadgen.protocol.frames import Finished
from inferometer_loadgen.report.schema import (
    AccuracyReport,
    ClientReport,
    Clock,
    EarlyStopping,
    Latency,
    Reason,
    ReplicaReport,
    Report,
    Result,
    Versions,
    WorkerReport,
    WorkerVitals,
)
from inferometer_loadgen.rules import CUSTOM
from inferometer_loadgen.rules.submittable import obstacles
from inferometer_loadgen.stream import Issue, Stream, issue_of, stream_digest
from inferometer_loadgen.verdict import (
    NEVER_NS,
    Finding,
    Measured,
    Verdict,
    Vitals,
    last_answer_ns,
    latency_summary,
    metric,
    percentile,
    unless_never,
)
from inferometer_loadgen.verdict.accuracy import is_met
from inferometer_loadgen.verdict.checks.early_stopping import early_stopping_not_met, over_bound
from inferometer_loadgen.verdict.early_stopping import queries_needed
from inferometer_loadgen.verdict.metric import early_stopping_estimate_ns, scheduled_metric


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run besides its records."""

    run_uid: str
    plan: Plan
    assignment: Assignment
    stream: Stream
    start_time: str
    server_version: str
    growth: tuple[Growth, ...]
    """Of each replica's counters over the measured window."""
    workers: tuple[tuple[str, Finished | None, ClockFit | None], ...]
    """Of each worker: its pod's uid, what its loop says of itself, its clock; None for what a lost one did not say."""


def build_report(facts: RunFacts, measured: Measured, verdict: Verdict) -> Report:
    """The report of one run."""
    found = obstacles(facts.plan, facts.assignment)
    return Report(
        name=facts.plan.name,
        run_uid=facts.run_uid,
        plan=facts.plan,
        plan_hash=digest(facts.plan),
        stream_digest=stream_digest(facts.stream),
        assignment=facts.assignment,
        start_time=facts.start_time,
        verdict=verdict.word,
        reasons=_reasons(verdict.reasons),
        warnings=_reasons(verdict.warnings),
        per_rules=None if facts.plan.rules == CUSTOM else not facts.plan.deviations,
        deviations=facts.plan.deviations,
        submittable=not found,
        obstacles=found,
        result=_result(measured, facts.plan),
        accuracy=_accuracy(measured, facts.plan),
        replicas=tuple(_replica(facts, measured, replica) for replica in range(facts.plan.replicas)),
        client=_client(facts, measured),
        versions=Versions(
            inferometer=__version__,
            python=platform.python_version(),
            server=facts.server_version.replace("triton", "Triton"),
        ),
    )


def _reasons(findings: Sequence[Finding]) -> tuple[Reason, ...]:
    return tuple(Reason(type=finding.type, message=finding.message) for finding in findings)


def _result(measured: Measured, plan: Plan) -> Result:
    answered = int(np.count_nonzero(measured.answered()))
    last_due_ns, last_ns = int(measured.scheduled_ns.max()), last_answer_ns(measured)
    found, is_scheduled = metric(measured, plan), issue_of(plan.stream) is Issue.SCHEDULED
    return Result(
        metric=found.name,
        value=found.value,
        unit=found.unit,
        queries=len(measured),
        samples=measured.samples_of(np.ones(len(measured), dtype=np.bool)),
        answered=answered,
        errors=len(measured) - answered,
        duration_ns=last_ns or last_due_ns,
        scheduled_qps=scheduled_metric(measured) if is_scheduled else None,
        completed_qps=answered / (last_ns / 1e9) if last_ns else None,
        percentile=plan.judge.latency_percentile,
        latency=_latency(measured.latency_ns(), plan.judge.latency_percentile),
        early_stopping=_early_stopping(measured, plan),
    )


def _early_stopping(measured: Measured, plan: Plan) -> EarlyStopping | None:
    if not plan.judge.early_stopping or plan.stream.mode == "Accuracy":
        return None
    met = early_stopping_not_met(measured, plan) is None
    fraction = plan.judge.latency_percentile
    if plan.judge.latency_bound_ns:
        over = over_bound(measured, plan)
        return EarlyStopping(met=met, over=over, needed=queries_needed(over, fraction), estimate_ns=None)
    found = early_stopping_estimate_ns(measured, plan)
    estimate_ns = None if found is None else unless_never(found)
    return EarlyStopping(met=met, over=None, needed=queries_needed(1, fraction), estimate_ns=estimate_ns)


def _accuracy(measured: Measured, plan: Plan) -> AccuracyReport | None:
    found = measured.accuracy
    if found is None or found.value is None:
        return None
    return AccuracyReport(
        metric=found.metric,
        value=found.value,
        target=plan.judge.accuracy_target,
        met=is_met(found, plan),
        samples=found.samples,
        details=found.details,
    )


def _latency(latency_ns: NDArray[np.int64], fraction: float) -> Latency:
    summary = latency_summary(latency_ns)
    return Latency(
        mean_ns=summary.mean_answered_ns,
        p50_ns=summary.p50_ns,
        p90_ns=summary.p90_ns,
        p95_ns=summary.p95_ns,
        p97_ns=summary.p97_ns,
        p99_ns=summary.p99_ns,
        p999_ns=summary.p999_ns,
        max_ns=summary.max_ns,
        at_percentile_ns=unless_never(percentile(np.sort(latency_ns), fraction)),
    )


def _replica(facts: RunFacts, measured: Measured, replica: int) -> ReplicaReport:
    address = facts.assignment.replicas[replica]
    own = measured.replicas(facts.plan.replicas) == replica
    queries = int(np.count_nonzero(own))
    growth = facts.growth[replica]
    figures = _figures(growth.counters)
    return ReplicaReport(
        name=address.name,
        uid=address.uid,
        node=address.node,
        queries=queries,
        answered=int(np.count_nonzero(measured.answered()[own])),
        share=queries / len(measured),
        p99_ns=unless_never(percentile(np.sort(measured.latency_ns()[own]), 0.99)) if queries else None,
        server_successes=figures.successes,
        server_failures=figures.failures,
        queue_ns=figures.queue_ns,
        compute_ns=figures.compute_ns,
        batch_size=figures.batch_size,
        restarted=growth.restarted,
        absent_reason=growth.counters.reason if isinstance(growth.counters, Absent) else "",
    )


@dataclass(frozen=True, slots=True)
class _ServerFigures:
    successes: int | None = None
    failures: int | None = None
    queue_ns: int | None = None
    compute_ns: int | None = None
    batch_size: float | None = None


def _figures(counters: ModelCounters | Absent) -> _ServerFigures:
    if isinstance(counters, Absent):
        return _ServerFigures()
    requests = counters.successes
    return _ServerFigures(
        successes=requests,
        failures=counters.failures,
        queue_ns=counters.queue_us * 1000 // requests if requests else None,
        compute_ns=counters.compute_us * 1000 // requests if requests else None,
        batch_size=counters.inferences / counters.executions if counters.executions else None,
    )


def _client(facts: RunFacts, measured: Measured) -> ClientReport:
    # Only a schedule can be missed.
    is_scheduled = issue_of(facts.plan.stream) is Issue.SCHEDULED
    lag_ns = measured.send_lag_ns() if is_scheduled else np.full(len(measured), NEVER_NS)
    p50, p99, worst = _lags(lag_ns)
    count = facts.plan.workers
    workers = tuple(_worker(facts, lag_ns[measured.of_worker(index, count)], index) for index in range(count))
    return ClientReport(
        send_lag_p50_ns=p50,
        send_lag_p99_ns=p99,
        send_lag_max_ns=worst,
        clock_uncertainty_ns=max((worker.clock.uncertainty_ns for worker in workers if worker.clock), default=None),
        workers=workers,
    )


def _worker(facts: RunFacts, lag_ns: NDArray[np.int64], index: int) -> WorkerReport:
    pod_uid, finished, clock = facts.workers[index]
    p50, p99, worst = _lags(lag_ns)
    return WorkerReport(
        index=index,
        pod_uid=pod_uid,
        queries=len(lag_ns),
        send_lag_p50_ns=p50,
        send_lag_p99_ns=p99,
        send_lag_max_ns=worst,
        backlogged=finished.backlogged if finished else None,
        cpu_ns=finished.cpu_ns if finished else None,
        busy=finished.busy_ns / finished.elapsed_ns if finished and finished.elapsed_ns else None,
        clock=_clock(clock) if clock else None,
        vitals=_vitals(vitals_of(finished)) if finished else None,
        connections=finished.connections if finished else None,
    )


def _vitals(vitals: Vitals) -> WorkerVitals:
    return WorkerVitals(
        run_delay_ns=vitals.run_delay_ns,
        throttled_ns=vitals.throttled_ns,
        stolen=vitals.stolen,
        stalls=len(vitals.stalls),
        stalled_ns=vitals.stalled_ns,
        longest_stall_ns=vitals.longest_stall_ns,
        full_collections=vitals.full_collections,
        major_faults=vitals.major_faults,
        segments=vitals.segments,
        retransmitted=vitals.retransmitted,
        round_trip_ns=vitals.round_trip_ns,
    )


def _clock(fit: ClockFit) -> Clock:
    return Clock(
        same=fit.same_clock,
        offset_ns=round(fit.offset_ns),
        drift=fit.drift,
        uncertainty_ns=fit.uncertainty_ns,
    )


def _lags(lag_ns: NDArray[np.int64]) -> tuple[int | None, int | None, int | None]:
    sent = np.sort(lag_ns[lag_ns != NEVER_NS])
    if not sent.size:
        return None, None, None
    return percentile(sent, 0.5), percentile(sent, 0.99), int(sent[-1])

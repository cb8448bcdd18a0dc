"""Runs as metric families: who they are, how far they are, what was measured. Pure.

Labels are bounded: `namespace` and `benchmark` by `selection`, `reason`, `phase`, `verdict` and `percentile` by closed
sets, `replica` and `concurrency` by the spec (256 and 32 at most). What a run was made from (model, scenario, schedule)
stands once, in `inferometer_run_info`; other series are joined with it.
"""

from collections import Counter
from collections.abc import Iterable

from msgspec import UnsetType
from prometheus_client.core import Metric

from inferometer_loadgen.spec import scenarios
from inferometer_operator.api.status import Latency, Result, ServerStatus, StepStatus
from inferometer_operator.metrics.families import Families, Value
from inferometer_operator.metrics.selection import RUNS_SHOWN, shown
from inferometer_operator.run import Run, parse_time

PREFIX = "inferometer_run_"
NOT_LOOKED_AT = "Pending"
PHASES = (NOT_LOOKED_AT, "Suspended", "Starting", "Running", "Finishing", "Stopping", "Succeeded", "Failed")
"""Those that `status.phase` can be, and what a run is before the operator has written one."""


def run_families(runs: Iterable[Run]) -> list[Metric]:
    """The families of all runs that exist."""
    every = list(runs)
    kept, left_out = shown(every)
    families = Families(PREFIX, ("namespace", "benchmark"))
    for run in kept:
        labels = (run.namespace, run.name)
        _identity(families, labels, run)
        _course(families, labels, run)
        _asked(families, labels, run)
        _figures(families, labels, run)
        for step in run.status.steps:
            _step(families, labels, step)
        for server in run.status.servers:
            _replica(families, (*labels, server.name), server)
    return [*_counts(every, left_out), *families]


def _counts(runs: list[Run], left_out: Counter[str]) -> Families:
    families = Families("inferometer_", ("namespace",))
    by_phase = Counter((run.namespace, run.status.phase or NOT_LOOKED_AT) for run in runs)
    existing = families.gauge("runs", "Benchmarks that exist, by phase.", "phase")
    hidden = families.gauge(
        "runs_without_series", f"Finished benchmarks without series of their own: the newest {RUNS_SHOWN} have them."
    )
    for namespace in left_out:
        for phase in PHASES:
            existing.add((namespace, phase), by_phase[namespace, phase])
        hidden.add((namespace,), left_out[namespace])
    return families


def _identity(families: Families, labels: tuple[str, ...], run: Run) -> None:
    model, scenario = ("", "") if run.spec is None else (run.spec.model.name, str(run.spec.scenario))
    info = families.gauge("info", "What the run is made from.", "model", "scenario", "schedule")
    info.add((*labels, model, scenario, run.schedule), 1)
    families.gauge("created_timestamp_seconds", "When the benchmark was created.").add(labels, run.created.timestamp())


def _course(families: Families, labels: tuple[str, ...], run: Run) -> None:
    status = run.status
    phase = families.gauge("phase", "The phase that the run is in.", "phase")
    phase.add((*labels, status.phase or NOT_LOOKED_AT), 1)
    families.gauge("finished", "Whether the run has ended, whatever its end.").add(labels, run.is_finished)
    started = families.gauge("start_timestamp_seconds", "When the start was decided: the point of no return.")
    started.add(labels, _timestamp(status.start_time))
    ended = families.gauge("completion_timestamp_seconds", "When the run ended, whatever its end.")
    ended.add(labels, _timestamp(status.completion_time))
    verdict = families.gauge("verdict", "The verdict of the run, once there is one.", "verdict")
    if status.verdict:
        verdict.add((*labels, status.verdict), 1)
    reason = families.gauge("reason", "Why the verdict, or the failure, is what it is.", "reason")
    for name in dict.fromkeys(one.type for one in status.reasons):
        reason.add((*labels, name), 1)


def _asked(families: Families, labels: tuple[str, ...], run: Run) -> None:
    target = families.gauge("target_queries_per_second", "The rate that was asked for.")
    bound = families.gauge("latency_bound_seconds", "The bound on the latency at the percentile.", "percentile")
    if run.spec is None:
        return
    load = run.spec.load
    target.add(labels, scenarios.target_qps(load) or None)
    percentile = _percentile(scenarios.latency_percentile(run.spec.scenario, load))
    bound.add_ns((*labels, percentile), scenarios.latency_bound_ns(load) or None)


def _figures(families: Families, labels: tuple[str, ...], run: Run) -> None:
    result, progress, client = run.status.result, run.status.progress, run.status.client
    planned = families.gauge("planned_queries", "Queries of the stream.")
    completed = families.gauge("completed_queries", "Queries that have ended, as last told.")
    failed = families.gauge("failed_queries", "Queries that failed, as last told.")
    if not isinstance(progress, UnsetType):
        planned.add(labels, progress.planned)
        completed.add(labels, progress.completed)
    if not isinstance(result, UnsetType):
        failed.add(labels, result.errors)
        # The load of an accuracy run is not paced to be judged: a rate of it would be taken for one.
        _result(families, labels, result, is_measured=run.spec is not None and run.spec.mode != "Accuracy")
    elif not isinstance(progress, UnsetType):
        failed.add(labels, progress.errors)
    if not isinstance(audit := run.status.audit, UnsetType):
        passed = families.gauge("audit_passed", "Whether a compliance test passed, where it says anything.", "test")
        passed.add((*labels, audit.test), None if isinstance(audit.passed, UnsetType) else audit.passed)
    lag = families.gauge("client_send_lag_seconds", "How late queries were sent.", "percentile")
    if not isinstance(client, UnsetType):
        lag.add_ns((*labels, "0.99"), client.send_lag_p99_ns)


def _result(families: Families, labels: tuple[str, ...], result: Result, *, is_measured: bool) -> None:
    if not isinstance(result.accuracy, UnsetType):
        score = families.gauge("accuracy", "The score of the answers, where they were scored.", "metric")
        score.add((*labels, result.accuracy.metric), result.accuracy.value)
        if not is_measured:
            return
    by_unit = {
        "samples/s": families.gauge("result_samples_per_second", "The result, of scenarios that seek a rate."),
        "ns": families.gauge("result_latency_seconds", "The result, of scenarios that seek a latency."),
        "samples/query": families.gauge("result_samples_per_query", "The result, of a load by intervals."),
    }
    if (family := by_unit.get(result.unit)) is not None:
        (family.add_ns if result.unit == "ns" else family.add)(labels, result.value)
    rate = families.gauge("queries_per_second", "Queries per second as scheduled or, without a schedule, as completed.")
    rate.add(labels, result.qps)
    families.gauge("duration_seconds", "From the first scheduled time to the last answer.").add_ns(
        labels, result.duration_ns
    )
    _latency(families, labels, result.latency)


def _latency(families: Families, labels: tuple[str, ...], latency: Latency) -> None:
    quantiles = families.gauge("latency_seconds", "Exact percentiles of the latency of all queries.", "percentile")
    for percentile, value in (
        ("0.5", latency.p50_ns),
        ("0.9", latency.p90_ns),
        ("0.95", latency.p95_ns),
        ("0.97", latency.p97_ns),
        ("0.99", latency.p99_ns),
        ("0.999", latency.p999_ns),
    ):
        quantiles.add_ns((*labels, percentile), value)
    families.gauge("latency_mean_seconds", "Mean latency of the answered queries.").add_ns(labels, latency.mean_ns)
    families.gauge("latency_max_seconds", "The longest latency.").add_ns(labels, latency.max_ns)


def _step(families: Families, labels: tuple[str, ...], step: StepStatus) -> None:
    concurrency = str(step.concurrency)
    rate = families.gauge(
        "step_samples_per_second", "Of a step of concurrency: its rate, and its verdict.", "concurrency", "verdict"
    )
    rate.add((*labels, concurrency, step.verdict), step.samples_per_second)
    quantiles = families.gauge(
        "step_latency_seconds", "Exact percentiles of its queries' latency.", "concurrency", "percentile"
    )
    for percentile, value_ns in (("0.5", step.p50_ns), ("0.99", step.p99_ns)):
        quantiles.add_ns((*labels, concurrency, percentile), value_ns)


def _replica(families: Families, labels: tuple[str, ...], server: ServerStatus) -> None:
    info = families.gauge("replica_info", "Where a replica runs, and on what.", "replica", "node", "gpu")
    info.add((*labels, server.node, server.gpu), 1)
    for name, text, value in (
        (
            "replica_ready",
            "Whether the model is, or was at the start, ready on it.",
            None if server.url and not server.ready else server.ready,
        ),
        ("replica_queries", "Queries that it was asked.", server.queries),
        ("replica_share_ratio", "Its share of all queries.", server.share),
    ):
        families.gauge(name, text, "replica").add(labels, value)
    for name, text, value_ns in (
        ("replica_queue_seconds", "Mean time of a request in its queue.", server.queue_ns),
        ("replica_compute_seconds", "Mean time of a request in computation.", server.compute_ns),
    ):
        families.gauge(name, text, "replica").add_ns(labels, value_ns)
    quantiles = families.gauge(
        "replica_latency_seconds", "Exact percentiles of its queries' latency.", "replica", "percentile"
    )
    quantiles.add_ns((*labels, "0.99"), server.p99_ns)


def _percentile(fraction: float) -> str:
    return f"{fraction:g}"


def _timestamp(time: str | UnsetType) -> Value:
    return None if isinstance(time, UnsetType) else parse_time(time).timestamp()

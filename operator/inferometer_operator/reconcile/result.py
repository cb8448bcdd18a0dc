"""From the report to the status: the same facts, shorter."""

from dataclasses import replace

from msgspec import UNSET, UnsetType

from inferometer_loadgen.report import schema
from inferometer_loadgen.report.audit_text import audit_words
from inferometer_loadgen.report.short import ShortReport, ShortStep, in_short
from inferometer_loadgen.report.words import deviation_words, figure, qps_of, result_words
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_operator.api.conditions import ConditionStatus, ConditionType
from inferometer_operator.api.status import (
    AccuracyStatus,
    AuditStatus,
    BenchmarkStatus,
    ClientFigures,
    Latency,
    PeakStatus,
    Progress,
    ReasonStatus,
    ReportReference,
    Result,
    ServerStatus,
    SpreadStatus,
    StepStatus,
    Summary,
    Versions,
)
from inferometer_operator.objects.events import Told
from inferometer_operator.objects.names import report_name
from inferometer_operator.reconcile.endpoint import url_of
from inferometer_operator.reconcile.observed import Observed
from inferometer_operator.reconcile.servers import gpus_of
from inferometer_operator.reconcile.status_change import (
    FALSE,
    TRUE,
    UNKNOWN,
    Said,
    changed,
    reason_name,
    shortened,
    with_conditions,
)
from inferometer_operator.run import format_time

ABSENT = "-"

VALID_BY_VERDICT: dict[str, ConditionStatus] = {"Valid": TRUE, "Invalid": FALSE, "Inconclusive": UNKNOWN}


def finished_status(observed: Observed, report: schema.Report, sha256: str) -> BenchmarkStatus:
    """The end state of a run that has a verdict, and its report."""
    name = report_name(observed.run.name)
    kept = Said(ConditionType.REPORT_STORED, TRUE, "Stored", f"the report is in ConfigMap {name}")
    return changed(
        verdict_status(observed, in_short(report, sha256), kept),
        deviations=tuple(shortened(deviation_words(one)) for one in report.deviations),
        obstacles=tuple(ReasonStatus(type=one.type, message=one.message) for one in report.obstacles),
        servers=tuple(_server(observed, one) for one in report.replicas),
        peak=_peak(report.peak),
        spread=_spread(report.spread),
        report=ReportReference(config_map=name, sha256=sha256),
        versions=_versions(observed.run.status.versions, report),
    )


def verdict_status(observed: Observed, short: ShortReport, kept: Said) -> BenchmarkStatus:
    """The end state of a run that has a verdict; `kept` says what became of its report."""
    run, now = observed.run, observed.now
    reason, message = _first_reason(short)
    return changed(
        run.status,
        phase="Succeeded",
        completion_time=format_time(now),
        conditions=with_conditions(
            run,
            now,
            Said(ConditionType.MEASURED, TRUE, "LoadEnded", _measured(short)),
            kept,
            Said(ConditionType.FINISHED, TRUE, "Complete", "the run has a verdict"),
            Said(ConditionType.COMPLETE, TRUE, "Complete", "everything was measured and judged"),
            Said(ConditionType.FAILED, FALSE, "Complete", "the run has a verdict"),
            Said(ConditionType.VALID, VALID_BY_VERDICT[short.verdict], reason, message),
        ),
        verdict=short.verdict,
        reasons=tuple(
            ReasonStatus(type=reason_name(one.type), message=shortened(one.message)) for one in short.reasons[:32]
        ),
        per_rules=UNSET if short.per_rules is None else short.per_rules,
        submittable=UNSET if short.submittable is None else short.submittable,
        progress=_all_done(short, format_time(now)),
        client=UNSET if (lag_ns := short.send_lag_p99_ns) is None else ClientFigures(send_lag_p99_ns=lag_ns),
        result=_result(short.result, short.accuracy),
        steps=tuple(_step(one) for one in short.steps),
        summary=_summary(short),
        audit=_audit(short.audit),
    )


def with_what_was_measured(
    observed: Observed, ended: BenchmarkStatus, report: schema.Report, sha256: str
) -> BenchmarkStatus:
    """The end state of a run that failed, with the report of what was measured until then."""
    name = report_name(observed.run.name)
    words = f"the report in ConfigMap {name} holds what was measured until the run was ended"
    kept = Said(ConditionType.REPORT_STORED, TRUE, "StoredInPart", words)
    return changed(
        with_figures(observed, ended, report.result, kept),
        report=ReportReference(config_map=name, sha256=sha256),
        versions=_versions(ended.versions, report),
    )


def with_figures(observed: Observed, ended: BenchmarkStatus, result: schema.Result, kept: Said) -> BenchmarkStatus:
    """The end state of a run that failed, with the figures of what was measured until then."""
    conditions = with_conditions(replace(observed.run, status=ended), observed.now, kept)
    return changed(ended, conditions=conditions, result=_result(result))


def told_of(short: ShortReport) -> tuple[Told, ...]:
    """The events of a run that has a verdict."""
    reason, message = _first_reason(short)
    if short.verdict == "Valid":
        verdict = Told("Normal", "Valid", message)
    else:
        verdict = Told("Warning", short.verdict, f"{reason}: {message}")
    return Told("Normal", "Measured", _measured(short)), verdict


def _measured(short: ShortReport) -> str:
    result, lag_ns = short.result, short.send_lag_p99_ns
    lag = f", client send lag p99 {format_duration_ns(lag_ns)}" if lag_ns is not None else ""
    return f"{result.duration_ns / 1e9:.1f} s, {result.errors:,} errors{lag}"


def _all_done(short: ShortReport, time: str) -> Progress:
    result = short.result
    return Progress(
        step="finished",
        percent=100,
        completed=result.answered,
        planned=result.queries,
        errors=result.errors,
        time=time,
    )


def _first_reason(short: ShortReport) -> tuple[str, str]:
    if short.reasons:
        return reason_name(short.reasons[0].type), short.reasons[0].message
    summary = _summary(short)
    return short.verdict, f"{summary.result}, p99 {summary.p99}, {short.result.queries:,} queries"


def _result(result: schema.Result, accuracy: schema.AccuracyReport | None = None) -> Result:
    latency = result.latency
    return Result(
        metric=result.metric,
        unit=result.unit,
        queries=result.queries,
        errors=result.errors,
        duration_ns=result.duration_ns,
        value=_given(result.value),
        qps=_given(qps_of(result)),
        accuracy=UNSET if accuracy is None else _accuracy(accuracy),
        latency=Latency(
            mean_ns=_given(latency.mean_ns),
            p50_ns=_given(latency.p50_ns),
            p90_ns=_given(latency.p90_ns),
            p95_ns=_given(latency.p95_ns),
            p97_ns=_given(latency.p97_ns),
            p99_ns=_given(latency.p99_ns),
            p999_ns=_given(latency.p999_ns),
            max_ns=_given(latency.max_ns),
        ),
    )


def _accuracy(accuracy: schema.AccuracyReport) -> AccuracyStatus:
    return AccuracyStatus(
        metric=accuracy.metric,
        value=accuracy.value,
        samples=accuracy.samples,
        target=_given(accuracy.target),
        met=_given(accuracy.met),
    )


def _summary(short: ShortReport) -> Summary:
    result = short.result
    reasons = [f"{one.type}: {one.message}" for one in short.reasons]
    return Summary(
        progress="100%",
        result=_result_words(short) or ABSENT,
        p99=ABSENT if result.latency.p99_ns is None else format_duration_ns(result.latency.p99_ns),
        qps=ABSENT if (qps := qps_of(result)) is None else figure(qps),
        errors=f"{result.errors:,}",
        reason=shortened("; ".join(reasons)),
    )


def _result_words(short: ShortReport) -> str | None:
    """What the run is known by: its result, its score, both where it was measured and scored, or a test's outcome."""
    if short.audit is not None:
        return audit_words(short.audit)
    measured, accuracy = result_words(short.result), short.accuracy
    if accuracy is None:
        return measured
    score = f"{accuracy.metric} {accuracy.value:.4g}"
    return f"{measured}, {score}" if measured and short.mode == "PerformanceAndAccuracy" else score


def _step(found: ShortStep) -> StepStatus:
    return StepStatus(
        concurrency=found.concurrency,
        errors=found.errors,
        verdict=found.verdict,
        is_result=found.is_result,
        samples_per_second=_given(found.samples_per_second),
        p50_ns=_given(found.p50_ns),
        p99_ns=_given(found.p99_ns),
    )


def _peak(found: schema.Peak | None) -> PeakStatus | UnsetType:
    if found is None:
        return UNSET
    return PeakStatus(
        trials=found.trials,
        client_limited=found.client_limited,
        valid_qps=_given(found.valid_qps),
        not_valid_qps=_given(found.not_valid_qps),
        valid_samples_per_query=_given(found.valid_samples_per_query),
        not_valid_samples_per_query=_given(found.not_valid_samples_per_query),
    )


def _audit(found: schema.AuditReport | None) -> AuditStatus | UnsetType:
    if found is None:
        return UNSET
    return AuditStatus(
        test=found.test,
        passed=_given(found.passed),
        reference=_given(found.reference),
        audited=_given(found.audited),
        different_outputs=UNSET if found.outputs is None else found.outputs.different,
    )


def _spread(found: schema.Spread | None) -> SpreadStatus | UnsetType:
    if found is None:
        return UNSET
    return SpreadStatus(
        rounds=found.rounds, confidence=found.confidence, low=_given(found.low), high=_given(found.high)
    )


def _server(observed: Observed, replica: schema.ReplicaReport) -> ServerStatus:
    return ServerStatus(
        name=replica.name,
        uid=replica.uid,
        node=replica.node,
        gpu=gpus_of(observed),
        url=url_of(observed.run, replica.name),
        ready=True,
        queries=replica.queries,
        share=replica.share,
        p99_ns=_given(replica.p99_ns),
        queue_ns=_given(replica.queue_ns),
        compute_ns=_given(replica.compute_ns),
        absent_reason=shortened(replica.absent_reason),
    )


def _versions(versions: Versions | UnsetType, report: schema.Report) -> Versions | UnsetType:
    if isinstance(versions, UnsetType):
        return UNSET
    return Versions(operator=versions.operator, image=versions.image, server=report.versions.server)


def _given[T](value: T | None) -> T | UnsetType:
    return UNSET if value is None else value

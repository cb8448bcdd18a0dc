"""A report for people: the verdict, why, and the figures that carry it, on a handful of lines.

Pure text from the report alone. What was not read is said to be "no data", with the reason; nothing is computed here
that a program could need: that stands in the report.
"""

from collections.abc import Iterator

from msgspec import structs

from inferometer_loadgen.plan import JudgePlan
from inferometer_loadgen.report.audit_text import audit_lines
from inferometer_loadgen.report.engine_text import engine_lines
from inferometer_loadgen.report.schema import (
    AccuracyReport,
    EarlyStopping,
    Peak,
    ReplicaReport,
    Report,
    Result,
    RoundReport,
    WorkerReport,
)
from inferometer_loadgen.report.step_words import step_lines
from inferometer_loadgen.report.words import deviation_words, figure, result_words, submittable_words
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_loadgen.verdict.accuracy import figures
from inferometer_loadgen.verdict.wording import counted, percentile_name

INDENT = " " * 8


def report_text(report: Report, location: str) -> str:
    """The verdict block that a run ends with; `location` is where the report is stored."""
    return "\n".join((_headline(report), *(INDENT + line for line in _details(report, location))))


def _headline(report: Report) -> str:
    result, judge = report.result, report.plan.judge
    rate = result_words(result) or "no data (nothing was answered)"
    counts = f"{_asked(result)}, {counted(result.errors, 'error', 'errors')}, {format_duration_ns(result.duration_ns)}"
    return "   ".join((report.verdict.upper(), rate, *_latencies(result, judge), counts))


def _latencies(result: Result, judge: JudgePlan) -> Iterator[str]:
    """The median, and what is judged; of a result that is itself a latency, that one says it."""
    if result.metric == "samples_per_second":
        # All is due at once: a latency says only where in the queue a sample was.
        return
    judged = percentile_name(judge.latency_percentile)
    if judged != "p50":
        yield f"p50 {_latency(result.latency.p50_ns)}"
    if judge.latency_bound_ns:
        bound = format_duration_ns(judge.latency_bound_ns)
        yield f"{judged} {_latency(result.latency.at_percentile_ns)} (bound {bound})"
    elif result.unit != "ns":
        yield f"{judged} {_latency(result.latency.at_percentile_ns)}"


def _asked(result: Result) -> str:
    if result.metric == "samples_per_second":
        return f"{counted(result.samples, 'sample', 'samples')} in {counted(result.queries, 'request', 'requests')}"
    if result.samples != result.queries:
        return f"{counted(result.queries, 'query', 'queries')} of {result.samples // result.queries} samples"
    return counted(result.queries, "query", "queries")


def accuracy_words(accuracy: AccuracyReport) -> str:
    """The score beside its target."""
    if accuracy.target is None:
        return f"{accuracy.metric} {accuracy.value:.4g}, {counted(accuracy.samples, 'sample', 'samples')}"
    value, target = figures(accuracy.value, accuracy.target)
    met = "met" if accuracy.met else "not met"
    samples = counted(accuracy.samples, "sample", "samples")
    return f"{accuracy.metric} {value} (target {target}, {met}), {samples}"


def _details(report: Report, location: str) -> Iterator[str]:
    if report.accuracy is not None:
        yield f"accuracy: {accuracy_words(report.accuracy)}"
    if report.audit is not None:
        yield from audit_lines(report.audit)
    for reason in report.reasons:
        yield f"{reason.type}: {reason.message}"
    for warning in report.warnings:
        yield f"warning: {warning.type}: {warning.message}"
    yield from _rounds(report)
    if report.result.early_stopping is not None:
        yield f"early stopping: {_early_stopping(report.result, report.result.early_stopping)}"
    yield from _by_which_rules(report)
    if report.official is not None:
        yield from engine_lines(report.official)
    yield f"server: {_servers(report)}"
    if len(report.replicas) > 1:
        yield from (f"  {line}" for line in _replicas(report.replicas))
    yield f"client: {_client(report)}"
    if location:
        yield f"report: {location}"


def _early_stopping(result: Result, found: EarlyStopping) -> str:
    """Both the estimate and the percentile itself, where the latency is the result."""
    word = "met" if found.met else "not met"
    needed = f"{found.needed:,} of {counted(result.queries, 'query', 'queries')} needed"
    if found.over is not None:
        return f"{word}, {needed} with {found.over:,} over the bound"
    if not found.met:
        return f"{word}, {needed}"
    name = percentile_name(result.percentile)
    return f"{word}, {name} itself {_latency(result.latency.at_percentile_ns)}, the result is on the safe side of it"


def _by_which_rules(report: Report) -> Iterator[str]:
    """By which edition, and what keeps the run from it; nothing where no edition was asked for."""
    if report.per_rules is None:
        return
    plan = report.plan
    yield (
        f"rules: {plan.rules} {plan.task}, per rules: {str(report.per_rules).lower()}, "
        f"submittable: {submittable_words(report)}"
    )
    yield from (f"  {deviation_words(one)}" for one in report.deviations)


def _rounds(report: Report) -> Iterator[str]:
    if report.steps:
        yield from step_lines(report)
        return
    for one in report.rounds:
        early = f", ended early: {one.ended_early}" if one.ended_early else ""
        yield f"round {one.number}{_purpose(report, one)}: {one.verdict}, {_found(one)}{early}"
    if report.peak is not None:
        yield _peak(report.peak)
    spread, result = report.spread, report.result
    if spread is not None and spread.low is not None and spread.high is not None:
        low, high = (result_words(structs.replace(result, value=end)) for end in (spread.low, spread.high))
        yield (
            f"median of {counted(spread.rounds, 'round', 'rounds')}: {result_words(result)}, between {low} and {high} "
            f"with {spread.confidence:.1%} confidence (order statistics)"
        )


def _load_of(report: Report, one: RoundReport) -> str:
    search = report.plan.find_peak
    if search is not None and search.max_samples_per_query:
        return f"{counted(one.samples_per_query, 'sample', 'samples')} a query"
    return f"{figure(one.target_qps)}/s"


def _purpose(report: Report, one: RoundReport) -> str:
    if one.purpose == "Repeat":
        return ""
    is_searched = one.purpose in {"Trial", "Measured"} and report.plan.find_peak is not None
    return f" ({one.purpose.lower()}{f' at {_load_of(report, one)}' if is_searched else ''})"


def _found(one: RoundReport) -> str:
    """What a round is known by."""
    if one.accuracy is not None:
        return accuracy_words(one.accuracy)
    return result_words(one.result) or "no data (nothing was answered)"


def _peak(peak: Peak) -> str:
    trials = counted(peak.trials, "trial", "trials")
    found, failed = _at_the_peak(peak)
    if found is None:
        return f"peak: none found in {trials}"
    if failed is None:
        return f"peak: at least {found}, nothing higher failed in {trials}"
    if failed == found:
        return f"peak: at least {found}, though a trial of it was not valid, and nothing higher was tried; {trials}"
    if peak.client_limited:
        return f"peak: client-limited, at least {found} ({failed} was in doubt), {trials}"
    return f"peak: {found} ({failed} was not valid), {trials}"


def _at_the_peak(peak: Peak) -> tuple[str | None, str | None]:
    """What was valid and what was not, as text."""
    samples = peak.valid_samples_per_query, peak.not_valid_samples_per_query
    if samples != (None, None):
        words = [None if one is None else f"{counted(one, 'sample', 'samples')} a query" for one in samples]
    else:
        rates = peak.valid_qps, peak.not_valid_qps
        words = [None if one is None else f"{figure(one)} queries/s" for one in rates]
    return words[0], words[1]


def _servers(report: Report) -> str:
    counted_by = [replica for replica in report.replicas if replica.server_successes is not None]
    if len(counted_by) < len(report.replicas):
        silent = [replica for replica in report.replicas if replica.server_successes is None]
        return "no data: " + "; ".join(f"{replica.name}: {_why(replica)}" for replica in silent)
    successes = sum(replica.server_successes or 0 for replica in counted_by)
    failures = sum(replica.server_failures or 0 for replica in counted_by)
    answered = report.result.answered
    equal = "equal to the client's" if successes == answered else f"the client counts {answered:,}"
    failed = f", {counted(failures, 'failure', 'failures')}" if failures else ""
    return (
        f"queue {_mean(counted_by, [replica.queue_ns for replica in counted_by])}, "
        f"compute {_mean(counted_by, [replica.compute_ns for replica in counted_by])}, "
        f"{counted(successes, 'success', 'successes')} ({equal}){failed}"
    )


def _mean(replicas: list[ReplicaReport], means_ns: list[int | None]) -> str:
    """The mean over all requests from the means of the replicas."""
    known = [
        (mean_ns, replica.server_successes or 0)
        for mean_ns, replica in zip(means_ns, replicas, strict=True)
        if mean_ns is not None
    ]
    requests = sum(count for _, count in known)
    if not requests:
        return "no data (no request succeeded)"
    return format_duration_ns(sum(mean_ns * count for mean_ns, count in known) / requests)


def _replicas(replicas: tuple[ReplicaReport, ...]) -> Iterator[str]:
    rows = [
        (
            replica.name,
            replica.node,
            counted(replica.queries, "query", "queries"),
            f"{replica.share:.1%}",
            f"p99 {_latency(replica.p99_ns)}",
            *_server_cells(replica),
            "restarted" if replica.restarted else "",
        )
        for replica in replicas
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width)
        yield "  ".join(cells).rstrip()


def _server_cells(replica: ReplicaReport) -> tuple[str, str]:
    if replica.server_successes is None:
        return f"server: no data ({_why(replica)})", ""
    queue, compute = (
        "no data" if mean_ns is None else format_duration_ns(mean_ns)
        for mean_ns in (replica.queue_ns, replica.compute_ns)
    )
    return f"queue {queue}", f"compute {compute}"


def _client(report: Report) -> str:
    client = report.client
    lag = client.send_lag_p99_ns
    parts = []
    if report.result.scheduled_qps is not None:
        parts.append(f"send lag p99 {'no data (nothing was sent)' if lag is None else format_duration_ns(lag)}")
    waited = sum(worker.backlogged or 0 for worker in client.workers)
    if waited:
        parts.append(f"{counted(waited, 'query', 'queries')} waited for a free connection")
    return ", ".join((*parts, _clocks(client.workers, client.clock_uncertainty_ns)))


def _clocks(workers: tuple[WorkerReport, ...], uncertainty_ns: int | None) -> str:
    if uncertainty_ns is None:
        return "clocks: no data (the workers left before they were compared)"
    if all(worker.clock is None or worker.clock.same for worker in workers):
        return "clocks on one machine"
    return f"clocks within {format_duration_ns(uncertainty_ns)}"


def _latency(latency_ns: int | None) -> str:
    return "no data (it falls on an unanswered query)" if latency_ns is None else format_duration_ns(latency_ns)


def _why(replica: ReplicaReport) -> str:
    return replica.absent_reason or "its counters were not read"

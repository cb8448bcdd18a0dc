"""mlperf_log_summary.txt from a report, line by line as LoadGen 6.0.17 writes it; v0.5's checker reads it."""

from collections.abc import Callable

from inferometer_loadgen.mlperf_logs.detail import sut_name
from inferometer_loadgen.mlperf_logs.line import LogValue
from inferometer_loadgen.mlperf_logs.numbers import ordinal_percentile, six_digits
from inferometer_loadgen.mlperf_logs.results import (
    completed_rate,
    lacks,
    percentiles,
    rate_without_overhead,
    validity,
)
from inferometer_loadgen.mlperf_logs.scenarios import has_logs, why_none
from inferometer_loadgen.mlperf_logs.settings import settings_of
from inferometer_loadgen.mlperf_logs.stopping import is_met, stopping_lines
from inferometer_loadgen.mlperf_logs.trouble import counted, errors_of
from inferometer_loadgen.report.schema import Report
from inferometer_loadgen.verdict.reasons import ReasonType

RULE = "=" * 48
PARAMETERS = {
    "samples_per_query : ": "effective_samples_per_query",
    "target_qps : ": "effective_target_qps",
    "target_latency (ns): ": "effective_target_latency_ns",
    "max_async_queries : ": "effective_max_async_queries",
    "min_duration (ms): ": "effective_min_duration_ms",
    "max_duration (ms): ": "effective_max_duration_ms",
    "min_query_count : ": "effective_min_query_count",
    "max_query_count : ": "effective_max_query_count",
    "qsl_rng_seed : ": "effective_qsl_rng_seed",
    "sample_index_rng_seed : ": "effective_sample_index_rng_seed",
    "schedule_rng_seed : ": "effective_schedule_rng_seed",
    "accuracy_log_rng_seed : ": "effective_accuracy_log_rng_seed",
    "accuracy_log_probability : ": "effective_accuracy_log_probability",
    "accuracy_log_sampling_target : ": "effective_accuracy_log_sampling_target",
    "print_timestamps : ": "effective_print_timestamps",
    "performance_issue_unique : ": "effective_performance_issue_unique",
    "performance_issue_same : ": "effective_performance_issue_same",
    "performance_issue_same_index : ": "effective_performance_issue_same_index",
    "performance_sample_count : ": "effective_performance_sample_count",
    "accuracy_sample_count : ": "effective_accuracy_sample_count",
}
"""How a line begins, and the setting that it tells."""


def summary_text(report: Report) -> str:
    """The file's text; an accuracy run has but the last lines. Raises ValueError for a scenario without logs."""
    if not has_logs(report):
        raise ValueError(why_none(report))
    lines: list[str] = []
    if report.plan.stream.mode == "Performance":
        lines += [*_heading("MLPerf Results Summary"), *_result(report), ""]
        lines += [*_heading("Additional Stats"), *_stats(report), ""]
        lines += [*_heading("Test Parameters Used"), *_parameters(report)]
    lines += ["", counted(len(report.warnings), "warning"), "", counted(len(errors_of(report)), "error")]
    return "".join(f"{line}\n" for line in lines)


def _heading(text: str) -> list[str]:
    return [RULE, text, RULE]


def _result(report: Report) -> list[str]:
    scenario = report.plan.stream.scenario
    lines = [f"SUT name : {sut_name(report)}", f"Scenario : {scenario}", "Mode     : PerformanceOnly", _metric(report)]
    lines.append(f"Result is : {validity(report)}")
    if scenario == "Server":
        lines.append(f"  Performance constraints satisfied : {_yes(report, ReasonType.LATENCY_BOUND_EXCEEDED)}")
    lines += [
        f"  Min duration satisfied : {_yes(report, ReasonType.MIN_DURATION_NOT_MET)}",
        f"  Min queries satisfied : {_yes(report, ReasonType.MIN_QUERIES_NOT_MET)}",
        f"  Early stopping satisfied: {'Yes' if is_met(report) else 'NO'}",
    ]
    if report.verdict != "Valid":
        lines += ["Recommendations:", *(f" * {reason.message}" for reason in report.reasons)]
    found = stopping_lines(report)
    return [*lines, "Early Stopping Result:", *found] if found else lines


def _yes(report: Report, type_: ReasonType) -> str:
    return "Yes" if lacks(report, type_) else "NO"


def _metric(report: Report) -> str:
    result = report.result
    match result.metric:
        case "completed_samples_per_second":
            return _completed(result.value)
        case "scheduled_samples_per_second":
            return _scheduled(result.value)
        case "samples_per_second":
            return f"Samples per second: {_unless_none(result.value, six_digits)}"
        case "samples_per_query":
            return f"Samples per query : {_unless_none(result.value, six_digits)}"
        case "latency_at_percentile":
            # As it was measured; the estimate that is on the safe side stands with early stopping.
            percentile = ordinal_percentile(result.percentile)
            return f"{percentile} percentile latency (ns) : {_unless_none(result.latency.at_percentile_ns, str)}"


def _completed(rate: float | None) -> str:
    return f"Completed samples per second    : {_unless_none(rate, _two_places)}"


def _scheduled(rate: float | None) -> str:
    return f"Scheduled samples per second : {_unless_none(rate, _two_places)}"


def _stats(report: Report) -> list[str]:
    result, latency = report.result, report.result.latency
    lines: list[str] = []
    match report.plan.stream.scenario:
        case "SingleStream":
            lines += [
                f"QPS w/o loadgen overhead        : {_unless_none(rate_without_overhead(result), _two_places)}",
                "",
            ]
        case "MultiStream":
            lines.append("Per-query latency:  ")
        case "Server":
            is_scheduled = result.metric == "scheduled_samples_per_second"
            lines.append(_completed(completed_rate(result)) if is_scheduled else _scheduled(result.scheduled_qps))
    lines += [
        f"Max latency (ns)                : {_unless_none(latency.max_ns, str)}",
        f"Mean latency (ns)               : {_unless_none(latency.mean_ns, str)}",
    ]
    named = percentiles(latency).items()
    return lines + [f"{name} percentile latency (ns)   : {_unless_none(value, str)}" for name, value in named]


def _parameters(report: Report) -> list[str]:
    settings = settings_of(report)
    return [f"{beginning}{_shown(settings[key])}" for beginning, key in PARAMETERS.items()]


def _shown(value: LogValue) -> str:
    if isinstance(value, float):
        return six_digits(value)
    return str(int(value)) if isinstance(value, bool) else str(value)


def _two_places(value: float) -> str:
    return f"{value:.2f}"


def _unless_none[Number: float](value: Number | None, show: Callable[[Number], str]) -> str:
    """What is not known is called so: LoadGen always has a figure."""
    return "unknown" if value is None else show(value)

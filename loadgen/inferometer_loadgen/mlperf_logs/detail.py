"""mlperf_log_detail.txt from a report: what the submission checker reads, as far as the report knows it.

Never LoadGen's version, git and sha1 keys, which would pass our log off as the official package's.
"""

from inferometer_loadgen.mlperf_logs.line import LogValue, detail_line
from inferometer_loadgen.mlperf_logs.settings import effective_settings
from inferometer_loadgen.report.schema import Latency, Report

METRIC_KEYS = {"Server": "result_completed_samples_per_sec", "Offline": "result_samples_per_second"}
"""SingleStream's and MultiStream's metric is the estimate of early stopping."""

SCENARIOS = ("SingleStream", "MultiStream", "Server", "Offline")


def detail_text(report: Report) -> str:
    """The file's text. Raises ValueError for a scenario that MLPerf does not have."""
    scenario = report.plan.stream.scenario
    if scenario not in SCENARIOS:
        raise ValueError(f"scenario {scenario}: MLPerf has no logs of it; take one of {', '.join(SCENARIOS)}")
    values = _origin(report) | _settings(report) | _results(report)
    return "".join(detail_line(key, value, time_ms=0.0) + "\n" for key, value in values.items())


def _origin(report: Report) -> dict[str, LogValue]:
    return {
        "inferometer_version": report.versions.inferometer,
        "test_datetime": report.start_time,
        "sut_name": f"{report.plan.model.name} on {report.versions.server or 'an unnamed server'}",
    }


def _settings(report: Report) -> dict[str, LogValue]:
    settings = effective_settings(report.plan.stream, report.plan.judge)
    if report.plan.stream.scenario == "Offline":
        # LoadGen's Offline is one query of all samples.
        settings |= {"effective_samples_per_query": report.result.samples, "effective_min_query_count": 1}
    return settings


def _results(report: Report) -> dict[str, LogValue]:
    result, scenario = report.result, report.plan.stream.scenario
    values: dict[str, LogValue] = {
        "result_validity": "VALID" if report.verdict == "Valid" else "INVALID",
        "result_query_count": 1 if scenario == "Offline" else result.queries,
    }
    if scenario in METRIC_KEYS and result.value is not None:
        values[METRIC_KEYS[scenario]] = result.value
    return values | _latencies(result.latency)


def _latencies(latency: Latency) -> dict[str, LogValue]:
    """Those that are known: a percentile that falls on a failed query is not."""
    figures = {
        "result_max_latency_ns": latency.max_ns,
        "result_mean_latency_ns": latency.mean_ns,
        "result_50.00_percentile_latency_ns": latency.p50_ns,
        "result_90.00_percentile_latency_ns": latency.p90_ns,
        "result_95.00_percentile_latency_ns": latency.p95_ns,
        "result_97.00_percentile_latency_ns": latency.p97_ns,
        "result_99.00_percentile_latency_ns": latency.p99_ns,
        "result_99.90_percentile_latency_ns": latency.p999_ns,
    }
    return {key: value for key, value in figures.items() if value is not None}

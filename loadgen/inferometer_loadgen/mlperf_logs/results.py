"""What a detail log tells of the result, as far as the report knows it. An accuracy run has none."""

from inferometer_loadgen.mlperf_logs.line import LogValue
from inferometer_loadgen.mlperf_logs.numbers import plain
from inferometer_loadgen.mlperf_logs.stopping import is_met, stopping_lines
from inferometer_loadgen.report.schema import Latency, Report, Result
from inferometer_loadgen.verdict.reasons import ReasonType

NS_PER_S = 1e9


def results_of(report: Report) -> dict[str, LogValue]:
    """By key, in LoadGen's order; empty of an accuracy run."""
    if report.plan.stream.mode == "Accuracy":
        return {}
    result, scenario = report.result, report.plan.stream.scenario
    values: dict[str, LogValue] = {"result_validity": validity(report)}
    if scenario == "Server":
        values["result_perf_constraints_met"] = lacks(report, ReasonType.LATENCY_BOUND_EXCEEDED)
    values |= {
        "result_min_duration_met": lacks(report, ReasonType.MIN_DURATION_NOT_MET),
        "result_min_queries_met": lacks(report, ReasonType.MIN_QUERIES_NOT_MET),
        "early_stopping_met": is_met(report),
    }
    if report.verdict != "Valid":
        values["result_invalid_reason"] = " ".join(reason.message for reason in report.reasons)
    values["early_stopping_result"] = " ".join(stopping_lines(report))
    values["result_query_count"] = 1 if scenario == "Offline" else result.queries
    return values | _metrics(report) | _latencies(result.latency)


def validity(report: Report) -> str:
    """VALID or INVALID; what is Inconclusive is not valid."""
    return "VALID" if report.verdict == "Valid" else "INVALID"


def lacks(report: Report, type_: ReasonType) -> bool:
    """Whether the verdict has no such reason."""
    return all(reason.type != type_ for reason in report.reasons)


def completed_rate(result: Result) -> float | None:
    """Server's completed samples a second; by v0.5, whose result is another rate, it runs to the last answer."""
    return result.value if result.metric == "completed_samples_per_second" else result.completed_qps


def rate_without_overhead(result: Result) -> float | None:
    """Queries a second if the next came at once, which SingleStream's log tells."""
    return NS_PER_S / result.latency.mean_ns if result.latency.mean_ns else None


def _metrics(report: Report) -> dict[str, LogValue]:
    result = report.result
    stopping = result.early_stopping
    estimate_ns = 0 if stopping is None else stopping.estimate_ns or 0
    match report.plan.stream.scenario:
        case "SingleStream":
            # The second is of the 99th percentile, from which the checker infers MultiStream: 0 is LoadGen's none.
            found = _known({"result_qps_without_loadgen_overhead": rate_without_overhead(result)})
            return found | {"early_stopping_latency_ss": estimate_ns, "early_stopping_latency_ms": 0}
        case "MultiStream":
            return _of_queries(result.latency) | {"early_stopping_latency_ms": estimate_ns}
        case "Server":
            return _known(
                {
                    "result_overlatency_query_count": None if stopping is None else stopping.over,
                    "result_scheduled_samples_per_sec": result.scheduled_qps,
                    "result_completed_samples_per_sec": completed_rate(result),
                }
            )
        case _:
            return _known({"result_samples_per_second": result.value})


def _of_queries(latency: Latency) -> dict[str, LogValue]:
    named = {f"result_{name}_percentile_per_query_latency_ns": value for name, value in percentiles(latency).items()}
    return _known(
        {"result_max_query_latency_ns": latency.max_ns, "result_mean_query_latency_ns": latency.mean_ns} | named
    )


def _latencies(latency: Latency) -> dict[str, LogValue]:
    """Of samples, which are answered with their query, so that both have the same percentiles."""
    named = {f"result_{name}_percentile_latency_ns": value for name, value in percentiles(latency).items()}
    return _known({"result_max_latency_ns": latency.max_ns, "result_mean_latency_ns": latency.mean_ns} | named)


def percentiles(latency: Latency) -> dict[str, int | None]:
    """By LoadGen's name of each."""
    return {
        "50.00": latency.p50_ns,
        "90.00": latency.p90_ns,
        "95.00": latency.p95_ns,
        "97.00": latency.p97_ns,
        "99.00": latency.p99_ns,
        "99.90": latency.p999_ns,
    }


def _known(
    figures: dict[str, int | None] | dict[str, float | None] | dict[str, int | float | None],
) -> dict[str, LogValue]:
    """Without what the report does not know: a percentile that falls on a failed query, the rate of no answer."""
    return {key: plain(value) for key, value in figures.items() if value is not None}

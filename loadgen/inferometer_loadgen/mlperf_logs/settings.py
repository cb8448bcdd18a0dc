"""The settings that a detail log tells (loadgen 6.0.17, keys `effective_*`), of which the submission checker reads ten.

LoadGen's `requested_*` are what its configuration files ask for; a plan has none of them.
"""

from msgspec.structs import replace

from inferometer_loadgen.mlperf_logs.line import LogValue
from inferometer_loadgen.mlperf_logs.numbers import plain
from inferometer_loadgen.plan import JudgePlan, StreamPlan
from inferometer_loadgen.report.schema import Report
from inferometer_loadgen.stream.lengths import offline_samples, set_size

NS_PER_MS = 1_000_000


def settings_of(report: Report) -> dict[str, LogValue]:
    """Those of the run that the result tells of: at the peak, its rate instead of the highest that was tried."""
    stream = report.plan.stream
    if report.plan.find_peak is not None:
        for item in (item for item in report.rounds if item.result == report.result):
            stream = replace(stream, target_qps=item.target_qps, samples_per_query=item.samples_per_query)
    return effective_settings(stream, report.plan.judge)


def effective_settings(stream: StreamPlan, judge: JudgePlan) -> dict[str, LogValue]:
    """By key, in LoadGen's order."""
    is_offline, is_server = stream.scenario == "Offline", stream.scenario == "Server"
    min_duration_ms = stream.min_duration_ns // NS_PER_MS
    # LoadGen's Offline is one query of all samples. In an accuracy run it tells what a performance run would have had.
    per_query = (
        offline_samples(replace(stream, mode="Performance"), set_size(stream))
        if is_offline
        else stream.samples_per_query
    )
    log = stream.accuracy_log
    min_queries = 1 if is_offline else stream.min_queries
    return {
        "effective_scenario": stream.scenario,
        "effective_test_mode": test_mode(stream),
        "effective_samples_per_query": per_query,
        "effective_target_qps": plain(stream.target_qps),
        "effective_target_latency_ns": judge.latency_bound_ns if is_server else 0,
        "effective_target_latency_percentile": judge.latency_percentile,
        # 0 is without a limit.
        "effective_max_async_queries": 0 if is_server else 1,
        "effective_target_duration_ms": 0 if is_offline else min_duration_ms,
        "effective_min_duration_ms": min_duration_ms,
        "effective_max_duration_ms": 0,
        "effective_min_query_count": min_queries,
        "effective_max_query_count": 0,
        "effective_min_sample_count": min_queries * per_query,
        "effective_qsl_rng_seed": stream.seeds.qsl,
        "effective_sample_index_rng_seed": stream.seeds.sample_index,
        "effective_schedule_rng_seed": stream.seeds.schedule,
        "effective_accuracy_log_rng_seed": 0 if log is None else log.seed,
        # LoadGen tells the number that is aimed at, or the probability that was given.
        "effective_accuracy_log_probability": 0 if log is None or log.sampling_target else plain(log.probability),
        "effective_accuracy_log_sampling_target": 0 if log is None else log.sampling_target,
        "effective_print_timestamps": False,
        "effective_performance_issue_unique": stream.order == "Unique",
        "effective_performance_issue_same": stream.order == "Same",
        "effective_performance_issue_same_index": stream.same_index,
        "effective_performance_sample_count": stream.performance_samples,
        "effective_accuracy_sample_count": stream.total_samples,
        "effective_sample_concatenate_permutation": stream.order == "Permutations",
    }


def test_mode(stream: StreamPlan) -> str:
    """LoadGen's name of the mode."""
    return f"{stream.mode}Only"

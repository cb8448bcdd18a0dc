"""The settings that the submission checker reads in a detail log (loadgen 6.0.17, keys `effective_*`)."""

from inferometer_loadgen.mlperf_logs.line import LogValue
from inferometer_loadgen.plan import JudgePlan, StreamPlan

NS_PER_MS = 1_000_000


def effective_settings(stream: StreamPlan, judge: JudgePlan) -> dict[str, LogValue]:
    """By key, in LoadGen's order; of SingleStream, MultiStream and Server."""
    return {
        "effective_scenario": stream.scenario,
        "effective_test_mode": f"{stream.mode}Only",
        "effective_samples_per_query": stream.samples_per_query,
        "effective_target_latency_ns": judge.latency_bound_ns if stream.scenario == "Server" else 0,
        "effective_min_duration_ms": stream.min_duration_ns // NS_PER_MS,
        "effective_min_query_count": stream.min_queries,
        "effective_qsl_rng_seed": stream.seeds.qsl,
        "effective_sample_index_rng_seed": stream.seeds.sample_index,
        "effective_schedule_rng_seed": stream.seeds.schedule,
        "effective_performance_sample_count": stream.performance_samples,
        "effective_sample_concatenate_permutation": stream.order == "Permutations",
    }

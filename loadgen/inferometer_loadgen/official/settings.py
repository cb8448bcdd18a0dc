"""From a plan to the settings of a LoadGen run, by the names of its API (loadgen 6.0.17, test_settings.h)."""

from msgspec import Struct

from inferometer_loadgen.plan import Plan

NS_PER_MS = 1_000_000
EXPECTED_NS = {"SingleStream": 1_000_000, "MultiStream": 8_000_000}
"""LoadGen's own, where no warm-up has shown how long a query takes."""


class OfficialSettings(Struct, frozen=True, kw_only=True):
    """All that LoadGen is told of a run: by its API alone, never by files of a user's."""

    scenario: str
    mode: str
    values: dict[str, int | float]
    """By the names of TestSettings."""
    total_samples: int
    performance_samples: int


def settings_of(plan: Plan, warm_latency_ns: int | None) -> OfficialSettings:
    """The settings of a plan's round. `warm_latency_ns`: the median of a warm-up; None without one.

    It is what LoadGen calls the expected latency of a closed loop. For half of it LoadGen lays out queries before it
    begins, each of 320 bytes, and it cannot send more.
    """
    stream, judge = plan.stream, plan.judge
    expected_ns = EXPECTED_NS.get(stream.scenario, 0) if warm_latency_ns is None else warm_latency_ns
    values: dict[str, int | float] = {
        "min_duration_ms": stream.min_duration_ns // NS_PER_MS,
        "min_query_count": stream.min_queries,
        "qsl_rng_seed": stream.seeds.qsl,
        "sample_index_rng_seed": stream.seeds.sample_index,
        "schedule_rng_seed": stream.seeds.schedule,
        "performance_issue_unique": stream.order == "Unique",
        "performance_issue_same": stream.order == "Same",
        "performance_issue_same_index": stream.same_index,
        "sample_concatenate_permutation": stream.order == "Permutations",
    }
    match stream.scenario:
        case "Server":
            values["server_target_qps"] = stream.target_qps
            values["server_target_latency_ns"] = judge.latency_bound_ns
            values["server_target_latency_percentile"] = judge.latency_percentile
        case "Offline":
            values["offline_expected_qps"] = stream.target_qps
        case "SingleStream":
            values["single_stream_expected_latency_ns"] = max(1, expected_ns)
            values["single_stream_target_latency_percentile"] = judge.latency_percentile
        case "MultiStream":
            values["multi_stream_expected_latency_ns"] = max(1, expected_ns)
            values["multi_stream_target_latency_percentile"] = judge.latency_percentile
            values["multi_stream_samples_per_query"] = stream.samples_per_query
        case _:
            raise ValueError(f"LoadGen has no scenario {stream.scenario}")
    return OfficialSettings(
        scenario=stream.scenario,
        mode=f"{stream.mode}Only",
        values=values,
        total_samples=stream.total_samples,
        performance_samples=stream.performance_samples,
    )

"""Our logs hold what the official LoadGen's hold of the same records, but for what is left out and why."""

from pathlib import Path
from typing import Any

import pytest

from unit.mlperf_logs.official_logs import Logs, Scenario, both_logs

LEFT_OUT = {
    "loadgen_version": "it would pass our log off as LoadGen's",
    "loadgen_build_date_local": "likewise",
    "loadgen_build_date_utc": "likewise",
    "loadgen_git_commit_date": "likewise",
    "loadgen_git_log_message": "likewise",
    "loadgen_git_status_message": "likewise",
    "loadgen_file_sha1": "likewise",
    "get_sut_name_duration_ns": "the name is not asked of the system",
    "generic_message": "it tells the course of LoadGen's own programme",
    "error_runtime": "here it is a limit of queries that we do not have; ours tells failed queries",
    "warning_generic_message": "it is of LoadGen's own memory",
    "loaded_qsl_set": "it follows from the seed",
    "generated_query_count": "what a closed loop generates ahead is not in the report",
    "generated_samples_per_query": "likewise",
    "generated_query_duration": "likewise",
    "power_begin": "no power is measured",
    "power_end": "likewise",
    "result_qps_with_loadgen_overhead": "the report has no time of the last query's issue",
    "result_min_latency_ns": "the report has no least latency",
    "result_min_query_latency_ns": "likewise",
}
"""And all `requested_*`, which are what LoadGen's configuration files ask for, and `logger_*`, its own queues."""

CHECKED = frozenset(
    {
        "effective_scenario", "effective_samples_per_query", "effective_performance_sample_count",
        "effective_qsl_rng_seed", "effective_sample_index_rng_seed", "effective_schedule_rng_seed",
        "effective_min_query_count", "effective_min_duration_ms", "effective_sample_concatenate_permutation",
        "effective_target_latency_ns", "sut_name", "result_validity", "early_stopping_met",
    }
)  # fmt: skip
"""What the submission checker reads of every scenario."""

METRICS = {
    "SingleStream": "early_stopping_latency_ss",
    "MultiStream": "early_stopping_latency_ms",
    "Server": "result_completed_samples_per_sec",
    "Offline": "result_samples_per_second",
}

OURS = {"inferometer_version", "test_datetime", "sut_name", "qsl_name"}
"""Whose values are our own. LoadGen's remedies are too."""

SIX_DIGITS = 1e-5

RUNS = [
    pytest.param("SingleStream", 200, {}, id="SingleStream"),
    pytest.param("SingleStream", 40, {}, id="SingleStream, too few"),
    pytest.param("MultiStream", 700, {}, id="MultiStream"),
    pytest.param("MultiStream", 200, {}, id="MultiStream, too few"),
    pytest.param("Server", 600, {}, id="Server"),
    pytest.param("Server", 200, {}, id="Server, too few"),
    pytest.param("Server", 600, {"bound_ns": 1}, id="Server, too slow"),
    pytest.param(
        "Server", 600, {"delays_ns": (*[0] * 149, 60_000_000), "bound_ns": 50_000_000}, id="Server, some slow"
    ),
    pytest.param("Offline", 200, {}, id="Offline"),
]


@pytest.mark.parametrize(("scenario", "queries", "settings"), RUNS)
def test_the_logs_are_those_of_the_official_loadgen(
    scenario: Scenario, queries: int, settings: dict[str, Any], tmp_path: Path
) -> None:
    logs = both_logs(scenario, queries, tmp_path, **settings)
    left_out = {key for key in logs.official_detail if key in LEFT_OUT or key.startswith(("requested_", "logger_"))}
    assert logs.detail.keys() >= CHECKED | {METRICS[scenario]}
    assert logs.official_detail.keys() - left_out == logs.detail.keys() - {"inferometer_version"}
    limits = {"effective_max_query_count"} if scenario == "Server" else set()  # a limit that the oracle is given
    own = OURS | limits | {"result_invalid_reason", "num_errors"}
    for key, value in logs.detail.items():
        if key != "inferometer_version":
            assert is_same_type(value, logs.official_detail[key]), key
        if key not in own:
            expected = logs.official_detail[key]
            assert value == (pytest.approx(expected, rel=SIX_DIGITS) if isinstance(value, float) else expected), key
    assert_same_summary(logs)


def is_same_type(one: object, other: object) -> bool:
    """LoadGen writes a double without a fraction as it writes an integer."""
    is_number = [isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other)]
    return all(is_number) or type(one) is type(other)


def assert_same_summary(logs: Logs) -> None:
    """Line by line, but for names, figures that the report lacks, our remedies and LoadGen's own troubles."""
    beginnings = (
        "SUT name", "QPS w/ ", "Min latency", "max_query_count", " * Reduce", " * Increase", " * The",
        "No errors", "No warnings", *(f" * {reason.message}" for reason in logs.report.reasons),
    )  # fmt: skip
    # How many warnings of its own LoadGen has depends on how it was let run: thousands on a busy machine.
    counted = "encountered. See detailed log."
    official, ours = (
        [line for line in lines if not line.startswith(beginnings) and not line.endswith(counted)]
        for lines in (logs.official_summary, logs.summary)
    )
    assert ours == official


def test_no_log_claims_to_be_the_official_packages(tmp_path: Path) -> None:
    keys = both_logs("Server", 200, tmp_path).detail.keys()
    assert not [key for key in keys if key.startswith("loadgen_") or "git" in key or "sha1" in key]
    assert "inferometer_version" in keys

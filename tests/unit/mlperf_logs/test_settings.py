"""The settings in our detail log are those that the official LoadGen writes when it is given the same."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Literal

import pytest

from inferometer_loadgen.mlperf_logs.line import PREFIX, detail_line
from inferometer_loadgen.mlperf_logs.settings import effective_settings
from inferometer_loadgen.plan import AccuracyLog, JudgePlan, Seeds, StreamPlan

SCRIPT = Path(__file__).parents[1] / "stream" / "run_official.py"


@pytest.mark.parametrize(
    ("scenario", "per_query"), [("SingleStream", 1), ("MultiStream", 8), ("Server", 1), ("Offline", 1)]
)
@pytest.mark.parametrize("mode", ["Performance", "Accuracy"])
@pytest.mark.parametrize(
    "log", [None, AccuracyLog(seed=7, probability=0.1), AccuracyLog(seed=7, probability=0.2, sampling_target=4)]
)
def test_equal_settings_are_logged_equally(
    scenario: Literal["SingleStream", "MultiStream", "Server", "Offline"],
    mode: Literal["Performance", "Accuracy"],
    per_query: int,
    log: AccuracyLog | None,
    tmp_path: Path,
) -> None:
    stream = StreamPlan(
        scenario=scenario, mode=mode, seeds=Seeds(qsl=1, sample_index=2, schedule=3), target_qps=1000.0,
        min_duration_ns=20_000_000, min_queries=20, total_samples=16, performance_samples=16,
        samples_per_query=per_query, accuracy_log=log,
    )  # fmt: skip
    judge = JudgePlan(
        latency_bound_ns=10**9, latency_percentile=0.9 if scenario == "SingleStream" else 0.99,
        min_duration_ns=20_000_000, min_queries=20,
    )  # fmt: skip
    settings = {
        "qsl_rng_seed": 1, "sample_index_rng_seed": 2, "schedule_rng_seed": 3, "server_target_qps": 1000.0,
        "min_duration_ms": 20, "min_query_count": 20, "multi_stream_samples_per_query": 8,
        "multi_stream_expected_latency_ns": 1_000_000, "offline_expected_qps": 1000.0,
    }  # fmt: skip
    if log is not None:
        settings |= {"accuracy_log_rng_seed": log.seed}
        settings |= (
            {"accuracy_log_sampling_target": log.sampling_target}
            if log.sampling_target
            else {"accuracy_log_probability": log.probability}
        )
    arguments = json.dumps([scenario, mode, settings, 16, 16])
    subprocess.run([sys.executable, SCRIPT, arguments], cwd=tmp_path, check=True, timeout=30)
    lines = (tmp_path / "mlperf_log_detail.txt").read_text().splitlines()
    official = [json.loads(line.removeprefix(PREFIX)) for line in lines]
    values = {line["key"]: line["value"] for line in official}
    ours = effective_settings(stream, judge)
    assert ours == {key: values[key] for key in ours}
    assert list(ours) == [key for key in values if key in ours]


def test_a_line_has_the_official_fields() -> None:
    line = detail_line("sut_name", "Triton", time_ms=0.5)
    assert line.startswith(":::MLLOG {")
    content = json.loads(line.removeprefix(PREFIX))
    assert list(content) == ["key", "value", "time_ms", "namespace", "event_type", "metadata"]
    assert list(content["metadata"]) == ["is_error", "is_warning", "file", "line_no", "pid", "tid"]

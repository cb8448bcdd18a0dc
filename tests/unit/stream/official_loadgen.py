"""The official LoadGen (mlcommons-loadgen from PyPI) as an oracle: it runs a plan's settings and tells all of it.

Each run is a process of its own in a folder of its own, since bad settings abort the process and the logs have fixed
names. The samples are those of its callbacks; Server's times are read from LoadGen's own trace.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import StreamPlan

SAMPLE_BEGINS = re.compile(
    r'"name":"Sample".*"ph":"b".*"ts":(\d+)\.(\d{3}),'
    r'.*"query_seq":(\d+),"sample_idx":(\d+),"issue_start_ns":(-?\d+),"complete_ns":(\d+)'
)
"""One event a query in the trace: when it was due (in microseconds with three decimals), for which sample, and how many
nanoseconds after it was due it was issued and completed."""

RESULT = re.compile(r'"key": "result_(\w[\w.]*)", "value": ([\d.e+]+),')
"""A figure in LoadGen's detail log."""

GENERATED = re.compile(r'"key": "generated_query_count", "value": (\d+),')
"""In the detail log: how many queries there would have been, of which a closed loop may send fewer."""

SCRIPT = Path(__file__).with_name("run_official.py")
LIMIT_S = 30


@dataclass(frozen=True)
class OfficialQueries:
    """What LoadGen loads and asks."""

    loaded: NDArray[np.int64]
    """All sets, one after another."""
    sample: NDArray[np.int64]
    """Of all queries, one after another."""
    generated: int
    """Queries, sent or not."""


@dataclass(frozen=True)
class OfficialRun:
    """A performance run of Server."""

    loaded: NDArray[np.int64]
    sample: NDArray[np.int64]
    scheduled_ns: NDArray[np.int64]
    sent_ns: NDArray[np.int64]
    done_ns: NDArray[np.int64]
    results: dict[str, float]
    """LoadGen's own figures, by their key in the detail log without `result_`."""


def official_queries(plan: StreamPlan, folder: Path) -> OfficialQueries:
    """What the official LoadGen asks for `plan`, whose closed loops need a rate; `folder` takes its logs."""
    # LoadGen takes whole milliseconds only.
    assert plan.min_duration_ns % 1_000_000 == 0
    assert plan.dialect == "loadgen-6.0"
    expected_latency_ns = round(1e9 / plan.target_qps)
    settings = {
        "server_target_qps": plan.target_qps,
        "offline_expected_qps": plan.target_qps,
        "single_stream_expected_latency_ns": expected_latency_ns,
        "multi_stream_expected_latency_ns": expected_latency_ns,
        "multi_stream_samples_per_query": plan.samples_per_query,
        "min_duration_ms": plan.min_duration_ns // 1_000_000,
        "min_query_count": plan.min_queries,
        "qsl_rng_seed": plan.seeds.qsl,
        "sample_index_rng_seed": plan.seeds.sample_index,
        "schedule_rng_seed": plan.seeds.schedule,
        "performance_issue_unique": plan.order == "Unique",
        "performance_issue_same": plan.order == "Same",
        "performance_issue_same_index": plan.same_index,
        "sample_concatenate_permutation": plan.order == "Permutations",
    }
    if (log := plan.accuracy_log) is not None:
        # LoadGen reckons the probability itself where it is given a number to aim at.
        settings |= {"accuracy_log_rng_seed": log.seed}
        settings |= (
            {"accuracy_log_sampling_target": log.sampling_target}
            if log.sampling_target
            else {"accuracy_log_probability": log.probability}
        )
    arguments = [plan.scenario, plan.mode, settings, plan.total_samples, plan.performance_samples]
    subprocess.run([sys.executable, SCRIPT, json.dumps(arguments)], cwd=folder, check=True, timeout=LIMIT_S)
    generated = GENERATED.findall((folder / "mlperf_log_detail.txt").read_text())
    return OfficialQueries(
        loaded=_flat(folder / "loaded.json"),
        sample=_flat(folder / "asked.json"),
        generated=sum(int(count) for count in generated),
    )


def official_log(folder: Path) -> list[tuple[int, int]]:
    """What a run has logged of its answers: the place in the stream and the sample of each, in the order of places."""
    logged = json.loads((folder / "mlperf_log_accuracy.json").read_text())
    return sorted((entry["seq_id"], entry["qsl_idx"]) for entry in logged)


def official_run(plan: StreamPlan, folder: Path) -> OfficialRun:
    """What the official LoadGen sends, records and reports for Server's `plan`; `folder` takes its logs."""
    queries = official_queries(plan, folder)
    events = SAMPLE_BEGINS.findall((folder / "mlperf_log_trace.json").read_text())
    columns = np.array(
        [
            (query, sample, micros * 1000 + nanos, issued, completed)
            for micros, nanos, query, sample, issued, completed in (map(int, event) for event in events)
        ],
        dtype=np.int64,
    )
    columns = columns[np.argsort(columns[:, 0])]
    assert np.array_equal(columns[:, 0], np.arange(len(columns))), "the trace does not tell of every query once"
    scheduled_ns = columns[:, 2] - columns[0, 2]
    figures = RESULT.findall((folder / "mlperf_log_detail.txt").read_text())
    return OfficialRun(
        loaded=queries.loaded,
        sample=columns[:, 1],
        scheduled_ns=scheduled_ns,
        sent_ns=scheduled_ns + columns[:, 3],
        done_ns=scheduled_ns + columns[:, 4],
        results={key: float(value) for key, value in figures},
    )


def _flat(path: Path) -> NDArray[np.int64]:
    return np.array(list(chain.from_iterable(json.loads(path.read_text()))), dtype=np.int64)

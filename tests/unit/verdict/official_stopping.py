"""The official LoadGen as an oracle of early stopping: it answers chosen delays with a verdict and an estimate."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inferometer_loadgen.verdict import Measured

SAMPLE = re.compile(r'"name":"Sample".*"ph":"b".*"ts":(\d+)\.(\d{3}),.*"query_seq":(\d+),.*"complete_ns":(\d+)')
FACT = re.compile(r'"key": "(early_stopping_met|early_stopping_latency_s*m*s|result_[\w.]+)", "value": ("?[\w.+]+"?),')
SCRIPT = Path(__file__).with_name("run_delayed.py")
LIMIT_S = 60


@dataclass(frozen=True)
class OfficialVerdict:
    """What LoadGen recorded, and what it made of it."""

    measured: Measured
    is_valid: bool
    early_stopping_met: bool
    figures: dict[str, str | float | bool]
    """By their key in the detail log."""


def official_verdict(
    scenario: str, queries: int, delays_ns: list[int], folder: Path, **settings: float
) -> OfficialVerdict:
    """LoadGen's verdict on so many queries, the i-th answered after its delay (they are repeated where too few)."""
    everywhere = {
        "single_stream_expected_latency_ns": 100_000,
        "multi_stream_expected_latency_ns": 100_000,
        "min_duration_ms": 0,
        "min_query_count": queries,
        "max_query_count": queries,
    }
    arguments = [scenario, everywhere | settings, delays_ns]
    subprocess.run([sys.executable, SCRIPT, json.dumps(arguments)], cwd=folder, check=True, timeout=LIMIT_S)
    figures = {key: json.loads(value) for key, value in FACT.findall((folder / "mlperf_log_detail.txt").read_text())}
    return OfficialVerdict(
        measured=_measured(queries, (folder / "mlperf_log_trace.json").read_text()),
        is_valid=figures["result_validity"] == "VALID",
        early_stopping_met=bool(figures["early_stopping_met"]),
        figures=figures,
    )


def _measured(queries: int, trace: str) -> Measured:
    scheduled_ns, done_ns = np.zeros(queries, np.int64), np.zeros(queries, np.int64)
    for micros, nanos, query, completed in (map(int, found) for found in SAMPLE.findall(trace)):
        scheduled_ns[query] = micros * 1000 + nanos
        # A query of several samples is answered with the last of them.
        done_ns[query] = max(done_ns[query], scheduled_ns[query] + completed)
    return Measured(
        index=np.arange(queries),
        scheduled_ns=scheduled_ns,
        sent_ns=scheduled_ns,
        done_ns=done_ns,
        status=np.zeros(queries, dtype=np.int8),
        servers=(),
    )

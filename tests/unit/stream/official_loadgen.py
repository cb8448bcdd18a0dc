"""The official LoadGen (mlcommons-loadgen from PyPI) as an oracle: it runs a plan's settings and tells its stream.

Each run is a process of its own in a folder of its own, since bad settings abort the process and the logs have fixed
names. The samples and the times are read from LoadGen's own trace.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import StreamPlan

SAMPLE_BEGINS = re.compile(r'"name":"Sample".*"ph":"b".*"ts":(\d+)\.(\d{3}),.*"query_seq":(\d+),"sample_idx":(\d+),')
"""One event a query in the trace: when it was due, in microseconds with three decimals, and for which sample."""

SCRIPT = Path(__file__).with_name("run_official.py")
LIMIT_S = 30


@dataclass(frozen=True)
class OfficialStream:
    loaded: NDArray[np.int64]
    sample: NDArray[np.int64]
    scheduled_ns: NDArray[np.int64]


def official_stream(plan: StreamPlan, folder: Path) -> OfficialStream:
    """What the official LoadGen sends for `plan`; `folder` takes its logs. LoadGen takes whole milliseconds only."""
    assert plan.min_duration_ns % 1_000_000 == 0
    settings = {
        "server_target_qps": plan.target_qps,
        "min_duration_ms": plan.min_duration_ns // 1_000_000,
        "min_query_count": plan.min_queries,
        "qsl_rng_seed": plan.seeds.qsl,
        "sample_index_rng_seed": plan.seeds.sample_index,
        "schedule_rng_seed": plan.seeds.schedule,
    }
    arguments = json.dumps([settings, plan.total_samples, plan.performance_samples])
    subprocess.run([sys.executable, SCRIPT, arguments], cwd=folder, check=True, timeout=LIMIT_S)
    events = SAMPLE_BEGINS.findall((folder / "mlperf_log_trace.json").read_text())
    columns = np.array(
        [(int(query), int(sample), int(micros) * 1000 + int(nanos)) for micros, nanos, query, sample in events],
        dtype=np.int64,
    )
    columns = columns[np.argsort(columns[:, 0])]
    assert np.array_equal(columns[:, 0], np.arange(len(columns))), "the trace does not tell of every query once"
    return OfficialStream(
        loaded=np.array(json.loads((folder / "loaded.json").read_text()), dtype=np.int64),
        sample=columns[:, 1],
        scheduled_ns=columns[:, 2] - columns[0, 2],
    )

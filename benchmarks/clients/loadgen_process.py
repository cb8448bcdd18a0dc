"""One run of the official LoadGen: an order as JSON in, the issue delay as JSON out. Its seeds are ours."""

import gc
import os
import re
import sys
from pathlib import Path

import mlperf_loadgen as lg
import msgspec
import numpy as np

from benchmarks.clients.loadgen import IssueDelay, LoadGenOrder
from inferometer_loadgen.plan import Seeds

SAMPLES = 64
_ISSUED = re.compile(r'"issue_start_ns":(-?\d+)')


def main() -> None:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=LoadGenOrder)
    settings = lg.TestSettings()
    settings.scenario, settings.mode = lg.TestScenario.Server, lg.TestMode.PerformanceOnly
    settings.server_target_qps = order.rate
    settings.server_target_latency_ns = 10**9
    settings.min_duration_ms, settings.min_query_count = order.seconds * 1_000, 1
    seeds = Seeds()
    settings.qsl_rng_seed, settings.sample_index_rng_seed = seeds.qsl, seeds.sample_index
    settings.schedule_rng_seed = seeds.schedule
    log = lg.LogSettings()
    log.enable_trace = True
    output = lg.LogOutputSettings()
    output.outdir, output.copy_summary_to_stdout = order.folder, False
    log.log_output = output

    def answer_at_once(queries: list[lg.QuerySample]) -> None:
        lg.QuerySamplesComplete([lg.QuerySampleResponse(query.id, 0, 0) for query in queries])

    system = lg.ConstructSUT(answer_at_once, lambda: None)
    library = lg.ConstructQSL(SAMPLES, SAMPLES, lambda _: None, lambda _: None)
    gc.collect()
    gc.disable()
    # LoadGen talks on stdout, which is where our own answer goes.
    answer = os.dup(1)
    os.dup2(2, 1)
    lg.StartTestWithLogSettings(system, library, settings, log, "")
    trace = (Path(order.folder) / "mlperf_log_trace.json").read_text()
    delay = np.sort(np.array(_ISSUED.findall(trace), dtype=np.int64))
    result = IssueDelay(len(delay), int(delay[len(delay) // 2]), int(delay[len(delay) * 99 // 100]))
    os.write(answer, msgspec.json.encode(result))


if __name__ == "__main__":
    main()

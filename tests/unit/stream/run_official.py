"""Runs the official LoadGen once, with an answer at once to every query; started as a script by official_loadgen.py.

It imports nothing but LoadGen, so that a run takes a tenth of a second. The logs and the loaded set go to the current
folder.
"""

import json
import sys
from pathlib import Path

import mlperf_loadgen as lg


def run_official(settings: dict[str, int | float], total_samples: int, performance_samples: int) -> None:
    test = lg.TestSettings()
    test.scenario = lg.TestScenario.Server
    test.mode = lg.TestMode.PerformanceOnly
    test.server_target_latency_ns = 10**9
    for name, value in settings.items():
        setattr(test, name, value)
    output = lg.LogOutputSettings()
    output.outdir = "."
    output.copy_summary_to_stdout = False
    log = lg.LogSettings()
    log.log_output = output
    log.enable_trace = True

    def answer_at_once(queries: list[lg.QuerySample]) -> None:
        lg.QuerySamplesComplete([lg.QuerySampleResponse(query.id, 0, 0) for query in queries])

    def load(samples: list[int]) -> None:
        Path("loaded.json").write_text(json.dumps(list(samples)))

    system = lg.ConstructSUT(answer_at_once, lambda: None)
    library = lg.ConstructQSL(total_samples, performance_samples, load, lambda samples: None)
    lg.StartTestWithLogSettings(system, library, test, log)


if __name__ == "__main__":
    run_official(*json.loads(sys.argv[1]))

"""Runs the official LoadGen once, with an answer at once to every query; started as a script by official_loadgen.py.

It imports nothing but LoadGen, so that a run takes a tenth of a second. What it asked goes to the current folder, as
LoadGen's logs do.
"""

import json
import sys
from pathlib import Path

import mlperf_loadgen as lg


def run_official(
    scenario: str, mode: str, settings: dict[str, int | float], total_samples: int, performance_samples: int
) -> None:
    test = lg.TestSettings()
    test.scenario = getattr(lg.TestScenario, scenario)
    test.mode = getattr(lg.TestMode, f"{mode}Only")
    test.server_target_latency_ns = 10**9
    for name, value in settings.items():
        setattr(test, name, value)
    output = lg.LogOutputSettings()
    output.outdir = "."
    output.copy_summary_to_stdout = False
    log = lg.LogSettings()
    log.log_output = output
    log.enable_trace = scenario == "Server"
    asked: list[list[int]] = []
    loaded: list[list[int]] = []

    def answer_at_once(queries: list[lg.QuerySample]) -> None:
        asked.append([query.index for query in queries])
        lg.QuerySamplesComplete([lg.QuerySampleResponse(query.id, 0, 0) for query in queries])

    system = lg.ConstructSUT(answer_at_once, lambda: None)
    library = lg.ConstructQSL(
        total_samples, performance_samples, lambda samples: loaded.append(list(samples)), lambda samples: None
    )
    lg.StartTestWithLogSettings(system, library, test, log)
    Path("loaded.json").write_text(json.dumps(loaded))
    Path("asked.json").write_text(json.dumps(asked))


if __name__ == "__main__":
    run_official(*json.loads(sys.argv[1]))

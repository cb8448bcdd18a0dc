"""Runs the official LoadGen once, with chosen delays before its answers; started as a script by official_stopping.py.

Queries with a delay are answered by a thread of their own, so that those after them are issued in time.
"""

import heapq
import json
import sys
import threading
import time

import mlperf_loadgen as lg


class Answerer:
    """Answers each query after its delay."""

    def __init__(self, delays_ns: list[int]) -> None:
        self._delays_ns, self._number = delays_ns, 0
        self._due: list[tuple[int, list[lg.QuerySampleResponse]]] = []
        self._changed = threading.Condition()
        self._is_over = False

    def issue(self, query: list[lg.QuerySample]) -> None:
        delay_ns = self._delays_ns[self._number % len(self._delays_ns)]
        self._number += 1
        answers = [lg.QuerySampleResponse(sample.id, 0, 0) for sample in query]
        if not delay_ns:
            lg.QuerySamplesComplete(answers)
            return
        with self._changed:
            heapq.heappush(self._due, (time.monotonic_ns() + delay_ns, answers))
            self._changed.notify()

    def run(self) -> None:
        while True:
            with self._changed:
                while not self._due and not self._is_over:
                    self._changed.wait()
                if not self._due:
                    return
                left_ns = self._due[0][0] - time.monotonic_ns()
                if left_ns > 0:
                    self._changed.wait(left_ns / 1e9)
                    continue
                _, answers = heapq.heappop(self._due)
            lg.QuerySamplesComplete(answers)

    def end(self) -> None:
        with self._changed:
            self._is_over = True
            self._changed.notify()


def run_delayed(scenario: str, settings: dict[str, int | float], delays_ns: list[int]) -> None:
    test = lg.TestSettings()
    test.scenario = getattr(lg.TestScenario, scenario)
    test.mode = lg.TestMode.PerformanceOnly
    for name, value in settings.items():
        setattr(test, name, value)
    output = lg.LogOutputSettings()
    output.outdir = "."
    output.copy_summary_to_stdout = False
    log = lg.LogSettings()
    log.log_output = output
    log.enable_trace = True
    answerer = Answerer(delays_ns)
    thread = threading.Thread(target=answerer.run)
    thread.start()
    system = lg.ConstructSUT(answerer.issue, lambda: None)
    library = lg.ConstructQSL(64, 64, lambda samples: None, lambda samples: None)
    lg.StartTestWithLogSettings(system, library, test, log)
    answerer.end()
    thread.join()


if __name__ == "__main__":
    run_delayed(*json.loads(sys.argv[1]))

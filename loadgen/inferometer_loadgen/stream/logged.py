"""Which answers of a performance run LoadGen logs (audit TEST01): loadgen.cc and its SequenceGen, 6.0.17.

Each sample, in the order in which it is asked, draws a number of a generator with the standard's default seed: the
function that would seed it is never called. To it one draw of a generator with accuracy_log_rng_seed is added, modulo
1. The answer is logged where that is not above the probability.
"""

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import AccuracyLog, StreamPlan
from inferometer_loadgen.stream.lengths import expected_samples
from inferometer_loadgen.stream.loaded import samples_per_query
from inferometer_loadgen.stream.twister import Twister

DEFAULT_SEED = 5489
"""Of std::mt19937 (C++ standard, [rand.predef])."""
NS_PER_MS = 1_000_000
ROWS_AT_ONCE = 8_192


class LoggedSamples:
    """One sample after another, whether its answer is logged: `take` goes on where it stopped."""

    def __init__(self, log: AccuracyLog) -> None:
        self._words = Twister(DEFAULT_SEED)
        self._offset = float(Twister(log.seed).canonical(1)[0])
        self._probability = log.probability

    def take(self, samples: int) -> NDArray[np.bool]:
        """Of the next so many samples of the stream."""
        drawn = self._words.canonical(samples) + self._offset
        drawn[drawn >= 1.0] -= 1.0
        logged: NDArray[np.bool] = drawn <= self._probability
        return logged


class LoggedRows:
    """Of one worker's rows, whether any sample of a row is logged.

    Drawn beforehand for so many `rows` of the worker, since that takes milliseconds, and further where it is asked.
    """

    def __init__(self, log: AccuracyLog, worker: int, workers: int, samples_per_row: int, rows: int = 0) -> None:
        self._samples = LoggedSamples(log)
        self._worker, self._workers, self._per_row = worker, workers, samples_per_row
        self._rows = bytearray()
        while len(self._rows) < rows:
            self._draw()

    def __call__(self, row: int) -> bool:
        """Of row j of the worker, which is row `worker` + j * `workers` of the stream."""
        while row >= len(self._rows):
            self._draw()
        return bool(self._rows[row])

    def _draw(self) -> None:
        of_all = self._samples.take(ROWS_AT_ONCE * self._workers * self._per_row)
        logged = of_all.reshape(-1, self._per_row).any(axis=1)
        self._rows += logged[self._worker :: self._workers].tobytes()


def log_probability(plan: StreamPlan, sampling_target: int, target_qps: float) -> float:
    """How likely an answer is logged, where so many samples are aimed at (IssueQueries, accuracy_log_prob).

    `target_qps` is of queries, in Offline of samples. More than 1 means all of them.
    """
    per_query = samples_per_query(plan)
    expected = int(target_qps * (plan.min_duration_ns // NS_PER_MS) / 1000) * per_query
    least = plan.min_queries * per_query
    if plan.scenario == "Offline":
        least = max(least, expected_samples(plan.min_duration_ns, target_qps))
    return sampling_target / max(expected, least, 1)

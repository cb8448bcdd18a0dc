"""The figure that a run is known by."""

import numpy as np

from inferometer_loadgen.verdict.measured import Measured, QueryStatus


def server_metric(measured: Measured) -> float | None:
    """Server's result: completed samples per second, with one sample a query.

    (n - 1) / completion of the last *issued* query since T0, as LoadGen 6.0.17 reports it
    (result_completed_samples_per_sec); the query that completes last does not count, or one straggler would decide.
    n counts good answers. None when it cannot be said: fewer than two answers, or none to the last query issued.
    """
    issued = np.flatnonzero(measured.was_sent())
    answered = int(np.count_nonzero(measured.answered()))
    if answered < 2 or measured.status[issued[-1]] != QueryStatus.OK:
        return None
    return (answered - 1) / (int(measured.done_ns[issued[-1]]) / 1e9)

"""What a worker says of itself, as the verdict knows it."""

from dataclasses import replace

import msgspec
import numpy as np

from inferometer_loadgen.protocol.frames import Finished
from inferometer_loadgen.verdict import Vitals

PAIR_BYTES = 16


def vitals_of(finished: Finished) -> Vitals:
    """A worker's word at its end. A stall without an end is none that could be judged."""
    whole = len(finished.stalls) // PAIR_BYTES * PAIR_BYTES
    loop = Vitals(
        elapsed_ns=finished.elapsed_ns,
        busy_ns=finished.busy_ns,
        cpu_ns=finished.cpu_ns,
        backlogged=finished.backlogged,
        stalls=np.frombuffer(finished.stalls[:whole], dtype="<i8").reshape(-1, 2),
    )
    return replace(loop, **msgspec.structs.asdict(finished.vitals)) if finished.vitals is not None else loop

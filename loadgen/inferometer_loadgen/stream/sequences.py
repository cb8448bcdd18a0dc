"""Which queries belong together: a function of a query's index alone, so that workers and replicas agree unasked.

Query i is in slot i mod count, at turn i div count. A slot has one sequence after another, each of `length` queries:
the id is 1 + slot + count * (turn div length), the first turn starts it and the last one ends it. So a sequence has
one worker (i mod W) and one replica (i mod R) wherever W and R divide count.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import SequencesPlan


class Turns(NamedTuple):
    """Of queries, the request parameters sequence_id, sequence_start and sequence_end (Triton, protocol/
    extension_sequence.md)."""

    sequence_id: NDArray[np.int64]
    """From 1: Triton takes 0 for no sequence."""
    start: NDArray[np.bool]
    end: NDArray[np.bool]


def turns_of(index: NDArray[np.int64], plan: SequencesPlan) -> Turns:
    """The turns of the queries with these indices."""
    turn, slot = np.divmod(index, plan.count)
    number, place = np.divmod(turn, plan.length)
    return Turns(1 + slot + plan.count * number, place == 0, place == plan.length - 1)

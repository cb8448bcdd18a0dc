"""Times from a recording, as a plan holds them: small, and exact to the nanosecond.

A plan travels in a ConfigMap of 1 MiB at most. Gaps are smaller than times, and their high bytes are mostly equal, so
the gaps' bytes are laid out by their place and compressed: 3 to 5 bytes a query instead of 20 digits.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

WORD = np.dtype("<i8")


class ReplayError(ValueError):
    """Times that cannot be replayed: which, and what to do."""


def pack_times(scheduled_ns: NDArray[np.int64]) -> bytes:
    """The times of a recording, the first of which is when the run begins, as they stand in a plan.

    Raises ReplayError where there are none, or where one is before the one before it.
    """
    if not scheduled_ns.size:
        raise ReplayError("there are no times to replay: give one at least")
    gaps_ns = np.diff(scheduled_ns)
    backward = np.flatnonzero(gaps_ns < 0)
    if backward.size:
        raise ReplayError(f"time {backward[0] + 2} is before the one before it: sort them")
    return zlib.compress(gaps_ns.astype(WORD).view(np.uint8).reshape(-1, WORD.itemsize).T.tobytes(), 9)


def unpack_times(packed: bytes) -> NDArray[np.int64]:
    """What `pack_times` packed, the first time being 0. Raises ReplayError for what it has not packed."""
    try:
        planes = np.frombuffer(zlib.decompress(packed), dtype=np.uint8)
    except zlib.error as error:
        raise ReplayError(f"the plan's times are none: {error}") from error
    if planes.size % WORD.itemsize:
        raise ReplayError(f"the plan's times are none: {planes.size} bytes are no whole numbers")
    gaps_ns = np.ascontiguousarray(planes.reshape(WORD.itemsize, -1).T).view(WORD).reshape(-1)
    scheduled_ns = np.zeros(gaps_ns.size + 1, dtype=np.int64)
    np.cumsum(gaps_ns, out=scheduled_ns[1:])
    return scheduled_ns

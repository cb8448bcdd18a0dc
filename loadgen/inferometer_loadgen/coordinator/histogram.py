"""Durations by upper bounds, many at a time."""

import numpy as np
from numpy.typing import NDArray

NS_PER_S = 1e9


class Histogram:
    """Counts of durations; `bounds_s` rise, and what is over the last one is counted too."""

    def __init__(self, bounds_s: tuple[float, ...]) -> None:
        self._bounds_s = bounds_s
        self._counts = np.zeros(len(bounds_s) + 1, dtype=np.int64)
        self._sum_ns = 0

    def add(self, durations_ns: NDArray[np.int64]) -> None:
        """Takes durations."""
        places = np.searchsorted(np.asarray(self._bounds_s), durations_ns / NS_PER_S, side="left")
        self._counts += np.bincount(places, minlength=len(self._counts))
        self._sum_ns += int(durations_ns.sum())

    def buckets(self) -> list[tuple[str, float]]:
        """How many were at most so many seconds, in Prometheus' words."""
        names = [*(f"{bound:g}" for bound in self._bounds_s), "+Inf"]
        return [(name, float(count)) for name, count in zip(names, np.cumsum(self._counts), strict=True)]

    @property
    def sum_s(self) -> float:
        """The sum of all durations in seconds."""
        return self._sum_ns / NS_PER_S

"""Which samples are loaded: the library in a seeded order, cut into sets that LoadGen holds in memory at a time.

loadgen.cc, GenerateLoadableSets, of LoadGen 6.0.17 and of the branch r0.5.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import StreamPlan
from inferometer_loadgen.stream.twister import Twister


@dataclass(frozen=True, slots=True, eq=False)
class LoadedSet:
    """Samples that are in memory together. A query of m samples asks for m that stand side by side in it."""

    samples: NDArray[np.int64]
    """In the order in which they are loaded. MultiStream repeats the first m - 1 at the end, so that a query can
    begin with any of them."""
    distinct: int
    """How many there are without those."""


def performance_set(plan: StreamPlan) -> LoadedSet:
    """The set that a performance run draws from.

    Since #2414 (6.0.17) LoadGen shuffles only the first `performance_samples` of the library; before, it took that
    many at random from the whole of it.
    """
    loaded = min(plan.performance_samples, plan.total_samples)
    candidates = loaded if plan.dialect == "loadgen-6.0" else plan.total_samples
    return _padded(Twister(plan.seeds.qsl).shuffled(np.arange(candidates, dtype=np.int64))[:loaded], plan)


def accuracy_sets(plan: StreamPlan) -> list[LoadedSet]:
    """All sets, one after another: an accuracy run asks for each sample of the library."""
    every = Twister(plan.seeds.qsl).shuffled(np.arange(plan.total_samples, dtype=np.int64))
    starts = range(0, every.size, plan.performance_samples)
    return [_padded(every[start : start + plan.performance_samples], plan) for start in starts]


def samples_per_query(plan: StreamPlan) -> int:
    """The samples that stand side by side in a query: more than one in MultiStream only."""
    return plan.samples_per_query if plan.scenario == "MultiStream" else 1


def _padded(samples: NDArray[np.int64], plan: StreamPlan) -> LoadedSet:
    # np.resize goes round and round, where a query is larger than the set.
    whole = np.resize(samples, samples.size + samples_per_query(plan) - 1)
    return LoadedSet(samples=whole, distinct=samples.size)

"""Which sample each row asks for: LoadGen's orders of the loaded set, and the draws from it.

loadgen.cc, GenerateQueries, of LoadGen 6.0.17 and of the branch r0.5. All orders and draws of one loaded set come from
one generator, so what an order consumes is consumed whether it is used or not:

1. in an accuracy run, the order in which it asks;
2. the order without repetition (order Unique);
3. in 6.0.17, as many shuffles of the set as it takes to hold the least number of queries (order Permutations);
4. the draws (order Drawn).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import StreamPlan
from inferometer_loadgen.stream.lengths import least_queries, offline_samples
from inferometer_loadgen.stream.loaded import LoadedSet, accuracy_sets, performance_set, samples_per_query
from inferometer_loadgen.stream.twister import Twister

type Positions = Callable[[int], NDArray[np.int64]]
"""The next so many positions in the loaded set; fewer where the order ends."""


class Order:
    """The rows of a plan's stream, one block after another: `take` goes on where it stopped.

    It has no end of its own where a row is a draw; what is made at once and what is made in parts are the same.
    """

    def __init__(self, plan: StreamPlan) -> None:
        self._done = 0
        self._next: Positions | None = None
        self.samples_per_row = plan.samples_per_request if plan.scenario == "Offline" else samples_per_query(plan)
        if plan.mode == "Accuracy" or plan.scenario == "Offline":
            self._samples = _accuracy_order(plan) if plan.mode == "Accuracy" else _offline_order(plan)
        else:
            loaded = performance_set(plan)
            self._samples = loaded.samples
            self._next = _positions(plan, loaded)

    def take(self, rows: int) -> NDArray[np.int64]:
        """The samples of the next `rows` rows, one row after another; fewer where the stream ends."""
        if self._next is None:
            start, self._done = self._done, self._done + rows * self.samples_per_row
            return self._samples[start : self._done]
        return _side_by_side(self._samples, self._next(rows), self.samples_per_row)


def _positions(plan: StreamPlan, loaded: LoadedSet) -> Positions:
    """Where in the loaded set the queries of a performance run begin."""
    words = Twister(plan.seeds.sample_index)
    starts = _starts(loaded, samples_per_query(plan))
    size = loaded.samples.size
    if plan.order == "Unique":
        # A query more would fit where the samples are no multiple of m; LoadGen asks only for as many as fill the set.
        return _one_after_another(words.shuffled(starts)[: size // samples_per_query(plan)])
    if plan.order == "Same":
        if plan.dialect == "loadgen-r0.5":
            return _one_after_another(np.full(size // samples_per_query(plan), plan.same_index, dtype=np.int64))
        return lambda rows: np.full(rows, plan.same_index, dtype=np.int64)
    words.skip_shuffles(starts.size, 1)
    if plan.dialect == "loadgen-6.0":
        times = -(-least_queries(plan) // size)
        if plan.order == "Permutations" and plan.scenario != "MultiStream":
            return _round_and_round(_permutations(words, np.arange(size, dtype=np.int64), times))
        words.skip_shuffles(size, times)
    return lambda rows: words.below(loaded.distinct, rows)


def _offline_order(plan: StreamPlan) -> NDArray[np.int64]:
    """The samples of the one query: the loaded set over and over, without a draw."""
    loaded = performance_set(plan).samples
    samples = offline_samples(plan, loaded.size)
    if plan.order == "Same":
        return np.full(samples, loaded[plan.same_index], dtype=np.int64)
    if plan.order != "Permutations" or plan.dialect == "loadgen-r0.5":
        return np.resize(loaded, samples)
    words = Twister(plan.seeds.sample_index)
    words.skip_shuffles(loaded.size, 2)  # the orders 2 and 3, of a single query
    # Here each order is a shuffle of the loaded one, not of the one before.
    return np.concatenate([words.shuffled(loaded) for _ in range(samples // loaded.size)])


def _accuracy_order(plan: StreamPlan) -> NDArray[np.int64]:
    """Each sample of each set. Every set has a generator of its own, so sets of one size have the same order."""
    per_query = samples_per_query(plan)
    parts = []
    for loaded in accuracy_sets(plan):
        if plan.scenario == "Offline":
            parts.append(loaded.samples)
        else:
            starts = Twister(plan.seeds.sample_index).shuffled(_starts(loaded, per_query))
            parts.append(_side_by_side(loaded.samples, starts, per_query))
    return np.concatenate(parts)


def _starts(loaded: LoadedSet, per_query: int) -> NDArray[np.int64]:
    return np.arange(0, loaded.distinct, per_query, dtype=np.int64)


def _side_by_side(samples: NDArray[np.int64], starts: NDArray[np.int64], per_query: int) -> NDArray[np.int64]:
    if per_query == 1:
        return samples[starts]
    asked = np.empty((starts.size, per_query), dtype=np.int64)
    for place in range(per_query):
        asked[:, place] = samples[starts + place]
    return asked.reshape(-1)


def _permutations(words: Twister, values: NDArray[np.int64], times: int) -> NDArray[np.int64]:
    """`values` shuffled again and again, each time from the order before."""
    orders = []
    for _ in range(times):
        values = words.shuffled(values)
        orders.append(values)
    return np.concatenate(orders)


def _one_after_another(positions: NDArray[np.int64]) -> Positions:
    rest = positions

    def take(rows: int) -> NDArray[np.int64]:
        nonlocal rest
        taken, rest = rest[:rows], rest[rows:]
        return taken

    return take


def _round_and_round(positions: NDArray[np.int64]) -> Positions:
    done = 0

    def take(rows: int) -> NDArray[np.int64]:
        nonlocal done
        taken = positions[(done + np.arange(rows)) % positions.size]
        done += rows
        return taken

    return take

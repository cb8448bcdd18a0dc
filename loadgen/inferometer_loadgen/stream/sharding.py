"""Who sends which row: one stream, dealt out without changing it.

Worker k of W takes the rows i with i = k (mod W), as LoadGen itself deals queries out to its issue threads; the
replica follows from the global index. So neither the samples, nor the times, nor the target of a row depend on the
number of workers.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import StreamPlan
from inferometer_loadgen.stream.model import Stream
from inferometer_loadgen.stream.order import Order


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """The rows of one worker, in the order of sending."""

    first: int
    step: int
    """Row j of the shard is row `first` + j * `step` of the stream."""
    sample: NDArray[np.int64]
    """Of all rows, one after another, as in `Stream`."""
    scheduled_ns: NDArray[np.int64]
    """Of each row."""
    samples_per_row: int = 1

    def __len__(self) -> int:
        return self.scheduled_ns.size

    @property
    def index(self) -> NDArray[np.int64]:
        """Of each row, its position in the whole stream."""
        return self.first + self.step * np.arange(len(self), dtype=np.int64)


def shard(stream: Stream, worker: int, workers: int) -> Shard:
    """What `worker` (counted from 0) of `workers` sends; together the shards are the stream, each row once."""
    if not 0 <= worker < workers:
        raise ValueError(f"worker {worker} is not one of {workers} workers, which are counted from 0")
    return Shard(
        first=worker,
        step=workers,
        sample=rows_of(stream.sample, stream.samples_per_row, worker, workers),
        scheduled_ns=stream.scheduled_ns[worker::workers],
        samples_per_row=stream.samples_per_row,
    )


def rows_of(sample: NDArray[np.int64], samples_per_row: int, first: int, step: int) -> NDArray[np.int64]:
    """The samples of the rows `first`, `first` + `step` and so on; a last row with fewer samples is one of them."""
    if samples_per_row == 1 or step == 1:
        return sample[first * samples_per_row :: step]
    whole = sample.size // samples_per_row
    dealt = sample[: whole * samples_per_row].reshape(whole, samples_per_row)[first::step].reshape(-1)
    rest = sample[whole * samples_per_row :]
    return np.concatenate((dealt, rest)) if rest.size and whole % step == first % step else dealt


def replica_of[Index: (int, NDArray[np.int64])](index: Index, replicas: int) -> Index:
    """The replica that answers the query with this global index, or those of a column of indices."""
    return index % replicas


def replicas_asked(worker: int, workers: int, replicas: int) -> range:
    """The replicas that a worker's rows go to where the index decides; it never meets the others."""
    apart = math.gcd(workers, replicas)
    return range(worker % apart, replicas, apart)


class ShardRows:
    """What one worker asks, one block after another and without an end: a closed loop takes more while it runs.

    It begins after the first `done` rows of the whole stream, of which `shard` gives this worker's.
    """

    def __init__(self, plan: StreamPlan, worker: int, workers: int, done: int = 0) -> None:
        self._order = Order(plan)
        self._workers = workers
        self._order.take(done)
        self._before_next = (worker - done) % workers

    def take(self, rows: int) -> NDArray[np.int64]:
        """The samples of this worker's next `rows` rows; fewer where the stream ends."""
        if not rows:
            return np.empty(0, dtype=np.int64)
        block = self._order.take(self._before_next + 1 + (rows - 1) * self._workers)
        own = rows_of(block, self._order.samples_per_row, self._before_next, self._workers)
        self._before_next = self._workers - 1
        return own

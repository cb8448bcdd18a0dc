"""Who sends which query: one stream, dealt out without changing it.

Worker k of W takes the queries i with i = k (mod W), as LoadGen itself deals queries out to its issue threads;
the replica follows from the global index. So neither the samples, nor the times, nor the target of a query depend
on the number of workers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.stream.model import Stream


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """The queries of one worker. Three columns, in the order of their times."""

    index: NDArray[np.int64]
    """The query's position in the whole stream."""
    sample: NDArray[np.int64]
    scheduled_ns: NDArray[np.int64]

    def __len__(self) -> int:
        return self.index.size


def shard(stream: Stream, worker: int, workers: int) -> Shard:
    """What `worker` (counted from 0) of `workers` sends; together the shards are the stream, each query once."""
    if not 0 <= worker < workers:
        raise ValueError(f"worker {worker} is not one of {workers} workers, which are counted from 0")
    return Shard(
        index=np.arange(worker, len(stream), workers, dtype=np.int64),
        sample=stream.sample[worker::workers],
        scheduled_ns=stream.scheduled_ns[worker::workers],
    )


def replica_of[Index: (int, NDArray[np.int64])](index: Index, replicas: int) -> Index:
    """The replica that answers the query with this global index, or those of a column of indices."""
    return index % replicas

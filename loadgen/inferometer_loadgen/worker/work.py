"""What one worker sends in one phase: its shard of the stream, and when a row of it may go.

Row j of a worker is row `first` + j * `step` of the stream. Everything is laid out before the phase begins, but for
closed loops, whose length nobody knows: theirs grow as they go on.
"""

from array import array
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.official.feed import Feed
from inferometer_loadgen.plan import Plan
from inferometer_loadgen.stream import (
    Issue,
    ShardRows,
    Stream,
    first_rows,
    interval_ns,
    is_open_ended,
    least_rows,
    shard,
    until,
)
from inferometer_loadgen.worker.columns import column

WARM_UP_ROWS = 65_536
"""Of a load without times, at most: a warm-up ends by its duration."""

type Bodies = Callable[[NDArray[np.int64], int], array[int]]
"""The prepared requests of rows, from their samples one after another and the samples of a row."""


@dataclass(slots=True)
class Feeding:
    """Of work that the official LoadGen asks: what it should ask, and from where that comes."""

    plan: Plan
    """Of this round."""
    expected: array[int]
    """The samples of all rows, one after another; grows with the rows."""
    samples_per_row: int
    scheduled_ns: NDArray[np.int64]
    """When LoadGen makes each row due, since its own time 0."""
    feed: Feed | None = None
    """None until its process is there."""
    begin: Callable[[int], None] = lambda _t0_ns: None
    """Sets LoadGen off at that time (monotonic)."""

    def feed_that_is_there(self) -> Feed:
        """The feed. Raises TypeError before there is one."""
        if self.feed is None:
            raise TypeError("LoadGen's process comes before its queries")
        return self.feed


@dataclass(slots=True, kw_only=True)
class Work:
    """A shard's columns, and how it is sent."""

    body: array[int]
    """Of each row, which of the prepared requests it sends."""
    first: int
    step: int
    issue: Issue = Issue.SCHEDULED
    scheduled_ns: array[int]
    """SCHEDULED only."""
    window: int = 0
    """COMPLETION and AT_ONCE: how many rows may be open at a time, over all replicas."""
    lanes: int = 0
    """COMPLETION: row j is of lane j mod `lanes`, each with one row open at a time; 0: any row may be the next."""
    interval_ns: int = 0
    """INTERVAL only."""
    is_open_ended: bool = False
    """Ends with the first row at which `min_rows` were issued and `min_duration_ns` is over."""
    min_rows: int = 0
    min_duration_ns: int = 0
    extend: Callable[[int], array[int]] | None = None
    """The bodies of so many rows more; None where the stream ends."""
    round_number: int = 0
    feeding: Feeding | None = None
    """Where the official LoadGen says when a row goes."""

    def __len__(self) -> int:
        return len(self.body)


def measured_work(plan: Plan, stream: Stream, index: int, bodies: Bodies) -> Work:
    """What worker `index` sends in the measured run."""
    work = _work(plan, stream, index, bodies)
    if is_open_ended(plan.stream):
        rows = ShardRows(plan.stream, index, plan.workers, done=len(stream))
        work.is_open_ended = True
        work.min_rows = share_of(least_rows(plan.stream), plan.workers, index)
        work.min_duration_ns = plan.stream.min_duration_ns
        work.extend = lambda more: bodies(rows.take(more), stream.samples_per_row)
    return work


def fed_work(plan: Plan, stream: Stream, index: int, bodies: Bodies) -> Work:
    """What the only worker sends in the measured run when the official LoadGen asks for it."""
    work = measured_work(plan, stream, index, bodies)
    work.scheduled_ns = array("q")  # When LoadGen's time 0 was is known at its end.
    expected, per_row = column("q", stream.sample), stream.samples_per_row
    work.feeding = Feeding(plan, expected, per_row, stream.scheduled_ns)
    if work.extend is not None:
        rows = ShardRows(plan.stream, index, plan.workers, done=len(stream))

        def extend(more: int) -> array[int]:
            samples = rows.take(more)
            expected.extend(column("q", samples))
            return bodies(samples, per_row)

        work.extend = extend
    return work


def warm_up_work(plan: Plan, stream: Stream, index: int, bodies: Bodies) -> Work:
    """The beginning of the same load, for as long as a warm-up lasts; what was all at once is a closed loop then."""
    if stream.issue is Issue.SCHEDULED:
        return _work(plan, until(stream, plan.warmup_ns), index, bodies)
    rows = min(len(stream), WARM_UP_ROWS * plan.workers) if plan.warmup_ns else 0
    work = _work(plan, first_rows(stream, rows), index, bodies)
    if work.issue is Issue.AT_ONCE:
        work.issue = Issue.COMPLETION
    work.is_open_ended = True
    work.min_duration_ns = plan.warmup_ns
    return work


def share_of(total: int, workers: int, index: int) -> int:
    """How many of `total` are worker `index`'s, dealt out in turn."""
    return len(range(index, total, workers))


def _work(plan: Plan, stream: Stream, index: int, bodies: Bodies) -> Work:
    own = shard(stream, index, plan.workers)
    scheduled = own.scheduled_ns if stream.issue is Issue.SCHEDULED else own.scheduled_ns[:0]
    return Work(
        body=bodies(own.sample, own.samples_per_row),
        scheduled_ns=column("q", scheduled),
        first=index,
        step=plan.workers,
        issue=stream.issue,
        window=share_of(plan.in_flight, plan.workers, index),
        lanes=0 if plan.sequences is None else share_of(plan.sequences.count, plan.workers, index),
        interval_ns=interval_ns(plan.stream.target_qps) if stream.issue is Issue.INTERVAL else 0,
    )

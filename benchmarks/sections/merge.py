"""10 million records of 64 workers to percentiles and a verdict, beside numpy's sort of as many latencies."""

import time
from typing import Any

import numpy as np

from benchmarks.bench import Bench, Findings, Section
from benchmarks.goals import Goal, Row
from benchmarks.rounds import MIN_PAIRS
from benchmarks.sections.spec import spec
from inferometer_loadgen.coordinator.merge import WorkerColumns, merge, shard_columns
from inferometer_loadgen.plan import Plan
from inferometer_loadgen.spec.decode import decode_file
from inferometer_loadgen.spec.resolve import resolve
from inferometer_loadgen.stream import Stream, make_stream
from inferometer_loadgen.verdict import QueryStatus, ServerCounts, judge, latency_summary

RECORDS = 10_000_000
WORKERS = 64
RATE = 100_000


def run(bench: Bench) -> Findings:
    """Sort and merge in turn, over the same latencies."""
    bench.progress.step("making the records")
    decoded = decode_file(spec(workers=WORKERS, rate=RATE, queries=RECORDS), "null-model.yaml")
    plan = resolve("null-model", decoded.spec, None)
    stream = make_stream(plan.stream)
    columns, latency_ns = records_of(stream)
    ours, theirs = [], []
    for _ in range(MIN_PAIRS):
        bench.progress.step("merging")
        ours.append(_merge_s(plan, stream, columns))
        bench.progress.step("sorting")
        theirs.append(_sort_s(latency_ns))
    row = Row(
        what="merge to a verdict by numpy's sort",
        conditions=f"{len(stream):,} records of {WORKERS} workers",
        unit="s",
        ours=ours,
        theirs=theirs,
        goal=Goal(3.0),
    )
    raw: dict[str, Any] = {"records": len(stream), "workers": WORKERS, "merge_s": ours, "sort_s": theirs}
    return Findings([row], raw)


def records_of(stream: Stream) -> tuple[list[WorkerColumns], np.ndarray[Any, np.dtype[np.int64]]]:
    """Every query answered, about 2 ms after it was due."""
    rng = np.random.default_rng(1)
    lag_ns = rng.integers(20_000, 150_000, len(stream))
    latency_ns = lag_ns + rng.exponential(2e6, len(stream)).astype(np.int64)
    columns = shard_columns(len(stream), WORKERS)
    for worker, own in enumerate(columns):
        own.sent_ns[:] = (stream.scheduled_ns + lag_ns)[worker::WORKERS]
        own.done_ns[:] = (stream.scheduled_ns + latency_ns)[worker::WORKERS]
        own.status[:] = QueryStatus.OK
        own.there[:] = True
    return columns, latency_ns


def _merge_s(plan: Plan, stream: Stream, columns: list[WorkerColumns]) -> float:
    counts = (ServerCounts("null", len(stream), 0, "", restarted=False),)
    begun_s = time.perf_counter()
    measured = merge(stream, columns, counts, all_there=True)
    judge(measured, plan)
    latency_summary(measured.latency_ns())
    return time.perf_counter() - begun_s


def _sort_s(latency_ns: np.ndarray[Any, np.dtype[np.int64]]) -> float:
    begun_s = time.perf_counter()
    np.sort(latency_ns)
    return time.perf_counter() - begun_s


SECTION = Section("merge", steps=1 + MIN_PAIRS * 2, seconds=60, run=run)

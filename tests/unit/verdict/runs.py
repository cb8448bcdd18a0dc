"""An ordinary run, and runs that differ from it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from inferometer_loadgen.plan import JudgePlan, ModelPlan, Plan, Seeds, StreamPlan, SyntheticData
from inferometer_loadgen.verdict import NEVER_NS, Measured, QueryStatus, ServerCounts, Vitals
from inferometer_loadgen.verdict.accuracy import Accuracy

US, MS, S = 1_000, 1_000_000, 1_000_000_000

QUERIES = 1000
REPLICAS = 2

PLAN = Plan(
    name="nightly",
    protocol="http",
    model=ModelPlan(name="magika"),
    data=SyntheticData(samples=64, seed=0),
    stream=StreamPlan(
        seeds=Seeds(),
        target_qps=1000.0,
        min_duration_ns=900 * MS,
        min_queries=QUERIES,
        total_samples=64,
        performance_samples=64,
    ),
    judge=JudgePlan(latency_bound_ns=15 * MS, latency_percentile=0.99, min_duration_ns=900 * MS, min_queries=QUERIES),
    workers=2,
    replicas=REPLICAS,
    connections_per_replica=8,
    warmup_ns=0,
    drain_ns=1 * S,
    scrape_interval_ns=1 * S,
)


def a_plan(**judge: float | str | None) -> Plan:
    """Bound 15 ms at p99, 1,000 queries and 900 ms at least, two workers, two replicas; but for `judge`."""
    return msgspec.structs.replace(PLAN, judge=msgspec.structs.replace(PLAN.judge, **judge))


def a_plan_of(scenario: Literal["Offline", "MultiStream"], *, bound_ns: int, **judge: float) -> Plan:
    """The same for another scenario: MultiStream ticks each millisecond, by the rules of 2019."""
    dialect: Literal["loadgen-r0.5", "loadgen-6.0"] = "loadgen-r0.5" if scenario == "MultiStream" else "loadgen-6.0"
    plan = a_plan(latency_bound_ns=bound_ns, **judge)
    return msgspec.structs.replace(
        plan, stream=msgspec.structs.replace(plan.stream, scenario=scenario, dialect=dialect)
    )


def an_accuracy_plan(*, target: float | None = None) -> Plan:
    """The same in mode Accuracy, with no time to keep."""
    plan = a_plan(accuracy_target=target)
    return msgspec.structs.replace(plan, stream=msgspec.structs.replace(plan.stream, mode="Accuracy"))


def a_scored_run(value: float | None) -> Measured:
    """The ordinary run with this score; None where the scorer gave up."""
    why = "" if value is not None else "the samples have no labels"
    return replace(a_run(), accuracy=Accuracy("top1", value, QUERIES, not_scored=why))


def an_offline_run() -> Measured:
    """1,000 requests of four samples, the last of three; all due at 0, one answered each millisecond from 5 ms on."""
    run = a_run()
    return replace(run, scheduled_ns=np.zeros(QUERIES, dtype=np.int64), samples_per_row=4, missing_samples=1)


def a_ticking_run(*, skipped: int, last_ns: int = MS // 2) -> Measured:
    """1,000 queries, one each millisecond, but for the first ones: they were open at the tick after theirs."""
    ticks = np.cumsum(np.where(np.arange(QUERIES) < skipped + 1, 2, 1)) - 2
    sent_ns = ticks * MS
    answer_ns = np.full(QUERIES, MS // 2)
    answer_ns[-1] = last_ns
    return replace(a_run(), scheduled_ns=sent_ns, sent_ns=sent_ns, done_ns=sent_ns + answer_ns)


def a_run(
    *,
    queries: int = QUERIES,
    latency_ns: Mapping[int, int] | NDArray[np.int64] | int = 5 * MS,
    lag_ns: Mapping[int, int] | NDArray[np.int64] | int = 50 * US,
    failed: Mapping[int, QueryStatus] | None = None,
    counts: Mapping[int, ServerCounts] | None = None,
) -> Measured:
    """1,000 queries, 1 ms apart, sent 50 us late, answered 5 ms after they were due, and counted by both replicas.

    Latency and lag are one value, a column, or the queries that differ. A failed query was sent, but for NOT_SENT.
    A replica's counts are the queries it answered well and those it answered with an error, but for `counts`.
    """
    latencies, lags = _column(queries, latency_ns, 5 * MS), _column(queries, lag_ns, 50 * US)
    assert (latencies >= lags).all(), "no query is answered before it is sent"
    status = _column(queries, failed or {}, QueryStatus.OK).astype(np.int8)
    scheduled_ns = np.arange(queries) * MS
    return Measured(
        index=np.arange(queries),
        scheduled_ns=scheduled_ns,
        sent_ns=np.where(status == QueryStatus.NOT_SENT, NEVER_NS, scheduled_ns + lags),
        done_ns=np.where(status == QueryStatus.OK, scheduled_ns + latencies, NEVER_NS),
        status=status,
        servers=tuple((counts or {}).get(r, honest_counts(r, status)) for r in range(REPLICAS)),
    )


def a_client(**changes: Any) -> Vitals:
    """A worker that had all it needs for a second: busy for a tenth of it, no stall; but for `changes`."""
    quiet = Vitals(
        elapsed_ns=S,
        busy_ns=S // 10,
        cpu_ns=80 * MS,
        backlogged=0,
        run_delay_ns=6 * MS,
        throttled_ns=0,
        stolen=0.001,
        segments=2_000,
        retransmitted=0,
        round_trip_ns=100 * US,
    )
    return replace(quiet, **changes)


def stalls(*begin_and_end_ms: tuple[float, float]) -> NDArray[np.int64]:
    return np.array([[int(begin * MS), int(end * MS)] for begin, end in begin_and_end_ms], dtype=np.int64).reshape(
        -1, 2
    )


def watched(measured: Measured, *clients: Vitals | None, uncertainty_ns: int = 0) -> Measured:
    """The run, its two workers having said this of themselves; quiet ones where nothing is given."""
    return replace(measured, clients=clients or (a_client(), a_client()), clock_uncertainty_ns=uncertainty_ns)


def honest_counts(replica: int, status: NDArray[np.int8]) -> ServerCounts:
    ended = status[replica::REPLICAS]
    return a_count(
        replica,
        successes=int(np.count_nonzero(ended == QueryStatus.OK)),
        failures=int(np.count_nonzero(ended == QueryStatus.ERROR_STATUS)),
    )


def a_count(
    replica: int,
    *,
    successes: int | None = QUERIES // REPLICAS,
    failures: int | None = 0,
    absent_reason: str = "",
    restarted: bool = False,
) -> ServerCounts:
    return ServerCounts(f"server-{replica}", successes, failures, absent_reason, restarted)


def _column(queries: int, given: Mapping[int, int] | NDArray[np.int64] | int, ordinary: int) -> NDArray[np.int64]:
    if not isinstance(given, Mapping):
        return np.broadcast_to(np.asarray(given, dtype=np.int64), queries).copy()
    column = np.full(queries, ordinary, dtype=np.int64)
    for index, value in given.items():
        column[index] = value
    return column

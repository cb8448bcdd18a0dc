"""The load of a run as it goes on, for Prometheus: what was due, sent, answered, and how late.

Completed and failed queries, latencies and send lags come from the records, which are exact and are handed over four
times a second; what was sent comes from the workers' progress. Labels are bounded: `worker` by the plan, `benchmark` is
one. Counters are there from 0 before the start. A clock is the caller's: times are relative to the run's time 0.
"""

from collections.abc import Callable, Iterator

import numpy as np
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from inferometer_loadgen.coordinator.histogram import NS_PER_S, Histogram
from inferometer_loadgen.plan import Plan
from inferometer_loadgen.protocol import frames
from inferometer_loadgen.protocol.api import RunState
from inferometer_loadgen.stream import Issue, Stream, issue_of
from inferometer_loadgen.verdict.measured import NEVER_NS, QueryStatus

PREFIX = "inferometer_load_"
LATENCY_BOUNDS_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
LAG_BOUNDS_S = (0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0)


class Families:
    """What Prometheus' library asks for its families."""

    def __init__(self, families: Callable[[], Iterator[Metric]]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        return self._families()


class WorkerLoad:
    """What one worker has told of the measured run."""

    def __init__(self, latency_bounds_s: tuple[float, ...]) -> None:
        self.sent = 0
        self.completed = 0
        self.before = 0
        """Completed in the rounds before this one."""
        self.failed = 0
        self.latency = Histogram(latency_bounds_s)
        self.send_lag = Histogram(LAG_BOUNDS_S)


class LoadMetrics:
    """The families of one run, over all of its rounds."""

    def __init__(self, plan: Plan, stream: Stream) -> None:
        self._plan = plan
        self._scheduled_ns, self._due_rows = stream.scheduled_ns, len(stream)
        self._due_before = 0
        self._issue = issue_of(plan.stream)
        bound_s = plan.judge.latency_bound_ns / NS_PER_S
        # The bound is one of the buckets, so that the share of queries within it is exact.
        bounds_s = tuple(sorted({*LATENCY_BOUNDS_S, *((bound_s,) if bound_s else ())}))
        self._workers = [WorkerLoad(bounds_s) for _ in range(plan.workers)]

    def stop(self, since_t0_ns: int) -> None:
        """Nothing more is sent in this round: what would be due later never is."""
        self._due_rows = min(self._due_rows, self._due_by(since_t0_ns))

    def begin_round(self, plan: Plan, stream: Stream) -> None:
        """Another round of the same run, by its own plan: counters go on from where they are."""
        self._plan = plan
        self._due_before += self._due_rows
        self._scheduled_ns, self._due_rows = stream.scheduled_ns, len(stream)
        for load in self._workers:
            load.before = load.completed

    def note_progress(self, worker: int, progress: frames.Progress) -> None:
        """A worker says how many queries of the measured run it has sent."""
        load = self._workers[worker]
        load.sent = max(load.sent, load.before + progress.sent)

    def note_records(self, worker: int, records: frames.Records) -> None:
        """Takes records that fit the stream: of each query once."""
        rows = np.frombuffer(records.rows, dtype="<i8")
        sent_ns, done_ns = np.frombuffer(records.sent_ns, dtype="<i8"), np.frombuffer(records.done_ns, dtype="<i8")
        status = np.frombuffer(records.status, dtype=np.int8)
        was_sent, good = sent_ns != NEVER_NS, status == QueryStatus.OK
        load = self._workers[worker]
        load.completed += int(np.count_nonzero(was_sent))
        load.failed += int(np.count_nonzero(was_sent & ~good))
        load.sent = max(load.sent, load.completed)
        begun_ns = sent_ns
        if self._issue in (Issue.SCHEDULED, Issue.AT_ONCE):
            begun_ns = self._scheduled_ns[worker + rows * len(self._workers)]
        load.latency.add((done_ns - begun_ns)[good])
        if self._issue is Issue.SCHEDULED:
            load.send_lag.add((sent_ns - begun_ns)[was_sent])

    def families(self, state: RunState, connected: int, since_t0_ns: int | None) -> Iterator[Metric]:
        """All families; `since_t0_ns` is None before the measured run has a time 0."""
        yield from self._of_the_plan(state)
        yield self._gauge("connected_workers", "Workers that are signed in.", connected)
        if self._issue is Issue.SCHEDULED:
            yield self._due(since_t0_ns)
        yield from self._of_the_workers()
        yield from self._histograms()

    def _of_the_plan(self, state: RunState) -> Iterator[Metric]:
        plan = self._plan
        info = GaugeMetricFamily(
            f"{PREFIX}info", "The load that is sent.", labels=("benchmark", "model", "scenario", "protocol")
        )
        info.add_metric((plan.name, plan.model.name, plan.stream.scenario, plan.protocol), 1)
        yield info
        states = GaugeMetricFamily(f"{PREFIX}state", "Where the run stands.", labels=("benchmark", "state"))
        for one in RunState:
            states.add_metric((plan.name, one), float(one is state))
        yield states
        if plan.judge.latency_bound_ns:
            bound = GaugeMetricFamily(
                f"{PREFIX}latency_bound_seconds", "The bound at the percentile.", labels=("benchmark", "percentile")
            )
            bound.add_metric((plan.name, f"{plan.judge.latency_percentile:g}"), plan.judge.latency_bound_ns / NS_PER_S)
            yield bound
        if plan.stream.target_qps:
            yield self._gauge("target_queries_per_second", "The rate that was asked for.", plan.stream.target_qps)

    def _gauge(self, name: str, text: str, value: float) -> Metric:
        family = GaugeMetricFamily(PREFIX + name, text, labels=("benchmark",))
        family.add_metric((self._plan.name,), value)
        return family

    def _due(self, since_t0_ns: int | None) -> Metric:
        due = 0 if since_t0_ns is None else min(self._due_rows, self._due_by(since_t0_ns))
        family = CounterMetricFamily(f"{PREFIX}queries_due", "Queries whose time has come.", labels=("benchmark",))
        family.add_metric((self._plan.name,), self._due_before + due)
        return family

    def _due_by(self, since_t0_ns: int) -> int:
        return int(np.searchsorted(self._scheduled_ns, since_t0_ns, side="right"))

    def _of_the_workers(self) -> Iterator[Metric]:
        labels = ("benchmark", "worker")
        sent = CounterMetricFamily(
            f"{PREFIX}queries_sent", "Queries of the measured run that were sent.", labels=labels
        )
        completed = CounterMetricFamily(
            f"{PREFIX}queries_completed",
            "Queries of the measured run that have ended, whatever their end.",
            labels=labels,
        )
        failed = CounterMetricFamily(
            f"{PREFIX}queries_failed", "Queries that have ended without a good answer.", labels=labels
        )
        in_flight = GaugeMetricFamily(f"{PREFIX}queries_in_flight", "Queries that await their answer.", labels=labels)
        for index, load in enumerate(self._workers):
            of_worker = (self._plan.name, str(index))
            sent.add_metric(of_worker, load.sent)
            completed.add_metric(of_worker, load.completed)
            failed.add_metric(of_worker, load.failed)
            in_flight.add_metric(of_worker, load.sent - load.completed)
        yield from (sent, completed, failed, in_flight)

    def _histograms(self) -> Iterator[Metric]:
        labels = ("benchmark", "worker")
        latency = HistogramMetricFamily(
            f"{PREFIX}latency_seconds", "Latency of well answered queries, as the verdict counts it.", labels=labels
        )
        lag = HistogramMetricFamily(
            f"{PREFIX}send_lag_seconds", "From when a query was due until it was sent.", labels=labels
        )
        for index, load in enumerate(self._workers):
            of_worker = (self._plan.name, str(index))
            latency.add_metric(of_worker, load.latency.buckets(), sum_value=load.latency.sum_s)
            lag.add_metric(of_worker, load.send_lag.buckets(), sum_value=load.send_lag.sum_s)
        yield latency
        if self._issue is Issue.SCHEDULED:
            yield lag

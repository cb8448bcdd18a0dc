"""The report's form, version 1: what a run sent, measured and found, in base units.

Times are integer nanoseconds (suffix Ns), rates per second, percentiles fractions. What could not be read is absent
(None), and a sentence beside it says why: no data is never zero.
"""

import hashlib
from typing import Literal

import msgspec

from inferometer_loadgen.plan import Assignment, Deviation, JudgePlan, Plan, StreamPlan
from inferometer_loadgen.rules.submittable import Obstacle
from inferometer_loadgen.verdict.metric import MetricName, MetricUnit

REPORT_SCHEMA: Literal["inferometer.dev/report/v1"] = "inferometer.dev/report/v1"


class ReportStruct(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of the report."""


class Reason(ReportStruct, frozen=True, kw_only=True):
    """Why the verdict is what it is: a type for programs, a sentence for people."""

    type: str
    message: str


class Latency(ReportStruct, frozen=True, kw_only=True):
    """Latencies over all queries, exact; a failed query has an infinite latency.

    They run from the scheduled time, and from the sending where answers pace the load; in Offline from T0.
    A percentile is None when it falls on a query that was not answered. The mean is over answered queries.
    """

    mean_ns: int | None
    p50_ns: int | None
    p90_ns: int | None
    p95_ns: int | None
    p97_ns: int | None
    p99_ns: int | None
    p999_ns: int | None
    max_ns: int | None
    at_percentile_ns: int | None
    """At the plan's latency percentile, the one that the bound is held against."""


class EarlyStopping(ReportStruct, frozen=True, kw_only=True):
    """Whether the queries were enough to be sure of the percentile (MLPerf inference rules v6.1, early stopping)."""

    met: bool
    over: int | None
    """Queries over the bound; None where no latency is judged."""
    needed: int
    """Queries that are enough for so many over the bound; where the latency is the result, for an estimate of it."""
    estimate_ns: int | None
    """The latency that is not below the percentile with 99% confidence. None where a bound is judged, where there were
    too few queries, and where it falls on a query that was not answered."""


class Result(ReportStruct, frozen=True, kw_only=True):
    """The figures that a run is known by."""

    metric: MetricName
    value: float | None
    unit: MetricUnit
    queries: int
    """Queries of the stream, answered or not; in Offline the requests into which its one query was dealt out."""
    samples: int
    """What they asked for."""
    answered: int
    errors: int
    duration_ns: int
    """From T0 to the last answer."""
    scheduled_qps: float | None
    """Rate of the stream as it was drawn: (n - 1) / last scheduled time; None where answers pace the load."""
    completed_qps: float | None
    """Good answers by the time to the last of them."""
    percentile: float
    """The plan's, as a fraction: `latency.at_percentile_ns` is at it, and where the metric is a latency, `value`."""
    latency: Latency
    early_stopping: EarlyStopping | None = None
    """None where the plan asks for none."""


class AccuracyReport(ReportStruct, frozen=True, kw_only=True):
    """How good the answers of an accuracy run are, in the scorer's own unit."""

    metric: str
    value: float
    target: float | None
    """None where the score is only reported."""
    met: bool | None
    samples: int
    details: dict[str, float] = {}


class ReplicaReport(ReportStruct, frozen=True, kw_only=True):
    """One replica: what the client asked of it, and what its own counters say of the measured window."""

    name: str
    uid: str
    node: str
    queries: int
    answered: int
    share: float
    """Of all queries, as a fraction."""
    p99_ns: int | None
    """Of this replica's queries."""
    server_successes: int | None
    server_failures: int | None
    queue_ns: int | None
    """Mean time a request waited in the server's queue."""
    compute_ns: int | None
    """Mean time of a request in input, inference and output."""
    batch_size: float | None
    """Mean inferences an execution of the model."""
    restarted: bool
    absent_reason: str
    """Why server figures are absent; empty when they are there."""


class Clock(ReportStruct, frozen=True, kw_only=True):
    """How a worker's monotonic clock stands to the coordinator's."""

    same: bool
    """Whether both read one clock (same boot and time namespace): the offset is exactly 0."""
    offset_ns: int
    drift: float
    """Seconds a second."""
    uncertainty_ns: int


class WorkerVitals(ReportStruct, frozen=True, kw_only=True):
    """What a worker's machine did to it in the measured window; None is what the machine does not tell."""

    run_delay_ns: int | None
    """How long it was ready to run while others ran."""
    throttled_ns: int | None
    """How long its CPU quota was used up."""
    stolen: float | None
    """The share of CPU time that the hypervisor gave to others."""
    stalls: int
    """How many times it read nothing for more than a millisecond."""
    stalled_ns: int
    longest_stall_ns: int
    full_collections: int
    """Of Python's garbage."""
    major_faults: int
    """Pages read from a disk."""
    segments: int | None
    """TCP segments sent on connections that were open all the time, and those of them sent again."""
    retransmitted: int | None
    round_trip_ns: int | None
    """Of TCP to the servers, smoothed, the mean over connections at the end."""


class WorkerReport(ReportStruct, frozen=True, kw_only=True):
    """One worker: how well it kept the schedule, and how its clock stands to the coordinator's."""

    index: int
    pod_uid: str
    queries: int
    send_lag_p50_ns: int | None
    send_lag_p99_ns: int | None
    send_lag_max_ns: int | None
    backlogged: int | None
    """Queries that were due while no connection was free. This and the next two are None for a worker that was lost."""
    cpu_ns: int | None
    """CPU time of the measured loop."""
    busy: float | None
    """Share of the measured time that the loop was not waiting."""
    clock: Clock | None
    """None for a worker that was lost before its clock was known."""
    vitals: WorkerVitals | None = None
    """None for a worker that was lost."""
    connections: int | None = None
    """Opened before the start, to the replicas that its queries go to; None for a worker that was lost."""


class ClientReport(ReportStruct, frozen=True, kw_only=True):
    """The load generator about itself; a send lag is None where no schedule says when to send."""

    send_lag_p50_ns: int | None
    send_lag_p99_ns: int | None
    send_lag_max_ns: int | None
    clock_uncertainty_ns: int | None
    """Of the worst-known clock; None where none is known."""
    workers: tuple[WorkerReport, ...]


class Versions(ReportStruct, frozen=True, kw_only=True):
    """What measured, and what was measured."""

    inferometer: str
    python: str
    server: str
    """For example Triton 2.51.0, as the server says; empty when it did not."""


class OutputsReport(ReportStruct, frozen=True, kw_only=True):
    """Answers that were logged while performance was measured, held against those of the accuracy round."""

    logged: int
    different: int
    """Of those; all outputs of a sample are compared, bit by bit."""
    differing_samples: tuple[int, ...] = ()
    """Of the library, the first of them."""
    metric: str = ""
    baseline: float | None = None
    """Where answers differ and there is a scorer: what the accuracy round's answers to the logged samples are worth."""
    score: float | None = None
    """What the logged answers are worth."""
    not_scored: str = ""
    """Why differing answers have no score; empty where they have, and where none was asked for."""


class AuditReport(ReportStruct, frozen=True, kw_only=True):
    """A compliance test: its own verdict, and the evidence for it."""

    test: Literal["TEST01", "TEST04", "TEST05"]
    passed: bool | None
    """None where it says nothing."""
    unit: MetricUnit
    reference: float | None
    """What the audited figure is held against, in the metric of the result."""
    audited: float | None
    """None where that round was not measured. The latencies of both are in the rounds."""
    low: float | None
    """The limits: None on a side without one."""
    high: float | None
    tolerance: float | None
    """That of the limits, as a fraction of the reference."""
    outputs: OutputsReport | None = None
    """Of TEST01."""


type Purpose = Literal["Repeat", "Trial", "Measured", "Accuracy", "Reference", "Audited", "Step"]


class RoundReport(ReportStruct, frozen=True, kw_only=True):
    """One of the rounds of a run that has several."""

    number: int
    """From 1, in the order in which they were measured."""
    purpose: Purpose
    """Repeat: the plan's stream once more. Of a search for the peak, Trial: a short one at some rate; Measured: in full
    at the rate that trials have found, or the only performance round. Step: with another number of requests in flight.
    Accuracy: each sample once, to be scored or compared. Of a compliance test, Reference: what the Audited round is
    held against."""
    target_qps: float
    """Of the stream that was sent; 0 where answers or a recording pace it."""
    samples_per_query: int = 1
    start_time: str
    """Wall-clock time of its own T0, RFC 3339, UTC."""
    stream_digest: str
    verdict: Literal["Valid", "Invalid", "Inconclusive"]
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    result: Result
    ended_early: str = ""
    """Why a trial was not sent to its end: it could not be valid any more. Empty where it was."""
    accuracy: AccuracyReport | None = None
    """Of an accuracy round that was scored."""
    stream: StreamPlan | None = None
    """What was sent, and by what it was judged, in rounds of compliance tests, which change them; None of others."""
    judge: JudgePlan | None = None


class Spread(ReportStruct, frozen=True, kw_only=True):
    """How far the rounds of one run lie apart, in the result's metric and unit.

    A figure is None where it falls on a round that has none, since nothing was answered.
    """

    rounds: int
    """Those that were measured to their end."""
    median: float | None
    """The result: that of the round in the middle, of an even number of rounds the worse of two."""
    low: float | None
    high: float | None
    confidence: float
    """How surely the true median lies between low and high, as a fraction: of few rounds it is less than 0.95."""
    method: Literal["OrderStatistics"] = "OrderStatistics"
    """Low and high are two of the measured values; nothing is assumed of how values are distributed."""


class Peak(ReportStruct, frozen=True, kw_only=True):
    """The highest load that is valid, as far as it was found: a rate, or by the rules of 2019 samples per query."""

    valid_qps: float | None
    """Measured in full, and Valid; None where no such run was."""
    not_valid_qps: float | None
    """The least rate from there on that was not: `valid_qps` itself where a trial of it failed. None where there was
    none: the peak is above `valid_qps`."""
    trials: int
    client_limited: bool
    """Whether at `not_valid_qps` it was the measurement that was in doubt: the peak is `valid_qps` at least."""
    valid_samples_per_query: int | None = None
    not_valid_samples_per_query: int | None = None
    """Of a search for samples per query, in place of the two rates, and of the same meaning."""


class StepReport(ReportStruct, frozen=True, kw_only=True):
    """One step of concurrency in short; `rounds` has all of its figures, in the same order."""

    concurrency: int
    """Requests in flight, over all workers."""
    samples_per_second: float | None
    """None where nothing was answered."""
    p50_ns: int | None
    """This and the next: None where it falls on a query that was not answered."""
    p99_ns: int | None
    errors: int
    verdict: Literal["Valid", "Invalid", "Inconclusive"]
    is_result: bool
    """Whether the run's figures are this step's."""


class OfficialReport(ReportStruct, frozen=True, kw_only=True):
    """What the official LoadGen says of the run that it was the engine of; the report's verdict follows it."""

    version: str
    """Of the package mlcommons-loadgen."""
    verdict: Literal["VALID", "INVALID"]
    advice: str
    """In its own words; empty where it is VALID."""
    metric: str
    """The key in its detail log of the figure that such a run is known by."""
    value: float
    latency_ns: dict[str, int]
    """min, max, mean, and its percentiles by its names (99.00); from when a query was due or issued to when LoadGen was
    told of its answer, so that they hold the way from and to the worker."""
    own_verdict: Literal["Valid", "Invalid"]
    """What the worker's own records say of the same rules."""
    agrees: bool | None
    """Whether that is the same; None where queries failed, which LoadGen knows nothing of."""
    issue_delay_p50_ns: int | None
    """From when a query was due to when LoadGen issued it; None where no schedule says when."""
    issue_delay_p99_ns: int | None
    hand_over_p50_ns: int | None
    """From there to its sending; None in Offline, where a sample waits for its turn."""
    hand_over_p99_ns: int | None
    logs: dict[str, str] = {}
    """Its log files, unchanged, by their names."""
    logs_absent: str = ""
    """Why there are none; empty where there are."""


class Report(ReportStruct, frozen=True, kw_only=True):
    """One run."""

    schema: Literal["inferometer.dev/report/v1"] = REPORT_SCHEMA
    name: str
    run_uid: str
    plan: Plan
    plan_hash: str
    stream_digest: str
    """sha256 over (index, sample, scheduled ns) of the whole stream: the same for any number of workers."""
    assignment: Assignment
    start_time: str
    """Wall-clock time of T0, RFC 3339, UTC."""
    verdict: Literal["Valid", "Invalid", "Inconclusive"]
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]
    per_rules: bool | None = None
    """Whether all numbers are those of the plan's edition of the rules; None for custom."""
    deviations: tuple[Deviation, ...] = ()
    submittable: bool = False
    obstacles: tuple[Obstacle, ...] = ()
    """Why it can't be submitted to MLPerf: each, in a fixed order."""
    result: Result
    accuracy: AccuracyReport | None = None
    """Of an accuracy round that was scored."""
    replicas: tuple[ReplicaReport, ...]
    client: ClientReport
    versions: Versions
    rounds: tuple[RoundReport, ...] = ()
    """Of a plan that has several: then result, replicas and client are those of the median round, of the measured one
    at the peak, or of the best step."""
    spread: Spread | None = None
    """None where the plan does not repeat."""
    peak: Peak | None = None
    """None where none was looked for."""
    steps: tuple[StepReport, ...] = ()
    """Of a plan with steps of concurrency: those that were measured."""
    ended_early: str = ""
    """As in a round; empty but where a search was cut short in a trial."""
    official: OfficialReport | None = None
    """None of our own engine, and where the official one did not come to its end."""
    audit: AuditReport | None = None
    """Of mode Audit."""
    outputs: OutputsReport | None = None
    """Of TEST01's accuracy round alone; in the run's report it stands in `audit`."""


def encode(report: Report) -> bytes:
    """The report as JSON, keys sorted."""
    return msgspec.json.encode(report, order="sorted")


def decode(data: bytes) -> Report:
    """The report behind JSON. Raises msgspec.ValidationError with the path of the first value that does not fit."""
    return msgspec.json.decode(data, type=Report)


def sha256(report_json: bytes) -> str:
    """A report's identity, in hexadecimal: of its JSON before compression."""
    return hashlib.sha256(report_json).hexdigest()

"""The status of a benchmark: a summary for people, figures for programs, and what the operator must not forget.

What the operator must not forget is little: the start (time and nonce), the conditions, the plan's digest. All else
is derived from the report or from what is observed. `phase` and `summary` are for display; no code reads them.
"""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from inferometer_operator.api.conditions import ConditionStatus, ConditionType

Time = Annotated[str, Meta(max_length=32, extra_json_schema={"format": "date-time"})]
"""RFC 3339, UTC, with microseconds; written by `format_time`, compared only by the API server."""
ShortText = Annotated[str, Meta(max_length=64)]
Name = Annotated[str, Meta(max_length=253)]
Digest = Annotated[str, Meta(max_length=64)]
ReasonName = Annotated[str, Meta(max_length=64)]
Message = Annotated[str, Meta(max_length=2048)]

MESSAGE_LIMIT = 2048
LOG_TAIL_LIMIT = 4096
EVIDENCE_LIMIT = 4
EVENTS_LIMIT = 8
EVENT_LIMIT = 256


class StatusStruct(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A part of the status: what is at its default is left out, so that what is absent stays absent."""


class Condition(StatusStruct, frozen=True, kw_only=True):
    """One thing that can be said of the run, in the form that `kubectl wait` knows."""

    type: Annotated[ShortText, Meta(description="What is said.")]
    status: Annotated[ShortText, Meta(description="True, False or Unknown.")]
    reason: Annotated[ReasonName, Meta(description="Why, for programs.")]
    message: Annotated[Message, Meta(description="Why, for people.")]
    last_transition_time: Annotated[Time, Meta(description="When the status last changed.")]
    observed_generation: Annotated[int, Meta(ge=0, description="The generation of the spec that it speaks of.")] = 1


class Progress(StatusStruct, frozen=True, kw_only=True):
    """How far the run is, as its coordinator last said."""

    step: Annotated[ShortText, Meta(description="What is being done.")]
    percent: Annotated[int, Meta(ge=0, le=100, description="Of the planned queries, completed.")]
    completed: Annotated[int, Meta(ge=0, description="Queries answered.")]
    planned: Annotated[int, Meta(ge=0, description="Queries of the plan.")]
    errors: Annotated[int, Meta(ge=0, description="Queries that failed.")]
    time: Annotated[Time, Meta(description="When the coordinator said so.")]
    eta: Annotated[ShortText, Meta(description="Time until the last query is due.")] = ""


class Latency(StatusStruct, frozen=True, kw_only=True):
    """Latencies over all queries from their scheduled times, in nanoseconds; absent where a query had no answer."""

    mean_ns: Annotated[int, Meta(description="Mean over answered queries.")] | UnsetType = UNSET
    p50_ns: Annotated[int, Meta(description="Median.")] | UnsetType = UNSET
    p90_ns: Annotated[int, Meta(description="90th percentile.")] | UnsetType = UNSET
    p95_ns: Annotated[int, Meta(description="95th percentile.")] | UnsetType = UNSET
    p97_ns: Annotated[int, Meta(description="97th percentile.")] | UnsetType = UNSET
    p99_ns: Annotated[int, Meta(description="99th percentile.")] | UnsetType = UNSET
    p999_ns: Annotated[int, Meta(description="99.9th percentile.")] | UnsetType = UNSET
    max_ns: Annotated[int, Meta(description="The longest.")] | UnsetType = UNSET


class AccuracyStatus(StatusStruct, frozen=True, kw_only=True):
    """How good the answers of an accuracy run are."""

    metric: Annotated[ShortText, Meta(description="What `value` is: the scorer's own word.")]
    value: Annotated[float, Meta(description="The score.")]
    samples: Annotated[int, Meta(ge=0, description="Samples that were scored.")]
    target: Annotated[float, Meta(description="The least score for a valid run.")] | UnsetType = UNSET
    met: Annotated[bool, Meta(description="Whether the score is as good.")] | UnsetType = UNSET


class PeakStatus(StatusStruct, frozen=True, kw_only=True):
    """The highest load that is valid, as far as a search has found it: a rate, or samples per query."""

    trials: Annotated[int, Meta(ge=0, description="Short ones, before the measured run.")]
    client_limited: Annotated[
        bool, Meta(description="Whether it was the measurement that was in doubt above: the peak is at least validQps.")
    ] = False
    valid_qps: Annotated[float, Meta(description="Queries per second, measured in full and valid.")] | UnsetType = UNSET
    not_valid_qps: (
        Annotated[float, Meta(description="The least rate from there on that was not; absent where there was none.")]
        | UnsetType
    ) = UNSET
    valid_samples_per_query: (
        Annotated[int, Meta(description="Samples of a query, measured in full and valid.")] | UnsetType
    ) = UNSET
    not_valid_samples_per_query: (
        Annotated[int, Meta(description="The fewest from there on that were not; absent where there were none.")]
        | UnsetType
    ) = UNSET


class SpreadStatus(StatusStruct, frozen=True, kw_only=True):
    """How far the rounds of a run lie apart, in the unit of its result, which is their median."""

    rounds: Annotated[int, Meta(ge=0, description="Those that were measured to their end.")]
    confidence: Annotated[
        float, Meta(description="How surely the true median lies between low and high, as a fraction.")
    ]
    low: Annotated[float, Meta(description="The lower end.")] | UnsetType = UNSET
    high: Annotated[float, Meta(description="The upper end.")] | UnsetType = UNSET


class StepStatus(StatusStruct, frozen=True, kw_only=True):
    """One step of concurrency, measured in a round of its own; a latency is absent where a query had no answer."""

    concurrency: Annotated[int, Meta(ge=1, description="Queries that were open at any time, over all workers.")]
    errors: Annotated[int, Meta(ge=0, description="Queries that failed.")]
    verdict: Annotated[ShortText, Meta(description="Valid, Invalid or Inconclusive.")]
    is_result: Annotated[bool, Meta(description="Whether the run's figures are this step's.")] = False
    samples_per_second: (
        Annotated[float, Meta(description="As completed; absent where nothing was answered.")] | UnsetType
    ) = UNSET
    p50_ns: Annotated[int, Meta(description="Median latency.")] | UnsetType = UNSET
    p99_ns: Annotated[int, Meta(description="99th percentile of the latency.")] | UnsetType = UNSET


class AuditStatus(StatusStruct, frozen=True, kw_only=True):
    """A compliance test, and what it compared; the figures are in the unit of the result."""

    test: Annotated[ShortText, Meta(description="TEST01, TEST04 or TEST05.")]
    passed: Annotated[bool, Meta(description="Absent where it says nothing.")] | UnsetType = UNSET
    reference: Annotated[float, Meta(description="What the audited figure is held against.")] | UnsetType = UNSET
    audited: Annotated[float, Meta(description="The figure of the audited round.")] | UnsetType = UNSET
    different_outputs: (
        Annotated[int, Meta(ge=0, description="TEST01: logged answers that are not those of the accuracy round.")]
        | UnsetType
    ) = UNSET


class Result(StatusStruct, frozen=True, kw_only=True):
    """The figures that the run is known by."""

    metric: Annotated[ShortText, Meta(description="What `value` is, in MLPerf's words.")]
    unit: Annotated[ShortText, Meta(description="The unit of `value`.")]
    queries: Annotated[int, Meta(ge=0, description="Queries of the stream, answered or not.")]
    errors: Annotated[int, Meta(ge=0, description="Queries that failed.")]
    duration_ns: Annotated[int, Meta(ge=0, description="From the first scheduled time to the last answer.")]
    latency: Annotated[Latency, Meta(description="Latencies over all queries.")]
    value: Annotated[float, Meta(description="The result.")] | UnsetType = UNSET
    qps: (
        Annotated[float, Meta(description="Queries per second, as scheduled or, without a schedule, as completed.")]
        | UnsetType
    ) = UNSET
    accuracy: (
        Annotated[AccuracyStatus, Meta(description="Of answers that were scored, how good they are.")] | UnsetType
    ) = UNSET


class ClientFigures(StatusStruct, frozen=True, kw_only=True):
    """How fit the client was to measure; a figure that it does not have is absent."""

    send_lag_p99_ns: Annotated[int, Meta(description="How late queries were sent, 99th percentile.")] | UnsetType = (
        UNSET
    )


class Summary(StatusStruct, frozen=True, kw_only=True):
    """The same as text, for the columns of `kubectl get`."""

    progress: Annotated[ShortText, Meta(description="Completed share of the queries.")] = ""
    result: Annotated[ShortText, Meta(description="The result with its unit.")] = ""
    p99: Annotated[ShortText, Meta(description="The 99th percentile of the latency.")] = ""
    qps: Annotated[
        ShortText, Meta(description="Queries per second, as scheduled or, without a schedule, as completed.")
    ] = ""
    errors: Annotated[ShortText, Meta(description="Queries that failed.")] = ""
    reason: Annotated[Message, Meta(description="Why the run is not valid or failed, and what to do.")] = ""


class ReasonStatus(StatusStruct, frozen=True, kw_only=True):
    """One reason of the verdict."""

    type: Annotated[ReasonName, Meta(description="For programs.")]
    message: Annotated[Message, Meta(description="For people.")]


class ServerStatus(StatusStruct, frozen=True, kw_only=True):
    """One replica: who it is, and what was measured on it."""

    name: Annotated[Name, Meta(description="Its pod, or the host and port of spec.target.endpoint.")]
    uid: Annotated[ShortText, Meta(description="Its pod's, at the start; after it no other pod takes its place.")] = ""
    node: Annotated[Name, Meta(description="Where it ran.")] = ""
    gpu: Annotated[Name, Meta(description="The GPUs that it held, as its node offers them.")] = ""
    url: Annotated[Name, Meta(description="Where it answers, if it is one of spec.target.endpoint.")] = ""
    ready: Annotated[bool, Meta(description="Whether the model is, or was at the start, ready on it.")] = False
    queries: Annotated[int, Meta(ge=0, description="Queries that it was asked.")] | UnsetType = UNSET
    share: Annotated[float, Meta(description="Of all queries, as a fraction.")] | UnsetType = UNSET
    p99_ns: Annotated[int, Meta(description="99th percentile of its queries' latency.")] | UnsetType = UNSET
    queue_ns: Annotated[int, Meta(description="Mean time of a request in its queue.")] | UnsetType = UNSET
    compute_ns: Annotated[int, Meta(description="Mean time of a request in computation.")] | UnsetType = UNSET
    absent_reason: Annotated[Message, Meta(description="Why its own figures are absent.")] = ""


class Evidence(StatusStruct, frozen=True, kw_only=True):
    """What is kept of a pod that failed: the pod itself is deleted when the run has ended."""

    pod: Annotated[Name, Meta(description="Its name.")]
    uid: Annotated[ShortText, Meta(description="Its uid: before the start another may have taken its place.")] = ""
    node: Annotated[Name, Meta(description="Where it ran.")] = ""
    reason: Annotated[Message, Meta(description="What Kubernetes says of its container.")] = ""
    exit_code: Annotated[int, Meta(description="Of its container.")] | UnsetType = UNSET
    log_tail: Annotated[
        Annotated[str, Meta(max_length=LOG_TAIL_LIMIT)], Meta(description="The last 4 KiB of its log.")
    ] = ""
    events: Annotated[
        tuple[Annotated[str, Meta(max_length=EVENT_LIMIT)], ...],
        Meta(max_length=EVENTS_LIMIT, description="What was told of it, the latest last."),
    ] = ()


class ReportReference(StatusStruct, frozen=True, kw_only=True):
    """Where the report is."""

    config_map: Annotated[Name, Meta(description="The ConfigMap; its key report.json.gz is the report.")]
    sha256: Annotated[Digest, Meta(description="Of the report's JSON before compression.")]


class Versions(StatusStruct, frozen=True, kw_only=True):
    """What ran the benchmark, fixed when it was accepted."""

    operator: Annotated[ShortText, Meta(description="The operator.")]
    image: Annotated[Annotated[str, Meta(max_length=512)], Meta(description="The load generator's image.")]
    server: Annotated[Name, Meta(description="The server, as it says itself.")] = ""


class BenchmarkStatus(StatusStruct, frozen=True, kw_only=True):
    """What is known of the run; written by the operator only."""

    observed_generation: Annotated[int, Meta(ge=0, description="The generation of the spec that was read.")] = 0
    phase: Annotated[ShortText, Meta(description="For people; programs read the conditions.")] = ""
    summary: Annotated[Summary, Meta(description="The columns of kubectl get.")] | UnsetType = UNSET
    plan_hash: Annotated[Digest, Meta(description="sha256 of the plan: equal plans send the same load.")] = ""
    versions: Annotated[Versions, Meta(description="What ran the benchmark.")] | UnsetType = UNSET
    start_time: Annotated[Time, Meta(description="When the start was decided: the point of no return.")] | UnsetType = (
        UNSET
    )
    start_nonce: Annotated[ShortText, Meta(description="The start's name, so that it is given once.")] | UnsetType = (
        UNSET
    )
    completion_time: Annotated[Time, Meta(description="When the run ended, whatever its end.")] | UnsetType = UNSET
    progress: Annotated[Progress, Meta(description="How far the run is.")] | UnsetType = UNSET
    conditions: Annotated[
        tuple[Condition, ...],
        Meta(
            max_length=16,
            description="Accepted, ServersReady, LoadersReady, Measured, ReportStored, Finished, Complete, Failed, "
            "Valid.",
            extra_json_schema={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
        ),
    ] = ()
    verdict: Annotated[ShortText, Meta(description="Valid, Invalid or Inconclusive.")] = ""
    reasons: Annotated[
        tuple[ReasonStatus, ...], Meta(max_length=32, description="Why the verdict, or the failure, is what it is.")
    ] = ()
    per_rules: (
        Annotated[bool, Meta(description="Whether all numbers are those of the edition of the rules.")] | UnsetType
    ) = UNSET
    deviations: Annotated[
        tuple[Message, ...],
        Meta(max_length=32, description="What differs from the edition of the rules, and where it says so."),
    ] = ()
    submittable: Annotated[bool, Meta(description="Whether the run could be submitted to MLPerf.")] | UnsetType = UNSET
    obstacles: Annotated[
        tuple[ReasonStatus, ...], Meta(max_length=32, description="Why it can't be submitted to MLPerf.")
    ] = ()
    result: Annotated[Result, Meta(description="The figures that the run is known by.")] | UnsetType = UNSET
    client: Annotated[ClientFigures, Meta(description="How fit the client was to measure.")] | UnsetType = UNSET
    peak: Annotated[PeakStatus, Meta(description="Of a search: the highest rate that is valid.")] | UnsetType = UNSET
    audit: Annotated[AuditStatus, Meta(description="In mode Audit: the test's outcome.")] | UnsetType = UNSET
    spread: Annotated[SpreadStatus, Meta(description="Of several rounds: how far they lie apart.")] | UnsetType = UNSET
    steps: Annotated[
        tuple[StepStatus, ...], Meta(max_length=32, description="Of steps of concurrency: those that were measured.")
    ] = ()
    servers: Annotated[tuple[ServerStatus, ...], Meta(max_length=256, description="Each replica.")] = ()
    evidence: Annotated[
        tuple[Evidence, ...], Meta(max_length=EVIDENCE_LIMIT, description="What is kept of pods that failed.")
    ] = ()
    report: Annotated[ReportReference, Meta(description="Where the report is.")] | UnsetType = UNSET

    def condition(self, kind: ConditionType) -> Condition | None:
        """What is said of `kind`, or None."""
        return next((found for found in self.conditions if found.type == kind), None)

    def is_true(self, kind: ConditionType) -> bool:
        """Whether `kind` is said to be so."""
        found = self.condition(kind)
        return found is not None and found.status == ConditionStatus.TRUE

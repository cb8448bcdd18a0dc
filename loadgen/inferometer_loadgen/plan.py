"""Everything that decides what is sent and how it is judged, and nothing about where it runs.

A plan is made once from a spec (`spec.resolve`), encoded as canonical JSON and hashed. Two runs with equal digests
send the same samples at the same times and are judged alike; addresses, node names and pod uids are not in it: they
stand in the `Assignment` that is given with the start.
"""

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

PLAN_SCHEMA: Literal["inferometer.dev/plan/v1"] = "inferometer.dev/plan/v1"


class Seeds(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The three seeds of MLPerf's LoadGen (mlperf.conf: qsl_rng_seed, sample_index_rng_seed, schedule_rng_seed).

    The defaults are those of v6.1. LoadGen's generators use a seed modulo 2^32.
    """

    qsl: Annotated[int, Meta(ge=0)] = 2085463073848966840
    sample_index: Annotated[int, Meta(ge=0)] = 2747215439041700203
    schedule: Annotated[int, Meta(ge=0)] = 16159082839903944936


class AccuracyLog(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which answers of a performance round are logged: LoadGen's accuracy_log_rng_seed, _probability, _sampling_target.

    The probability is the one that holds; where a number of samples is aimed at, it was reckoned from it.
    """

    seed: Annotated[int, Meta(ge=0)]
    probability: Annotated[float, Meta(ge=0)]
    sampling_target: int = 0
    """0 where the probability itself was given."""


class StreamPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What fixes the stream of (sample, time): the arguments of `stream.make_stream`."""

    dialect: Literal["loadgen-6.0", "loadgen-r0.5"] = "loadgen-6.0"
    """Which LoadGen's stream it is: the package 6.0.17's, or the source's of the branch r0.5."""
    scenario: Literal["SingleStream", "MultiStream", "Server", "Offline", "Concurrency", "Replay"] = "Server"
    mode: Literal["Performance", "Accuracy"] = "Performance"
    """Accuracy asks for every sample of the library; its length follows from that alone."""
    order: Literal["Drawn", "Unique", "Same", "Permutations"] = "Drawn"
    """Performance only. Drawn: independent draws. Unique: each loaded sample once (LoadGen's performance_issue_unique,
    of audit TEST04-A). Same: one sample all the time (performance_issue_same, of TEST04-B). Permutations: the loaded
    set in one new order after another (sample_concatenate_permutation)."""
    same_index: int = 0
    """Order Same: the position in the loaded set at which its sample stands (3 in TEST04-B)."""
    seeds: Seeds
    target_qps: float
    """Queries per second: Server's mean rate of arrivals; the ticks of MultiStream in the dialect loadgen-r0.5; what
    Offline's number of samples is reckoned from, and the length that a closed loop begins with. 0 where none is known.
    """
    min_duration_ns: int
    """Queries are generated until one is scheduled at or after this time (and `min_queries` are there)."""
    min_queries: int
    """Offline: samples, since it is one query."""
    total_samples: int
    """Samples in the library."""
    performance_samples: int
    """Samples that a performance run draws from (LoadGen's performance_sample_count)."""
    replay: bytes = b""
    """Replay only: the times of all queries, as `stream.replay.pack_times` gives them."""
    samples_per_query: int = 1
    """MultiStream only: the samples of a query, which are one row."""
    samples_per_request: int = 1
    """Offline only: into rows of so many samples the one query is dealt out."""
    accuracy_log: AccuracyLog | None = None
    """Performance only: what is kept of its answers; None for nothing."""


class SyntheticData(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag="synthetic", tag_field="kind"):
    """Samples drawn from the model's own metadata by a seeded generator."""

    samples: int
    seed: int


class NpzData(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag="npz", tag_field="kind"):
    """Samples from an npz file; the digest is that of the file's bytes, so that each worker proves its copy."""

    samples: int
    sha256: str


class KServeJsonData(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag="kserve-json", tag_field="kind"):
    """Samples from JSON, KServe v2's requests or perf_analyzer's data; the digest is that of the file's bytes."""

    samples: int
    sha256: str


class InputPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What the spec fixes about one input, for samples that are drawn; None where it leaves that to the model."""

    name: str
    shape: tuple[int, ...] | None = None
    """Without the batch dimension."""
    min: float | None = None
    max: float | None = None
    text_bytes: int | None = None


class ModelPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The model that is asked, as the servers name it; an empty version is the server's own choice."""

    name: str
    version: str = ""
    inputs: tuple[InputPlan, ...] = ()
    parameters: dict[str, int | str] = {}
    """Sent with every request."""


class DetectionsPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which outputs are a sample's detected objects, and how they are to be read."""

    boxes: str
    classes: str
    scores: str
    count: str = ""
    """The output that says how many of them there are; empty where all are."""
    box_format: Literal["YXYX", "XYXY", "XYWH"] = "YXYX"
    box_unit: Literal["Relative", "Pixels"] = "Relative"
    categories: Literal["Ids", "Numbers"] = "Ids"
    min_score: float = 0.0


class ScorerCommandPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A user's own scorer: a program on the machine of `inferometer run`."""

    run: tuple[str, ...]
    """The program and its arguments; the file of the answers is one more."""
    timeout_ns: int


class ScorerPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the outputs of an accuracy run become one number."""

    kind: Literal["top1", "coco-map", "bleu", "command"]
    output: str = ""
    """The model's output that is scored; empty where it has one only."""
    label_offset: int = 0
    """So much is added to a label to make it the class that the model means."""
    detections: DetectionsPlan | None = None
    """Of coco-map; None of all others."""
    tokenize: Literal["13a", "intl", "char", "none"] = "13a"
    """Of bleu: how sacrebleu splits a text into words."""
    command: ScorerCommandPlan | None = None
    """Of command; None of all others."""


class JudgePlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """By what the records are judged."""

    latency_bound_ns: int
    """0 where no latency is judged."""
    latency_percentile: float
    """As a fraction, 0.99 for the 99th."""
    min_duration_ns: int
    min_queries: int
    """Offline: samples, since it is one query."""
    early_stopping: bool = False
    """Whether the queries must be enough to be sure of the percentile, by MLPerf's early stopping; where the latency is
    the result, it is then an estimate that is on the safe side."""
    server_metric: Literal["Completed", "Scheduled"] = "Completed"
    """Which rate Server's result is: of what was completed, or, by the rules of v0.5, as it was scheduled."""
    accuracy_target: float | None = None
    """The least score of an accuracy run; None where it is only reported."""
    accuracy_target_source: str = ""
    """What the edition of the rules asks, and where it says so; empty where the target is the user's own."""


class Deviation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A value of the spec that differs from what the edition of the rules fixes, both as a user would write them."""

    field: str
    """For example spec.load.minDuration."""
    value: str
    fixed: str
    source: str
    """Where the edition says so."""


class RepeatPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The same stream several times, on the same servers and workers."""

    count: int
    """How often, the first included."""
    cooldown_ns: int
    """Without any load, between the end of one round and the beginning of the next."""


class FindPeakPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A search for the highest valid load, from short trials to the measured run: Server's rate, or by the rules of
    2019 MultiStream's samples per query."""

    min_qps: float = 0.0
    max_qps: float = 0.0
    """`stream.target_qps` is this too: what a worker prepares for. 0 where samples per query are looked for."""
    min_samples_per_query: int = 0
    max_samples_per_query: int = 0
    """`stream.samples_per_query` is this too. 0 where a rate is looked for."""
    tolerance: float
    """As a fraction: neighbouring rates of the search lie no further apart."""
    trial_duration_ns: int
    max_trials: int


class SequencesPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Queries that belong together: which to which is `stream.sequences`'s."""

    count: int
    """Open at a time, each with one query open: a multiple of workers and of replicas."""
    length: int
    """Queries in a sequence."""


class _AuditPlan(msgspec.Struct, frozen=True, kw_only=True, rename="camel", tag_field="test"):
    """How far a round may be from the reference, as fractions of it."""

    tolerance: float
    short_tolerance: float
    """Where the reference is a latency so short that the machine's own noise is most of what differs."""


class OutputsAuditPlan(_AuditPlan, frozen=True, kw_only=True, tag="TEST01"):
    """Answers that are logged while performance is measured are those of an accuracy run."""

    log_seed: int
    log_samples: int = 0
    """So many answers are aimed at; 0 where `log_probability` says how likely each is logged."""
    log_probability: float = 0.0
    accuracy_delta: float
    """Where answers differ, by how much their score may, as a fraction."""


class CachingAuditPlan(_AuditPlan, frozen=True, kw_only=True, tag="TEST04"):
    """The same sample again and again is answered no faster than others."""

    reference: Literal["Performance", "Unique"]
    """Held against the ordinary load, or, by the rules of 2019, against each loaded sample once."""
    same_index: int


class SeedsAuditPlan(_AuditPlan, frozen=True, kw_only=True, tag="TEST05"):
    """With other seeds the system is as fast."""

    seeds: Seeds


type AuditPlan = OutputsAuditPlan | CachingAuditPlan | SeedsAuditPlan


class Plan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One run, independent of where it runs."""

    schema: Literal["inferometer.dev/plan/v1"] = PLAN_SCHEMA
    name: str
    """The benchmark's name: for people only."""
    rules: str = "custom"
    """The edition of the rules by which the run is judged, for example mlperf-v6.1; custom for none."""
    task: str = ""
    """The edition's task; empty where there is none."""
    deviations: tuple[Deviation, ...] = ()
    """From the edition; empty where the run is by the rules, or by none."""
    engine: Literal["Own", "mlperf-loadgen"] = "Own"
    """What says when a query goes: our own issuers, or the official LoadGen, whose queries the worker sends."""
    protocol: Literal["http", "grpc"]
    model: ModelPlan
    data: SyntheticData | NpzData | KServeJsonData
    stream: StreamPlan
    judge: JudgePlan
    mode: Literal["Performance", "Accuracy", "PerformanceAndAccuracy", "Audit"] = "Performance"
    """Which rounds there are: those of `stream`; after them one that asks for each sample once and is scored; or one of
    `stream` and those of `audit`."""
    scorer: ScorerPlan | None = None
    """Of the round whose answers are scored; None where there is none."""
    workers: int
    replicas: int
    """Query i is sent by worker i mod `workers` to replica i mod `replicas`."""
    connections_per_replica: int
    """Connections that each worker opens before the measured run to each replica that it asks."""
    in_flight: int = 0
    """Requests that may be open at a time, over all workers: of closed loops and of Offline. 0: as many as are due."""
    balance: Literal["RoundRobin", "LeastOutstanding"] = "RoundRobin"
    """RoundRobin: by the row's index. LeastOutstanding: where the fewest are open; one worker's knowledge only."""
    query_timeout_ns: int = 0
    """For the answer to one query, from its sending; 0: until the drain ends."""
    spin_ns: int = 0
    """So long before a query is due a worker stops sleeping; it costs a core, and spares the kernel's wake-up."""
    warmup_ns: int
    drain_ns: int
    """How long after the last scheduled time answers are awaited; what is open then has timed out."""
    scrape_interval_ns: int
    repeat: RepeatPlan | None = None
    """None: once."""
    find_peak: FindPeakPlan | None = None
    """None: at the stream's own rate."""
    concurrency_steps: tuple[int, ...] = ()
    """Of each round, the requests that may be open at a time; `in_flight` is the last and largest of them, what a
    worker prepares for. Empty: one round with `in_flight`."""
    sequences: SequencesPlan | None = None
    """None: each query is independent."""
    audit: AuditPlan | None = None
    """Of mode Audit; None of all others."""


class ReplicaAddress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where one replica answers, and who it is: `uid` is its pod's, empty outside a cluster."""

    name: str
    url: str
    """For example http://198.18.11.4:8000."""
    metrics_url: str
    """Empty where its counters are not to be read."""
    uid: str = ""
    node: str = ""


class Assignment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a plan runs: given once, with the start, and copied into the report.

    `worker_uids[k]` is the pod uid that worker k must have; empty outside a cluster.
    """

    replicas: tuple[ReplicaAddress, ...]
    worker_uids: tuple[str, ...] = ()
    worker_nodes: tuple[str, ...] = ()
    """Where each worker runs; empty where that is not known."""


def as_accuracy(plan: Plan) -> Plan:
    """The plan of the accuracy round of a plan: each sample once is all that is asked, however long it takes."""
    return msgspec.structs.replace(
        plan,
        stream=msgspec.structs.replace(plan.stream, mode="Accuracy", min_duration_ns=0, min_queries=1),
        judge=msgspec.structs.replace(plan.judge, latency_bound_ns=0, min_duration_ns=0, min_queries=1),
    )


def encode(plan: Plan) -> bytes:
    """The plan as canonical JSON: keys sorted, no white space, UTF-8; equal plans give equal bytes."""
    return msgspec.json.encode(plan, order="sorted")


def decode(data: bytes) -> Plan:
    """The plan behind `data`. Raises msgspec.ValidationError with the path of the first value that does not fit."""
    return msgspec.json.decode(data, type=Plan)


def digest(plan: Plan) -> str:
    """The plan's identity: the sha256 of its canonical JSON, in hexadecimal."""
    return hashlib.sha256(encode(plan)).hexdigest()

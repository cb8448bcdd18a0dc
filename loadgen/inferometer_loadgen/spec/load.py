"""The load: which queries, how many, how fast, from where, and what is expected of the answers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from inferometer_loadgen.spec.base import NodeSelector, ObjectName, Resources, SpecStruct, Tolerations
from inferometer_loadgen.spec.find_peak import FindPeak
from inferometer_loadgen.spec.sequences import Sequences
from inferometer_loadgen.spec.units import Duration

Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Concurrency = Annotated[int, Meta(ge=1, le=100_000)]

DataFormat = Literal["npz", "kserve-json"]
SAMPLES_KEYS: Mapping[DataFormat, str] = MappingProxyType({"npz": "samples.npz", "kserve-json": "samples.json"})
"""Where in a ConfigMap the samples are."""

TIMES_KEY = "times.csv"
"""Where in a ConfigMap the times of a recording are."""


class SpecSeeds(SpecStruct, frozen=True, kw_only=True):
    """The seeds of the query stream, named as in MLPerf's LoadGen; its generators use them modulo 2^32."""

    qsl: Annotated[Seed, Meta(description="Decides which samples are loaded, and in which order.")] | UnsetType = UNSET
    sample_index: Annotated[Seed, Meta(description="Decides which sample each query asks.")] | UnsetType = UNSET
    schedule: Annotated[Seed, Meta(description="Decides when each query is sent.")] | UnsetType = UNSET


class Synthetic(SpecStruct, frozen=True, kw_only=True):
    """Samples drawn by a seeded generator from what the model says of its inputs."""

    samples: Annotated[int, Meta(ge=1, le=1_000_000, description="How many different samples.")] = 64
    seed: Annotated[Seed, Meta(description="The generator's seed.")] = 0


class ConfigMapData(SpecStruct, frozen=True, kw_only=True):
    """Samples in a ConfigMap."""

    name: Annotated[ObjectName, Meta(description="A ConfigMap of the benchmark's namespace, which holds the samples.")]
    format: Annotated[
        DataFormat,
        Meta(
            description="npz: its key samples.npz holds an array for each input of the model, its first dimension the "
            "sample. kserve-json: its key samples.json holds perf_analyzer's input data or KServe v2 requests; for "
            "texts, and for samples of different shapes."
        ),
    ] = "npz"


class Data(SpecStruct, frozen=True, kw_only=True):
    """The sample library: exactly one of its fields."""

    synthetic: Annotated[Synthetic, Meta(description="Random samples that fit the model's inputs.")] | UnsetType = UNSET
    config_map: (
        Annotated[ConfigMapData, Meta(description="Samples of your own, up to a ConfigMap's 1 MiB.")] | UnsetType
    ) = UNSET


class RecordingConfigMap(SpecStruct, frozen=True, kw_only=True):
    """A recording in a ConfigMap."""

    name: Annotated[
        ObjectName,
        Meta(
            description="A ConfigMap of the benchmark's namespace. Its key times.csv holds a time a line, in seconds "
            "such as 0.25, none before the one above it; the first is when the run begins."
        ),
    ]


class Replay(SpecStruct, frozen=True, kw_only=True):
    """When queries were asked of a real service."""

    config_map: Annotated[
        RecordingConfigMap, Meta(description="The ConfigMap with the times: at most 1,000,000, and 6h from end to end.")
    ]


class Load(SpecStruct, frozen=True, kw_only=True):
    """The load and what is expected of the answers."""

    data: Annotated[Data, Meta(description="The samples that queries ask about.")]
    target_qps: (
        Annotated[
            float,
            Meta(
                gt=0,
                le=1_000_000,
                description="Server: queries per second over all workers, at random (Poisson) times as real users "
                "would come. Offline: the samples per second that are expected; with minDuration it says how many are "
                "sent. MultiStream in the dialect loadgen-r0.5: ticks per second, at each of which a query is sent.",
            ),
        ]
        | UnsetType
    ) = field(default=UNSET, name="targetQPS")
    find_peak: (
        Annotated[
            FindPeak,
            Meta(
                description="Server: the highest valid rate is looked for, in place of a targetQPS that is known. "
                "MultiStream in the dialect loadgen-r0.5: the most samples per query, in place of samplesPerQuery."
            ),
        ]
        | UnsetType
    ) = UNSET
    latency_bound: (
        Annotated[
            Duration,
            Meta(
                description="The longest that an answer may take, at latencyPercentile: in Server and Replay from its "
                "scheduled time, in Concurrency from its sending.",
                extra={"unit": "ms"},  # the likely one, where a user wrote none
            ),
        ]
        | UnsetType
    ) = UNSET
    latency_percentile: (
        Annotated[
            float,
            Meta(
                gt=0,
                lt=1,
                description="The share of queries that must be within latencyBound, or whose latency is the result; "
                "if left out as `rules` say, and 0.9 in SingleStream and 0.99 elsewhere where they are custom.",
            ),
        ]
        | UnsetType
    ) = UNSET
    early_stopping: (
        Annotated[
            bool,
            Meta(
                description="Whether the queries must be enough to be sure of latencyPercentile with 99% confidence, "
                "as MLPerf's early stopping has it. Where the latency is the result, it is then an estimate on the "
                "safe side."
            ),
        ]
        | UnsetType
    ) = UNSET
    replay: (
        Annotated[Replay, Meta(description="Replay: the times at which queries are sent, and with them how many are.")]
        | UnsetType
    ) = UNSET
    concurrency: (
        Annotated[
            int,
            Meta(ge=1, le=100_000, description="Concurrency: queries that are open at any time, over all workers."),
        ]
        | UnsetType
    ) = UNSET
    concurrency_steps: (
        Annotated[
            tuple[Concurrency, ...],
            Meta(
                min_length=1,
                max_length=32,
                description="Concurrency: instead of one number of open queries several that rise, such as "
                "[1, 2, 4, 8]. Each is measured in a round of its own; the result is that of the Valid one with the "
                "highest rate.",
            ),
        ]
        | UnsetType
    ) = UNSET
    sequences: (
        Annotated[
            Sequences,
            Meta(
                description="SingleStream and Concurrency: queries belong to sequences, for a model behind Triton's "
                "sequence batcher. Left out, each is independent."
            ),
        ]
        | UnsetType
    ) = UNSET
    samples_per_query: (
        Annotated[int, Meta(ge=1, le=65_536, description="MultiStream: the samples of a query; 8 if left out.")]
        | UnsetType
    ) = UNSET
    samples_per_request: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=65_536,
                description="Offline: the samples of each request into which its one query is dealt out; 1 if left "
                "out, so that the client batches nothing.",
            ),
        ]
        | UnsetType
    ) = UNSET
    in_flight: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=100_000,
                description="Offline: requests that are open at a time, over all workers and replicas; 64 for each "
                "replica if left out.",
            ),
        ]
        | UnsetType
    ) = UNSET
    stream_dialect: (
        Annotated[
            Literal["loadgen-6.0", "loadgen-r0.5"],
            Meta(
                description="Whose query stream is sent: that of LoadGen 6.0, or that of the rules of 2019, in which "
                "MultiStream sends a query at each tick of targetQPS and skips the ticks at which one is still open. "
                "If left out the one of `rules`, and loadgen-6.0 where they are custom."
            ),
        ]
        | UnsetType
    ) = UNSET
    engine: Annotated[
        Literal["Own", "mlperf-loadgen"],
        Meta(
            description="What says when a query goes. Own: Inferometer. mlperf-loadgen: MLPerf's official LoadGen, in "
            "a process beside its one worker; the verdict and the log files are then its own."
        ),
    ] = "Own"
    protocol: Annotated[
        Literal["http", "grpc"],
        Meta(description="KServe v2 over HTTP, with binary tensors, or over gRPC."),
    ] = "http"
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description="Load pods; together they send one stream, the same for any number of them. SingleStream and "
            "MultiStream have one query open at a time, and so one worker.",
        ),
    ] = 1
    min_duration: (
        Annotated[
            Duration,
            Meta(
                description="Queries are sent for at least this long for the result to be valid; in Replay the "
                "recording says how long. If left out as `rules` say, and 60s where they are custom."
            ),
        ]
        | UnsetType
    ) = UNSET
    min_queries: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=50_000_000,
                description="At least this many queries are sent; in Offline, whose query is one, samples; in Replay "
                "the recording says how many. If left out as `rules` say, and 100 where they are custom.",
            ),
        ]
        | UnsetType
    ) = UNSET
    warmup: Annotated[
        Duration,
        Meta(description="The same load is sent for this long before the measurement, and not counted."),
    ] = "2s"
    balance: Annotated[
        Literal["RoundRobin", "LeastOutstanding"],
        Meta(
            description="Which replica a query is sent to. RoundRobin: in turn, whatever the number of workers. "
            "LeastOutstanding: the one with the fewest queries open, which is known to a single worker only."
        ),
    ] = "RoundRobin"
    query_timeout: (
        Annotated[
            Duration,
            Meta(
                description="A query that has no answer for so long after its sending has failed, and its connection "
                "is given up. Left out, answers are awaited to the end of the run, and then for 2x latencyBound and 5s."
            ),
        ]
        | UnsetType
    ) = UNSET
    spin: (
        Annotated[
            Duration,
            Meta(
                description="Server and Replay: so long before a query is due its worker stops sleeping, so that it is "
                "sent without the delay of waking up. It uses the worker's whole CPU where queries are closer than "
                "that.",
                extra={"unit": "us"},
            ),
        ]
        | UnsetType
    ) = UNSET
    seeds: Annotated[
        SpecSeeds,
        Meta(
            description="The seeds of the query stream; if left out those of `rules`, and MLPerf v6.1's where they are "
            "custom."
        ),
    ] = SpecSeeds()
    resources: Annotated[
        Resources,
        Meta(description="CPU and memory of one worker. Whole CPUs with equal limits keep its timing steady."),
    ] = Resources(requests={"cpu": "1", "memory": "512Mi"}, limits={"cpu": "1", "memory": "512Mi"})
    node_selector: Annotated[NodeSelector, Meta(description="Labels that a load pod's node must have.")] = {}
    tolerations: Annotated[Tolerations, Meta(description="Taints that do not keep load pods away.")] = ()

"""The load: which queries, how many, how fast, from where, and what is expected of the answers."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from inferometer_loadgen.spec.base import NodeSelector, ObjectName, Resources, SpecStruct, Tolerations
from inferometer_loadgen.spec.units import Duration

Seed = Annotated[int, Meta(ge=0, le=2**63 - 1)]


class SpecSeeds(SpecStruct, frozen=True, kw_only=True):
    """The seeds of the query stream, named as in MLPerf's LoadGen; its generators use them modulo 2^32."""

    qsl: Annotated[Seed, Meta(description="Decides which samples are loaded, and in which order.")] = (
        2085463073848966840
    )
    sample_index: Annotated[Seed, Meta(description="Decides which sample each query asks.")] = 2747215439041700203
    # LoadGen's v6.1 seed is 16159082839903944936, which an int64 cannot hold; taken modulo 2^32 it is the same stream.
    schedule: Annotated[Seed, Meta(description="Decides when each query is sent.")] = 16159082839903944936 % 2**32


class Synthetic(SpecStruct, frozen=True, kw_only=True):
    """Samples drawn by a seeded generator from what the model says of its inputs."""

    samples: Annotated[int, Meta(ge=1, le=1_000_000, description="How many different samples.")] = 64
    seed: Annotated[Seed, Meta(description="The generator's seed.")] = 0


class ConfigMapData(SpecStruct, frozen=True, kw_only=True):
    """Samples in a ConfigMap."""

    name: Annotated[
        ObjectName,
        Meta(
            description="A ConfigMap of the benchmark's namespace whose key samples.npz holds an array for each input "
            "of the model, its first dimension the sample."
        ),
    ]


class Data(SpecStruct, frozen=True, kw_only=True):
    """The sample library: exactly one of its fields."""

    synthetic: Annotated[Synthetic, Meta(description="Random samples that fit the model's inputs.")] | UnsetType = UNSET
    config_map: (
        Annotated[ConfigMapData, Meta(description="Samples of your own, up to a ConfigMap's 1 MiB.")] | UnsetType
    ) = UNSET


class Load(SpecStruct, frozen=True, kw_only=True):
    """The load and what is expected of the answers."""

    target_qps: Annotated[
        float,
        Meta(
            gt=0,
            le=1_000_000,
            description="Queries per second over all workers, at random (Poisson) times as real users would come.",
        ),
    ] = field(name="targetQPS")
    latency_bound: Annotated[
        Duration,
        Meta(description="The longest that an answer may take, at latencyPercentile, from its scheduled time."),
    ]
    data: Annotated[Data, Meta(description="The samples that queries ask about.")]
    latency_percentile: Annotated[
        float,
        Meta(gt=0, lt=1, description="The share of queries that must be within latencyBound, for example 0.99."),
    ] = 0.99
    protocol: Annotated[Literal["http"], Meta(description="KServe v2 over HTTP, with binary tensors.")] = "http"
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description="Load pods; together they send one stream, the same for any number of them.",
        ),
    ] = 1
    min_duration: Annotated[
        Duration, Meta(description="Queries are sent for at least this long for the result to be valid.")
    ] = "60s"
    min_queries: Annotated[int, Meta(ge=1, le=50_000_000, description="At least this many queries are sent.")] = 100
    warmup: Annotated[
        Duration,
        Meta(description="The same load is sent for this long before the measurement, and not counted."),
    ] = "2s"
    seeds: Annotated[SpecSeeds, Meta(description="The seeds of the query stream; MLPerf v6.1's by default.")] = (
        SpecSeeds()
    )
    resources: Annotated[
        Resources,
        Meta(description="CPU and memory of one worker. Whole CPUs with equal limits keep its timing steady."),
    ] = Resources(requests={"cpu": "1", "memory": "512Mi"}, limits={"cpu": "1", "memory": "512Mi"})
    node_selector: Annotated[NodeSelector, Meta(description="Labels that a load pod's node must have.")] = {}
    tolerations: Annotated[Tolerations, Meta(description="Taints that do not keep load pods away.")] = ()

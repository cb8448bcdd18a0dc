"""From a spec and the facts about its sample library to a plan."""

import math
from dataclasses import dataclass

from msgspec import UNSET

from inferometer_loadgen.plan import (
    InputPlan,
    JudgePlan,
    ModelPlan,
    NpzData,
    Plan,
    Seeds,
    StreamPlan,
    SyntheticData,
)
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.load import Load
from inferometer_loadgen.spec.units import parse_duration_ns

DRAIN_GRACE_NS = 5_000_000_000
"""Beyond twice the bound, so that a slow answer is still seen as slow and not as lost."""


@dataclass(frozen=True, slots=True)
class NpzFacts:
    """What must be known of an npz sample library before a plan can be made."""

    samples: int
    sha256: str


def resolve(name: str, spec: BenchmarkSpec, library: NpzFacts | None) -> Plan:
    """The plan of a spec that has passed `check`; `library` is needed where the data are not synthetic."""
    load = spec.load
    data = _data(load, library)
    bound_ns = parse_duration_ns(load.latency_bound)
    min_duration_ns = parse_duration_ns(load.min_duration)
    replicas = spec.target.triton.replicas
    return Plan(
        name=name,
        protocol=load.protocol,
        model=ModelPlan(
            name=spec.model.name,
            version=spec.model.version,
            inputs=tuple(InputPlan(name=key, shape=value.shape) for key, value in sorted(spec.model.inputs.items())),
        ),
        data=data,
        stream=StreamPlan(
            seeds=Seeds(qsl=load.seeds.qsl, sample_index=load.seeds.sample_index, schedule=load.seeds.schedule),
            target_qps=load.target_qps,
            min_duration_ns=min_duration_ns,
            min_queries=load.min_queries,
            total_samples=data.samples,
            performance_samples=data.samples,
        ),
        judge=JudgePlan(
            latency_bound_ns=bound_ns,
            latency_percentile=load.latency_percentile,
            min_duration_ns=min_duration_ns,
            min_queries=load.min_queries,
        ),
        workers=load.workers,
        replicas=replicas,
        connections_per_replica=connections_needed(load.target_qps / load.workers / replicas, bound_ns),
        warmup_ns=parse_duration_ns(load.warmup),
        drain_ns=2 * bound_ns + DRAIN_GRACE_NS,
        scrape_interval_ns=parse_duration_ns(spec.metrics.interval),
    )


def connections_needed(qps: float, bound_ns: int) -> int:
    """Connections of one worker to one replica, so that no query waits for one while answers take up to 2x the bound.

    Arrivals are Poisson, so the number in flight is too: its mean (Little's law) and four standard deviations.
    """
    in_flight = qps * 2 * bound_ns / 1e9
    return min(512, math.ceil(in_flight + 4 * math.sqrt(in_flight)) + 2)


def _data(load: Load, library: NpzFacts | None) -> SyntheticData | NpzData:
    synthetic = load.data.synthetic
    if synthetic is not UNSET:
        return SyntheticData(samples=synthetic.samples, seed=synthetic.seed)
    if library is None:
        raise TypeError("the plan of a spec with data of its own needs the library's facts")
    return NpzData(samples=library.samples, sha256=library.sha256)

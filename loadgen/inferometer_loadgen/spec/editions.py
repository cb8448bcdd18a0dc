"""What an edition of the rules makes of a spec: it fills what was left out, and names what differs from it.

A user may override what a pack fixes; each such value is a deviation, and the run is then not by the rules. A value
that says the same (1s and 1000ms; seeds that are equal modulo 2^32, as LoadGen takes them) is none.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from inferometer_loadgen.plan import Deviation, Seeds
from inferometer_loadgen.rules import RulePack, ScenarioRules, fixed_by, installed_pack
from inferometer_loadgen.spec import quality
from inferometer_loadgen.spec.audits import audit_deviation
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.repeat import Repeat
from inferometer_loadgen.spec.scenarios import TICKING, stream_dialect
from inferometer_loadgen.spec.units import parse_duration_ns

DURATIONS = (("minDuration", "min_duration"), ("latencyBound", "latency_bound"))
VALUES = (
    ("minQueries", "min_queries"),
    ("latencyPercentile", "latency_percentile"),
    ("samplesPerQuery", "samples_per_query"),
    ("targetQPS", "target_qps"),
    ("earlyStopping", "early_stopping"),
)
SEEDS = (("qsl", "qsl"), ("sampleIndex", "sample_index"), ("schedule", "schedule"))
MODULUS = 2**32
"""LoadGen's generators take a seed modulo this, so that a seed beyond the API server's int64 has a smaller equal."""

CUSTOM_SEEDS = Seeds(schedule=Seeds().schedule % MODULUS)
"""Where no edition is asked for: v6.1's, the last one written as an int64 can hold it."""


def pack_of(spec: BenchmarkSpec) -> RulePack | None:
    """The pack that a spec asks for; None for custom, and for a pack that there is not."""
    return installed_pack(spec.rules)


def rules_of(spec: BenchmarkSpec) -> ScenarioRules | None:
    """What is fixed for a spec's task and scenario; None for custom, and where the pack has no such."""
    pack = pack_of(spec)
    return None if pack is None or spec.task is UNSET else fixed_by(pack, spec.task, spec.scenario)


def filled(spec: BenchmarkSpec) -> BenchmarkSpec:
    """The spec with what its edition fixes where it was left out; seeds are left to `seeds_of`, which has them whole.

    Filling twice is filling once.
    """
    pack, rules = pack_of(spec), rules_of(spec)
    if pack is None or rules is None:
        return spec
    load = spec.load
    dialect = pack.stream_dialect.takes if load.stream_dialect is UNSET else load.stream_dialect
    missing: dict[str, Any] = {"stream_dialect": dialect}
    for _, attribute in (*DURATIONS, *VALUES):
        fixed = getattr(rules, attribute)
        # A rate that an edition fixes is of ticks: it means nothing in a dialect without them. Nor does early stopping
        # where no latency is the result.
        if (
            fixed is not None
            and getattr(load, attribute) is UNSET
            and (attribute != "target_qps" or dialect == TICKING)
            and (attribute != "early_stopping" or _may_stop_early(spec, dialect))
            and (attribute != "samples_per_query" or load.find_peak is UNSET)
        ):
            missing[attribute] = fixed.takes
    accuracy = spec.accuracy if spec.task is UNSET else quality.accuracy_filled(spec.accuracy, pack.tasks[spec.task])
    return replace(spec, load=replace(load, **missing), repeat=_repeat(spec, rules), accuracy=accuracy)


def _may_stop_early(spec: BenchmarkSpec, dialect: str) -> bool:
    return spec.scenario != "Offline" and not (spec.scenario == "MultiStream" and dialect == TICKING)


def _repeat(spec: BenchmarkSpec, rules: ScenarioRules) -> Repeat | UnsetType:
    """The runs that make up a result, as rounds of one; a search and an accuracy run have rounds of their own kind."""
    is_measured = spec.mode in {"Performance", "PerformanceAndAccuracy"} and spec.load.find_peak is UNSET
    if spec.repeat is not UNSET or not is_measured or rules.runs is None or rules.runs.takes == 1:
        return spec.repeat
    return Repeat(count=rules.runs.takes)


def seeds_of(spec: BenchmarkSpec) -> Seeds:
    """The seeds: the edition's in full, unless the spec gives others."""
    pack, given = pack_of(spec), spec.load.seeds
    fixed = CUSTOM_SEEDS if pack is None else _seeds(pack)
    return Seeds(
        qsl=_seed(given.qsl, fixed.qsl),
        sample_index=_seed(given.sample_index, fixed.sample_index),
        schedule=_seed(given.schedule, fixed.schedule),
    )


def performance_samples(spec: BenchmarkSpec, total: int) -> int:
    """Samples that a performance run draws from: the edition's QSL size, or all where the library is no larger.

    A larger library is only drawn from: LoadGen loads so many of it. A smaller one is a deviation.
    """
    pack = pack_of(spec)
    task = None if pack is None or spec.task is UNSET else pack.tasks.get(spec.task)
    return total if task is None else min(task.performance_samples.takes, total)


def deviations(spec: BenchmarkSpec, total: int) -> tuple[Deviation, ...]:
    """Everything in which a spec differs from its edition; `total` is the number of samples in its library."""
    pack, rules = pack_of(spec), rules_of(spec)
    if pack is None or rules is None or spec.task is UNSET:
        return ()
    task, spec = pack.tasks[spec.task], filled(spec)
    return (
        *_deviations(spec, pack, rules, task.performance_samples, total),
        *quality.quality_deviations(spec.accuracy, task),
    )


def accuracy_source(spec: BenchmarkSpec) -> str:
    """Where the target of a filled spec comes from; empty where it is the user's own."""
    pack = pack_of(spec)
    task = None if pack is None or spec.task is UNSET else pack.tasks.get(spec.task)
    return "" if task is None else quality.target_source(spec.accuracy, task)


def _deviations(
    spec: BenchmarkSpec, pack: RulePack, rules: ScenarioRules, size: Any, total: int
) -> Iterator[Deviation]:
    load = spec.load
    if stream_dialect(load) != pack.stream_dialect.takes:
        yield _deviation("streamDialect", stream_dialect(load), pack.stream_dialect)
    for name, attribute in DURATIONS:
        fixed, value = getattr(rules, attribute), getattr(load, attribute)
        if fixed is not None and value is not UNSET and parse_duration_ns(value) != parse_duration_ns(fixed.takes):
            yield _deviation(name, value, fixed)
    for name, attribute in VALUES:
        fixed, value = getattr(rules, attribute), getattr(load, attribute)
        if fixed is not None and value is not UNSET and value != fixed.takes:
            yield _deviation(name, value, fixed)
    yield from _rounds_deviate(spec, rules)
    if (audited := audit_deviation(spec, pack)) is not None:
        yield audited
    taken, official = seeds_of(spec), _seeds(pack)
    for name, attribute in SEEDS:
        seed, fixed_seed = getattr(taken, attribute), getattr(official, attribute)
        if seed != fixed_seed:
            yield Deviation(
                field=f"spec.load.seeds.{name}", value=str(seed), fixed=str(fixed_seed), source=pack.seeds.source
            )
    if total < size.takes:
        yield Deviation(
            field="spec.load.data", value=f"{total} samples", fixed=f"{size.takes} samples", source=size.source
        )


def _rounds_deviate(spec: BenchmarkSpec, rules: ScenarioRules) -> Iterator[Deviation]:
    if spec.mode in {"Accuracy", "Audit"} or rules.runs is None:
        return
    asked, source = rules.runs.takes, rules.runs.source
    count = 1 if spec.repeat is UNSET else spec.repeat.count
    if count == asked:
        return
    if spec.load.find_peak is UNSET:
        yield Deviation(field="spec.repeat.count", value=str(count), fixed=str(asked), source=source)
    else:
        yield Deviation(field="spec.load.findPeak", value="one measured run", fixed=f"{asked} of them", source=source)


def _deviation(name: str, value: object, fixed: Any) -> Deviation:
    return Deviation(field=f"spec.load.{name}", value=_text(value), fixed=_text(fixed.takes), source=fixed.source)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _seeds(pack: RulePack) -> Seeds:
    return Seeds(qsl=pack.seeds.qsl, sample_index=pack.seeds.sample_index, schedule=pack.seeds.schedule)


def _seed(given: int | UnsetType, fixed: int) -> int:
    return fixed if given is UNSET or given % MODULUS == fixed % MODULUS else given

"""From a spec and the facts about its sample library to a plan."""

from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from inferometer_loadgen.plan import (
    DetectionsPlan,
    FindPeakPlan,
    InputPlan,
    JudgePlan,
    KServeJsonData,
    ModelPlan,
    NpzData,
    Plan,
    RepeatPlan,
    ScorerCommandPlan,
    ScorerPlan,
    SequencesPlan,
    StreamPlan,
    SyntheticData,
    as_accuracy,
)
from inferometer_loadgen.rules import ScenarioRules
from inferometer_loadgen.spec import editions, engine, scenarios
from inferometer_loadgen.spec.audits import audit_plan
from inferometer_loadgen.spec.benchmark import BenchmarkSpec, ModelInput
from inferometer_loadgen.spec.find_peak import FindPeak
from inferometer_loadgen.spec.load import Load
from inferometer_loadgen.spec.repeat import Repeat
from inferometer_loadgen.spec.scorers import Detections, ScorerCommand
from inferometer_loadgen.spec.units import parse_duration_ns

DRAIN_GRACE_NS = 5_000_000_000
"""Beyond twice the bound, so that a slow answer is still seen as slow and not as lost."""
UNBOUND_ANSWER_NS = 60_000_000_000
"""Where no bound says how long an answer may take, it is awaited for so long."""


@dataclass(frozen=True, slots=True)
class LibraryFacts:
    """What must be known of a sample library in a file before a plan can be made."""

    samples: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ReplayFacts:
    """What must be known of a recording before a plan can be made."""

    packed: bytes
    """The times, as `StreamPlan.replay` holds them."""
    queries: int
    lasts_ns: int
    """From the first to the last."""
    burst: int
    """The most queries that are due within `scenarios.answers_window_ns`."""


def resolve(name: str, spec: BenchmarkSpec, library: LibraryFacts | None, recording: ReplayFacts | None = None) -> Plan:
    """The plan of a spec that has passed `check`.

    `library` is needed where the data are not synthetic, `recording` where the scenario is Replay.
    """
    spec, fixed = editions.filled(spec), editions.rules_of(spec) or ScenarioRules()
    load, scenario = spec.load, spec.scenario
    data = _data(load, library)
    bound_ns = scenarios.latency_bound_ns(load)
    min_duration_ns, min_queries = scenarios.min_duration_ns(load), scenarios.min_queries(load)
    if scenario == "Replay":
        if recording is None:
            raise TypeError("the plan of a replay needs the recording's facts")
        # All of it is sent; a run that ends before has not met these.
        min_duration_ns, min_queries = recording.lasts_ns, recording.queries
    replicas = spec.target.replicas
    plan = Plan(
        name=name,
        rules=spec.rules,
        task="" if spec.task is UNSET else spec.task,
        deviations=editions.deviations(spec, data.samples),
        engine=load.engine,
        protocol=load.protocol,
        model=ModelPlan(
            name=spec.model.name,
            version=spec.model.version,
            inputs=tuple(_input(name, given) for name, given in sorted(spec.model.inputs.items())),
            parameters=dict(spec.model.parameters),
        ),
        data=data,
        stream=StreamPlan(
            dialect=scenarios.stream_dialect(load),
            scenario=scenario,
            order="Drawn" if fixed.order is None else fixed.order.takes,
            seeds=editions.seeds_of(spec),
            target_qps=scenarios.target_qps(load),
            min_duration_ns=min_duration_ns,
            min_queries=min_queries,
            total_samples=data.samples,
            performance_samples=editions.performance_samples(spec, data.samples),
            replay=b"" if recording is None else recording.packed,
            samples_per_query=scenarios.samples_per_query(scenario, load),
            samples_per_request=scenarios.samples_per_request(load),
        ),
        judge=JudgePlan(
            latency_bound_ns=bound_ns,
            latency_percentile=scenarios.latency_percentile(scenario, load),
            min_duration_ns=min_duration_ns,
            min_queries=min_queries,
            early_stopping=engine.stops_early(scenario, load),
            server_metric="Completed" if fixed.server_metric is None else fixed.server_metric.takes,
            accuracy_target=_accuracy_target(spec),
            accuracy_target_source=editions.accuracy_source(spec),
        ),
        mode=spec.mode,
        scorer=_scorer(spec),
        workers=load.workers,
        replicas=replicas,
        connections_per_replica=scenarios.connections_needed(
            scenario, load, replicas, 0 if recording is None else recording.burst
        ),
        in_flight=scenarios.in_flight(scenario, load, replicas),
        balance=load.balance,
        query_timeout_ns=_duration_ns(load.query_timeout),
        spin_ns=_duration_ns(load.spin),
        warmup_ns=parse_duration_ns(load.warmup),
        drain_ns=answers_within_ns(load) + DRAIN_GRACE_NS,
        scrape_interval_ns=parse_duration_ns(spec.metrics.interval),
        repeat=_repeat(spec.repeat),
        find_peak=_find_peak(load.find_peak),
        concurrency_steps=() if load.concurrency_steps is UNSET else load.concurrency_steps,
        sequences=None
        if isinstance(load.sequences, UnsetType)
        else SequencesPlan(count=load.sequences.count, length=load.sequences.length),
        audit=audit_plan(spec, editions.pack_of(spec), editions.performance_samples(spec, data.samples)),
    )
    return as_accuracy(plan) if spec.mode == "Accuracy" else plan


def answers_within_ns(load: Load) -> int:
    """How long an answer can take that is still of interest."""
    return 2 * scenarios.latency_bound_ns(load) or UNBOUND_ANSWER_NS


def _scorer(spec: BenchmarkSpec) -> ScorerPlan | None:
    accuracy = spec.accuracy
    if accuracy is UNSET:
        return None
    return ScorerPlan(
        kind=accuracy.scorer,
        output="" if accuracy.output is UNSET else accuracy.output,
        label_offset=0 if accuracy.label_offset is UNSET else accuracy.label_offset,
        detections=_detections(accuracy.detections),
        tokenize="13a" if accuracy.tokenize is UNSET else accuracy.tokenize,
        command=_scorer_command(accuracy.command),
    )


def _detections(given: Detections | UnsetType) -> DetectionsPlan | None:
    if isinstance(given, UnsetType):
        return None
    return DetectionsPlan(
        boxes=given.boxes,
        classes=given.classes,
        scores=given.scores,
        count="" if given.count is UNSET else given.count,
        box_format=given.box_format,
        box_unit=given.box_unit,
        categories=given.categories,
        min_score=given.min_score,
    )


def _scorer_command(given: ScorerCommand | UnsetType) -> ScorerCommandPlan | None:
    if isinstance(given, UnsetType):
        return None
    return ScorerCommandPlan(run=given.run, timeout_ns=parse_duration_ns(given.timeout))


def _accuracy_target(spec: BenchmarkSpec) -> float | None:
    return None if spec.accuracy is UNSET or spec.accuracy.target is UNSET else spec.accuracy.target


def _duration_ns(text: str | UnsetType) -> int:
    return 0 if isinstance(text, UnsetType) else parse_duration_ns(text)


def _repeat(asked: Repeat | UnsetType) -> RepeatPlan | None:
    if isinstance(asked, UnsetType) or asked.count == 1:
        return None
    return RepeatPlan(count=asked.count, cooldown_ns=parse_duration_ns(asked.cooldown))


def _find_peak(asked: FindPeak | UnsetType) -> FindPeakPlan | None:
    if isinstance(asked, UnsetType):
        return None
    (least_qps, most_qps), (fewest, most) = asked.rates or (0.0, 0.0), asked.sample_counts or (0, 0)
    return FindPeakPlan(
        min_qps=least_qps,
        max_qps=most_qps,
        min_samples_per_query=fewest,
        max_samples_per_query=most,
        tolerance=asked.tolerance,
        trial_duration_ns=parse_duration_ns(asked.trial_duration),
        max_trials=asked.max_trials,
    )


def _input(name: str, given: ModelInput) -> InputPlan:
    return InputPlan(
        name=name,
        shape=None if given.shape is UNSET else given.shape,
        min=None if given.min is UNSET else given.min,
        max=None if given.max is UNSET else given.max,
        text_bytes=None if given.text_bytes is UNSET else given.text_bytes,
    )


def _data(load: Load, library: LibraryFacts | None) -> SyntheticData | NpzData | KServeJsonData:
    synthetic = load.data.synthetic
    if synthetic is not UNSET:
        return SyntheticData(samples=synthetic.samples, seed=synthetic.seed)
    if library is None:
        raise TypeError("the plan of a spec with data of its own needs the library's facts")
    if load.data.config_map is not UNSET and load.data.config_map.format == "kserve-json":
        return KServeJsonData(samples=library.samples, sha256=library.sha256)
    return NpzData(samples=library.samples, sha256=library.sha256)

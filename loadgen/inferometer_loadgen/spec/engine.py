"""What MLPerf's official LoadGen (6.0.17) can do as the engine of a load, and what it takes for granted."""

from collections.abc import Iterator

from msgspec import UNSET

from inferometer_loadgen.rules import ScenarioRules, fixed_by, installed_packs
from inferometer_loadgen.spec import editions
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.load import Load
from inferometer_loadgen.spec.scenarios import Scenario, min_duration, min_duration_ns, stream_dialect

OFFICIAL = "mlperf-loadgen"
SCENARIOS: tuple[Scenario, ...] = ("SingleStream", "MultiStream", "Server", "Offline")
DIALECT = "loadgen-6.0"
NS_PER_MS = 1_000_000
OWN = "set engine to Own"

type Refusal = tuple[str, str, str]
"""The field, what is wrong, and what to write instead."""


def stops_early(scenario: Scenario, load: Load) -> bool:
    """Whether early stopping is judged. The official LoadGen always does, in each scenario that has it."""
    return load.early_stopping is True or (load.engine == OFFICIAL and scenario != "Offline")


def equally_issued() -> dict[str, tuple[str, ...]]:
    """Tasks whose SingleStream asks each sample equally often, by their pack: LoadGen then needs to know beforehand how
    long a query takes."""
    found = {
        name: tuple(task for task in pack.tasks if _is_equally_issued(fixed_by(pack, task, "SingleStream")))
        for name, pack in installed_packs().items()
    }
    return {name: tasks for name, tasks in found.items() if tasks}


def _is_equally_issued(rules: ScenarioRules | None) -> bool:
    return rules is not None and rules.order is not None and rules.order.takes == "Permutations"


def refusals(spec: BenchmarkSpec) -> Iterator[Refusal]:
    """Everything that does not fit the official engine; nothing of another one."""
    load = spec.load
    if load.engine != OFFICIAL:
        return
    if spec.scenario not in SCENARIOS:
        yield (
            "spec.load.engine",
            f"`{OFFICIAL}` has no scenario {spec.scenario}",
            f"{OWN}, or use scenario {', '.join(SCENARIOS)}",
        )
    if spec.mode != "Performance":
        yield "spec.load.engine", f"`{OFFICIAL}` runs in mode Performance only, not {spec.mode}", OWN
    if load.workers > 1:
        yield (
            "spec.load.workers",
            f"`{load.workers}` does not fit engine {OFFICIAL}: LoadGen runs on one node",
            f"set workers to 1, or {OWN}",
        )
    if load.find_peak is not UNSET:
        yield (
            "spec.load.findPeak",
            f"does not fit engine {OFFICIAL}, whose run has one rate",
            f"find the rate with engine Own, and set it as targetQPS; or {OWN}",
        )
    if load.sequences is not UNSET:
        yield (
            "spec.load.sequences",
            f"do not fit engine {OFFICIAL}, which knows of no query that waits for another",
            f"leave them out, or {OWN}",
        )
    if stream_dialect(load) != DIALECT:
        yield (
            "spec.load.streamDialect",
            f"`{stream_dialect(load)}` does not fit engine {OFFICIAL}, whose package is LoadGen 6.0",
            f"{OWN}, or use rules of LoadGen 6.0",
        )
    yield from _settings(spec)


def _settings(spec: BenchmarkSpec) -> Iterator[Refusal]:
    """Values that LoadGen has no setting for."""
    load, rules = spec.load, editions.rules_of(spec)
    if load.early_stopping is False and spec.scenario in SCENARIOS:
        yield (
            "spec.load.earlyStopping",
            f"`false` does not fit engine {OFFICIAL}, which always judges it",
            "leave it out",
        )
    if min_duration_ns(load) % NS_PER_MS:
        yield (
            "spec.load.minDuration",
            f"`{min_duration(load)}` does not fit engine {OFFICIAL}, which takes whole milliseconds",
            "write whole milliseconds",
        )
    if load.spin is not UNSET:
        yield "spec.load.spin", f"does not fit engine {OFFICIAL}: it is LoadGen that waits", "leave it out"
    if spec.scenario == "SingleStream" and _is_equally_issued(rules):
        yield (
            "spec.load.engine",
            f"`{OFFICIAL}` does not fit {spec.task} in SingleStream: its equal issue hangs on an expected latency",
            OWN,
        )

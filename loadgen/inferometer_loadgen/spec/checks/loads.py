"""What a scenario makes of the load: its fields, its workers, its open requests."""

from collections.abc import Iterator

from msgspec import UNSET, Struct, UnsetType

from inferometer_loadgen.rules import CUSTOM
from inferometer_loadgen.spec import closed_loops, engine, scenarios
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.checks.error import SpecError


def fields_fit_the_scenario(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A field of the load that its scenario needs and does not have, or that means nothing in it. Next: add it, or
    leave it out."""
    for fit in scenarios.FITS:
        value = getattr(spec.load, fit.attribute)
        path = f"spec.load.{fit.name}"
        if fit.name == "targetQPS" and scenarios.is_ticking(spec.scenario, spec.load):
            if value is UNSET:
                yield SpecError(
                    path, f"is missing, and MultiStream in {scenarios.TICKING} needs it", "add it: the ticks per second"
                )
        elif value is UNSET:
            if fit.name == "targetQPS" and spec.scenario == "Server" and spec.load.find_peak is not UNSET:
                continue
            if fit.name == "concurrency" and spec.load.concurrency_steps is not UNSET:
                continue
            # An edition that lacks this scenario is a fault of its own; one that has it fills its bound.
            by_rules = fit.name == "latencyBound" and spec.rules != CUSTOM
            if spec.scenario in fit.needed and not by_rules:
                yield SpecError(path, f"is missing, and scenario {spec.scenario} needs it", f"add it: {fit.is_for}")
        elif spec.scenario not in fit.scenarios:
            said = "" if isinstance(value, Struct | tuple) else f"`{value}` "
            yield SpecError(
                path,
                f"{said}means nothing in scenario {spec.scenario}: {fit.unlike}",
                f"leave it out, or use scenario {' or '.join(fit.scenarios)}",
            )


def ticks_have_no_early_stopping(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Early stopping in MultiStream by the rules of 2019, whose result is no latency. Next: leave it out."""
    if spec.load.early_stopping is True and scenarios.is_ticking(spec.scenario, spec.load):
        yield SpecError(
            "spec.load.earlyStopping",
            f"`true` does not fit streamDialect {scenarios.TICKING}: the rules of 2019 have no early stopping",
            "leave it out, or set streamDialect to loadgen-6.0",
        )


def a_recording_says_how_long(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A minDuration or minQueries in Replay, which sends the whole recording. Next: leave it out."""
    if spec.scenario != "Replay":
        return
    for name, attribute, ordinary in scenarios.BY_RECORDING:
        value = getattr(spec.load, attribute)
        if value not in (UNSET, ordinary):
            yield SpecError(
                f"spec.load.{name}",
                f"`{value}` means nothing in scenario Replay, which sends the whole recording",
                "leave it out",
            )


def one_worker_where_one_query_is_open(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Several workers in a scenario that has one query open at a time. Next: one worker, or another scenario."""
    if spec.load.workers > 1 and spec.scenario in scenarios.ONE_AT_A_TIME:
        yield SpecError(
            "spec.load.workers",
            f"`{spec.load.workers}` does not fit scenario {spec.scenario}, which keeps one query open at a time",
            "set workers to 1, or use scenario Server",
        )


def one_worker_knows_what_is_open(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Several workers that send to the replica with the fewest queries open. Next: one worker, or RoundRobin."""
    if spec.load.balance == "LeastOutstanding" and spec.load.workers > 1:
        yield SpecError(
            "spec.load.balance",
            f"`LeastOutstanding` does not fit {spec.load.workers} workers: each knows of its own queries only",
            "set workers to 1, or write RoundRobin",
        )


def open_requests_can_be_shared(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Fewer open requests than workers, or more than their connections can carry. Next: other workers, or gRPC."""
    load, replicas = spec.load, spec.target.replicas
    field = {"Concurrency": "concurrency", "Offline": "inFlight"}.get(spec.scenario)
    least = total = scenarios.in_flight(spec.scenario, load, replicas)
    if field is None or not total:
        return
    if not isinstance(load.concurrency_steps, UnsetType):
        field, least = "concurrencySteps", min(load.concurrency_steps)
    if least < load.workers:
        yield SpecError(
            f"spec.load.{field}",
            f"`{least}` is too small for {load.workers} workers, each of which has a share of it",
            f"write {load.workers} or more, or set workers to {least}",
        )
    at_once = scenarios.requests_at_once(spec.scenario, load, replicas)
    if load.protocol == "http" and at_once > scenarios.MAX_CONNECTIONS:
        yield SpecError(
            f"spec.load.{field}",
            f"`{total}` makes {at_once:,} requests of a worker to a replica at a time, and over HTTP each needs one of "
            f"{scenarios.MAX_CONNECTIONS} connections",
            "write less, add workers, or use protocol grpc",
        )


def steps_rise(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Steps of concurrency that do not rise, or beside concurrency or repeat. Next: what the message says."""
    yield from (SpecError(*misfit) for misfit in closed_loops.steps_misfits(spec))


def sequences_stay_together(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Sequences that would not stay with one worker and one replica, or whose count is not the number of open queries.
    Next: the count that the message names."""
    yield from (SpecError(*misfit) for misfit in closed_loops.sequences_misfits(spec))


def the_official_engine_can(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """What the official LoadGen as the engine cannot do, or does in another way. Next: leave it out, or engine Own."""
    for path, message, hint in engine.refusals(spec):
        yield SpecError(path, message, hint)

"""What no schema can say: that the fields of a spec fit each other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msgspec import UNSET, Struct, UnsetType

from inferometer_loadgen.rules import CUSTOM, installed_packs, scenarios_of
from inferometer_loadgen.spec import audits, closed_loops, engine, scenarios
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.editions import filled
from inferometer_loadgen.spec.endpoint import faults, faults_of_auth
from inferometer_loadgen.spec.find_peak import TOLERANCE
from inferometer_loadgen.spec.scorer_checks import scorer_misfits
from inferometer_loadgen.spec.units import format_duration_ns, parse_duration_ns

MAX_NAME_LENGTH = 40
"""Pods are named after the benchmark, with up to 12 characters more (-worker-63, -coordinator)."""

MAX_QUERIES = 50_000_000
"""What one worker's record columns hold in about 2 GB."""

MAX_SPIN_NS = 1_000_000
ONE_OF_BOTH = "leave one of them out"

OWNED_ARGUMENTS = (
    "--model-repository",
    "--http-port",
    "--grpc-port",
    "--metrics-port",
    "--allow-http",
    "--allow-grpc",
    "--allow-metrics",
    "--exit-on-error",
)
"""Arguments of tritonserver that the operator sets, since probes, load and scrapes depend on them."""


RESERVED_PARAMETERS = frozenset(
    ("sequence_id", "sequence_start", "sequence_end", "priority", "timeout", "headers", "binary_data_output")
)
"""Names of request parameters, beside those that begin with triton_."""


@dataclass(frozen=True, slots=True)
class SpecError:
    """One thing that is wrong with a spec: where, what, and what to write instead."""

    path: str
    message: str
    hint: str

    def __str__(self) -> str:
        """The line that a user reads."""
        return f"{self.path}: {self.message}. hint: {self.hint}"


def _name_leaves_room(name: str, _spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A name of more than 40 characters. Next: a shorter one; pods are named after the benchmark."""
    if len(name) > MAX_NAME_LENGTH:
        yield SpecError(
            "metadata.name",
            f"`{name}` has {len(name)} characters, and the names of its pods need room",
            f"use at most {MAX_NAME_LENGTH} characters",
        )


def _one_repository(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A model repository that is both an image and a claim, or neither. Next: exactly one of them."""
    if isinstance(triton := spec.target.triton, UnsetType):
        return
    repository = triton.model_repository
    yield from _exactly_one(
        "spec.target.triton.modelRepository",
        {"image": repository.image, "persistentVolumeClaim": repository.persistent_volume_claim},
    )


def _one_target(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A target that is both triton and endpoint, or neither. Next: exactly one of them."""
    yield from _exactly_one("spec.target", {"triton": spec.target.triton, "endpoint": spec.target.endpoint})


def _endpoint_fits(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """URLs of an endpoint that are there twice, or of another protocol than load.protocol, or of which only some speak
    TLS; metricsURLs that are not one for each; tls where nobody speaks it. Next: what the message says."""
    if not isinstance(endpoint := spec.target.endpoint, UnsetType):
        for path, message, hint in faults(endpoint, spec.load.protocol):
            yield SpecError(f"spec.target.endpoint.{path}", message, hint)


def _header_fields_are_free(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A header field of an endpoint that is sent twice or belongs to the request itself, or an auth without any. Next:
    leave it out."""
    if not isinstance(endpoint := spec.target.endpoint, UnsetType) and not isinstance(endpoint.auth, UnsetType):
        for path, message, hint in faults_of_auth(endpoint.auth):
            yield SpecError(f"spec.target.endpoint.{path}", message, hint)


def _one_library(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Samples that are both synthetic and in a ConfigMap, or neither. Next: exactly one of them."""
    data = spec.load.data
    yield from _exactly_one("spec.load.data", {"synthetic": data.synthetic, "configMap": data.config_map})


def _parameters_are_the_models_own(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A parameter of the model that has a meaning for Triton itself. Next: leave it out."""
    for name in spec.model.parameters:
        if name in RESERVED_PARAMETERS or name.startswith("triton_"):
            yield SpecError(
                f"spec.model.parameters.{name}", "is reserved: it has a meaning for Triton itself", "leave it out"
            )


def _exactly_one(path: str, fields: dict[str, object]) -> Iterator[SpecError]:
    given = [name for name, value in fields.items() if value is not UNSET]
    if len(given) == 1:
        return
    found = f"both {' and '.join(given)} are set" if given else f"none of {', '.join(fields)} is set"
    yield SpecError(path, found, f"set exactly one of {', '.join(fields)}")


def _durations_are_positive(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A duration of zero, or a scrape interval under 100ms. Next: a longer one."""
    given = (
        ("spec.load.latencyBound", spec.load.latency_bound),
        ("spec.load.queryTimeout", spec.load.query_timeout),
        ("spec.runPolicy.activeDeadline", spec.run_policy.active_deadline),
    )
    triton = spec.target.triton
    launched = () if isinstance(triton, UnsetType) else (("spec.target.triton.startupTimeout", triton.startup_timeout),)
    for path, text in (
        *((path, text) for path, text in given if isinstance(text, str)),
        ("spec.load.minDuration", scenarios.min_duration(spec.load)),
        ("spec.metrics.interval", spec.metrics.interval),
        *launched,
    ):
        if parse_duration_ns(text) == 0:
            yield SpecError(path, f"`{text}` is no time at all", "write a duration above zero")
    if 0 < parse_duration_ns(spec.metrics.interval) < 100_000_000:
        yield SpecError(
            "spec.metrics.interval",
            f"`{spec.metrics.interval}` would load the servers with scrapes",
            "write 100ms or more",
        )


def _spinning_ends(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A spin of more than 1ms. Next: a shorter one; the kernel wakes a worker up in some tens of microseconds."""
    spin = spec.load.spin
    if isinstance(spin, str) and parse_duration_ns(spin) > MAX_SPIN_NS:
        yield SpecError(
            "spec.load.spin",
            f"`{spin}` keeps a CPU busy for nothing: a worker is woken up in some tens of microseconds",
            "write 1ms or less, such as 50us",
        )


def _deadline_leaves_time(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """An active deadline that is over before the shortest valid run, or before a replay's recording. Next: a longer
    one, or a shorter minDuration or recording."""
    deadline, load = spec.run_policy.active_deadline, spec.load
    if not isinstance(deadline, str):
        return
    least_ns = parse_duration_ns(load.warmup) + scenarios.min_duration_ns(load)
    rounds = ""
    if not isinstance(search := spec.load.find_peak, UnsetType):
        least_ns += parse_duration_ns(load.warmup) + parse_duration_ns(search.trial_duration)
        rounds = f" after a trial of `{search.trial_duration}`"
    elif spec.mode == "Audit":
        least_ns, rounds = 2 * least_ns, " in both rounds of the audit"
    elif not isinstance(repeat := spec.repeat, UnsetType) and repeat.count > 1:
        least_ns = _of_all_rounds_ns(spec, least_ns)
        rounds = f" in {repeat.count} rounds with cooldown `{repeat.cooldown}`"
    elif not isinstance(steps := spec.load.concurrency_steps, UnsetType):
        least_ns *= len(steps)
        rounds = f" in {len(steps)} steps"
    if spec.scenario != "Replay" and spec.mode != "Accuracy" and 0 < parse_duration_ns(deadline) <= least_ns:
        yield SpecError(
            "spec.runPolicy.activeDeadline",
            f"`{deadline}` is over before warmup `{load.warmup}` and minDuration `{scenarios.min_duration(load)}` "
            f"are{rounds}",
            "allow that, and some minutes more for servers to start",
        )


def _of_all_rounds_ns(spec: BenchmarkSpec, round_ns: int) -> int:
    """All rounds, and what lies between them."""
    if isinstance(repeat := spec.repeat, UnsetType):
        return round_ns
    return repeat.count * round_ns + (repeat.count - 1) * parse_duration_ns(repeat.cooldown)


def check_recording(spec: BenchmarkSpec, lasts_ns: int) -> tuple[SpecError, ...]:
    """What is wrong with the spec of a replay once it is known how long the recording lasts."""
    deadline, warmup = spec.run_policy.active_deadline, spec.load.warmup
    needed_ns = _of_all_rounds_ns(spec, parse_duration_ns(warmup) + lasts_ns)
    rounds = "" if isinstance(spec.repeat, UnsetType) or spec.repeat.count == 1 else f" in {spec.repeat.count} rounds"
    if not isinstance(deadline, str) or parse_duration_ns(deadline) > needed_ns:
        return ()
    return (
        SpecError(
            "spec.runPolicy.activeDeadline",
            f"`{deadline}` is over before warmup `{warmup}` and the recording, which lasts "
            f"{format_duration_ns(lasts_ns)}, are{rounds}",
            "allow that, and some minutes more for servers to start, or replay a part of it",
        ),
    )


def _queries_fit(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """More queries than a run can hold. Next: a shorter minDuration, fewer minQueries or a lower targetQPS."""
    load, qps = spec.load, scenarios.target_qps(spec.load)
    lasts, field, rate = scenarios.min_duration(load), "minDuration", "targetQPS"
    if not isinstance(search := load.find_peak, UnsetType):
        rate = "findPeak.max" if search.rates is not None else "targetQPS"
        if parse_duration_ns(search.trial_duration) > parse_duration_ns(lasts):
            lasts, field = search.trial_duration, "findPeak.trialDuration"
    expected = max(scenarios.min_queries(load), qps * parse_duration_ns(lasts) / 1e9)
    if expected > MAX_QUERIES:
        yield SpecError(
            f"spec.load.{field}",
            f"`{lasts}` at {rate} {_rate(qps)} makes {expected:,.0f} queries, and a run holds at most {MAX_QUERIES:,}",
            f"shorten {field} or lower {rate}",
        )


def _rate(qps: float) -> str:
    return f"{qps:,.0f}" if qps.is_integer() else f"{qps:,g}"


def _fields_fit_the_scenario(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
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


def _ticks_have_no_early_stopping(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Early stopping in MultiStream by the rules of 2019, whose result is no latency. Next: leave it out."""
    if spec.load.early_stopping is True and scenarios.is_ticking(spec.scenario, spec.load):
        yield SpecError(
            "spec.load.earlyStopping",
            f"`true` does not fit streamDialect {scenarios.TICKING}: the rules of 2019 have no early stopping",
            "leave it out, or set streamDialect to loadgen-6.0",
        )


def _the_rules_have_it(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Rules, a task or a scenario that no pack has. Next: one of those that the message lists."""
    packs = installed_packs()
    if spec.rules == CUSTOM:
        if spec.task is not UNSET:
            yield SpecError(
                "spec.task",
                f"`{spec.task}` means nothing with custom rules",
                f"leave it out, or set rules to {' or '.join(packs)}",
            )
        return
    pack = packs.get(spec.rules)
    if pack is None:
        yield SpecError("spec.rules", f"`{spec.rules}` is no pack", f"write {', '.join(packs)} or {CUSTOM}")
    elif spec.task is UNSET:
        yield SpecError("spec.task", f"is missing, and {pack.name} needs it", f"write one of {', '.join(pack.tasks)}")
    elif spec.task not in pack.tasks:
        yield SpecError(
            "spec.task", f"`{spec.task}` is no task of {pack.name}", f"write one of {', '.join(pack.tasks)}"
        )
    elif spec.scenario not in pack.tasks[spec.task].scenarios:
        yield SpecError(
            "spec.scenario",
            f"`{spec.scenario}` is no scenario of {spec.task} in {pack.name}",
            f"write one of {', '.join(scenarios_of(pack, spec.task))}",
        )


def _a_search_looks_for_one_thing(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A search for the peak that does not say between which rates, in MultiStream between which numbers of samples, or
    says both. Next: what the message says."""
    search, path = spec.load.find_peak, "spec.load.findPeak"
    if isinstance(search, UnsetType) or spec.scenario not in ("Server", "MultiStream"):
        return
    rates: dict[str, object] = {"min": search.min, "max": search.max}
    counts: dict[str, object] = {
        "minSamplesPerQuery": search.min_samples_per_query,
        "maxSamplesPerQuery": search.max_samples_per_query,
    }
    if spec.scenario == "Server":
        needed, others = rates, counts
        for name in (name for name, value in needed.items() if value is UNSET):
            yield SpecError(f"{path}.{name}", "is missing, and Server looks for a rate", "add it: queries per second")
    else:
        needed, others = counts, rates
        if not scenarios.is_ticking(spec.scenario, spec.load):
            yield SpecError(
                path,
                f"does not fit streamDialect {scenarios.stream_dialect(spec.load)}, whose MultiStream has a latency as "
                "its result",
                f"set streamDialect to {scenarios.TICKING}, or leave findPeak out",
            )
        if search.max_samples_per_query is UNSET:
            yield SpecError(
                f"{path}.maxSamplesPerQuery", "is missing, and MultiStream looks for samples per query", "add it"
            )
        if spec.load.samples_per_query is not UNSET:
            yield SpecError(path, "says which samples per query are tried, and samplesPerQuery is set too", ONE_OF_BOTH)
        if search.tolerance != TOLERANCE:
            yield SpecError(
                f"{path}.tolerance",
                f"`{search.tolerance:g}` means nothing in MultiStream, where each number of samples can be found",
                "leave it out",
            )
    for name in (name for name, value in others.items() if value is not UNSET):
        yield SpecError(f"{path}.{name}", f"means nothing in {spec.scenario}", f"use {' and '.join(needed)}")


def _a_search_has_room(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A search for the peak beside a targetQPS or repeats, with a max below its min, or with trials that last no time.
    Next: one of both, and bounds between which something is to be found."""
    search = spec.load.find_peak
    if isinstance(search, UnsetType):
        return
    if search.rates is not None and spec.load.target_qps is not UNSET:
        yield SpecError("spec.load.findPeak", "says which rates are tried, and targetQPS is set too", ONE_OF_BOTH)
    if not isinstance(spec.repeat, UnsetType):
        yield SpecError("spec.repeat", "does not fit findPeak, whose rounds are its trials", ONE_OF_BOTH)
    for unit, bounds in (("", search.rates), ("SamplesPerQuery", search.sample_counts)):
        if bounds is not None and bounds[1] < bounds[0]:
            yield SpecError(
                f"spec.load.findPeak.max{unit}",
                f"`{bounds[1]:g}` is below min{unit} `{bounds[0]:g}`",
                f"write min{unit} or more",
            )
    if parse_duration_ns(search.trial_duration) == 0:
        yield SpecError(
            "spec.load.findPeak.trialDuration", f"`{search.trial_duration}` is no time at all", "write 1s or more"
        )


def _a_recording_says_how_long(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
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


def _one_worker_where_one_query_is_open(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Several workers in a scenario that has one query open at a time. Next: one worker, or another scenario."""
    if spec.load.workers > 1 and spec.scenario in scenarios.ONE_AT_A_TIME:
        yield SpecError(
            "spec.load.workers",
            f"`{spec.load.workers}` does not fit scenario {spec.scenario}, which keeps one query open at a time",
            "set workers to 1, or use scenario Server",
        )


def _one_worker_knows_what_is_open(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Several workers that send to the replica with the fewest queries open. Next: one worker, or RoundRobin."""
    if spec.load.balance == "LeastOutstanding" and spec.load.workers > 1:
        yield SpecError(
            "spec.load.balance",
            f"`LeastOutstanding` does not fit {spec.load.workers} workers: each knows of its own queries only",
            "set workers to 1, or write RoundRobin",
        )


def _open_requests_can_be_shared(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
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


def _steps_rise(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Steps of concurrency that do not rise, or beside concurrency or repeat. Next: what the message says."""
    yield from (SpecError(*misfit) for misfit in closed_loops.steps_misfits(spec))


def _sequences_stay_together(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Sequences that would not stay with one worker and one replica, or whose count is not the number of open queries.
    Next: the count that the message names."""
    yield from (SpecError(*misfit) for misfit in closed_loops.sequences_misfits(spec))


def _arguments_are_free(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """An argument of tritonserver that the operator sets itself. Next: leave it out."""
    triton = spec.target.triton
    for position, argument in enumerate(() if isinstance(triton, UnsetType) else triton.args):
        option = argument.split("=", 1)[0]
        if option in OWNED_ARGUMENTS:
            yield SpecError(
                f"spec.target.triton.args[{position}]",
                f"`{option}` is set by the operator",
                "leave it out",
            )


def _gpus_are_asked_once(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """GPUs among a server's requests or limits. Next: set spec.target.triton.gpu.count instead."""
    if isinstance(triton := spec.target.triton, UnsetType):
        return
    for block, quantities in (("requests", triton.resources.requests), ("limits", triton.resources.limits)):
        if triton.gpu.resource in quantities:
            yield SpecError(
                f"spec.target.triton.resources.{block}",
                f"`{triton.gpu.resource}` is set by spec.target.triton.gpu",
                "set spec.target.triton.gpu.count instead",
            )


def _accuracy_fits(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A mode Accuracy or PerformanceAndAccuracy without spec.accuracy, in a scenario that does not ask for each sample
    once, or with samples that have no labels. Next: what the message says."""
    accuracy, mode = spec.accuracy, spec.mode
    may_score = mode in scenarios.SCORED_MODES or (mode == "Audit" and spec.audit == "TEST01")
    if not may_score or (mode == "Audit" and accuracy is UNSET):
        if accuracy is not UNSET:
            yield SpecError(
                "spec.accuracy",
                f"means nothing in mode {mode}",
                f"leave it out, or set spec.mode to {' or '.join(scenarios.SCORED_MODES)}",
            )
        return
    if accuracy is UNSET:
        yield SpecError("spec.accuracy", f"is missing, and mode {mode} needs it", "add it: how answers are scored")
    if spec.scenario in scenarios.WITHOUT_ACCURACY and mode != "Audit":
        yield SpecError(
            "spec.mode",
            f"`{mode}` does not fit scenario {spec.scenario}, which does not ask for each sample once",
            "use scenario Offline or Server",
        )
    data = spec.load.data
    if data.synthetic is not UNSET:
        yield SpecError(
            "spec.load.data.synthetic",
            f"has no right answers, and mode {mode} needs them",
            "give real samples with their labels, spec.load.data.configMap",
        )
    elif data.config_map is not UNSET and data.config_map.format != "npz":
        yield SpecError(
            "spec.load.data.configMap.format",
            f"`{data.config_map.format}` holds no labels, and mode {mode} needs them",
            "give an npz with arrays `label:NAME`",
        )


def _scorer_fits(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A scorer without what it needs, with what is another one's, or with a target that it cannot reach. Next: what the
    message says."""
    if spec.accuracy is not UNSET:
        yield from (SpecError(*misfit) for misfit in scorer_misfits(spec.accuracy))


def _accuracy_has_one_round(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """Several rounds in mode Accuracy, which asks for each sample once. Next: leave repeat and findPeak out."""
    if spec.mode != "Accuracy":
        return
    for path, value in (("spec.repeat", spec.repeat), ("spec.load.findPeak", spec.load.find_peak)):
        if value is not UNSET:
            yield SpecError(path, "means nothing in mode Accuracy, which asks for each sample once", "leave it out")


def _the_official_engine_can(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """What the official LoadGen as the engine cannot do, or does in another way. Next: leave it out, or engine Own."""
    for path, message, hint in engine.refusals(spec):
        yield SpecError(path, message, hint)


def _audit_fits(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A mode Audit without spec.audit, with several measured rounds, or in a scenario that is none of MLPerf's. Next:
    what the message says."""
    yield from (SpecError(*misfit) for misfit in audits.misfits(spec))


type Rule = Callable[[str, BenchmarkSpec], Iterator[SpecError]]

RULES_OF_ANY_SCENARIO: tuple[Rule, ...] = (
    _name_leaves_room,
    _one_target,
    _one_repository,
    _endpoint_fits,
    _header_fields_are_free,
    _one_library,
    _parameters_are_the_models_own,
    _durations_are_positive,
    _spinning_ends,
    _deadline_leaves_time,
    _queries_fit,
    _arguments_are_free,
    _gpus_are_asked_once,
    _one_worker_knows_what_is_open,
)
RULES: tuple[Rule, ...] = (
    *RULES_OF_ANY_SCENARIO,
    _the_rules_have_it,
    _fields_fit_the_scenario,
    _ticks_have_no_early_stopping,
    _a_search_looks_for_one_thing,
    _a_search_has_room,
    _accuracy_has_one_round,
    _a_recording_says_how_long,
    _one_worker_where_one_query_is_open,
    _accuracy_fits,
    _scorer_fits,
    _audit_fits,
    _open_requests_can_be_shared,
    _steps_rise,
    _sequences_stay_together,
    _the_official_engine_can,
)


def check(name: str, spec: BenchmarkSpec, rules: tuple[Rule, ...] = RULES) -> tuple[SpecError, ...]:
    """Everything that is wrong with a spec which already fits its schema; empty when it can be run."""
    spec = filled(spec)
    return tuple(error for rule in rules for error in rule(name, spec))

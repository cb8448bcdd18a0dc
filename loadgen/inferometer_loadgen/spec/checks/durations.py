"""Times, and how much fits into them."""

from collections.abc import Iterator

from msgspec import UnsetType

from inferometer_loadgen.spec import scenarios
from inferometer_loadgen.spec.benchmark import BenchmarkSpec
from inferometer_loadgen.spec.checks.error import SpecError
from inferometer_loadgen.spec.units import format_duration_ns, parse_duration_ns

MAX_QUERIES = 50_000_000
"""What one worker's record columns hold in about 2 GB."""


MAX_SPIN_NS = 1_000_000


def durations_are_positive(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
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


def spinning_ends(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
    """A spin of more than 1ms. Next: a shorter one; the kernel wakes a worker up in some tens of microseconds."""
    spin = spec.load.spin
    if isinstance(spin, str) and parse_duration_ns(spin) > MAX_SPIN_NS:
        yield SpecError(
            "spec.load.spin",
            f"`{spin}` keeps a CPU busy for nothing: a worker is woken up in some tens of microseconds",
            "write 1ms or less, such as 50us",
        )


def deadline_leaves_time(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
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


def queries_fit(_name: str, spec: BenchmarkSpec) -> Iterator[SpecError]:
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

"""Whether the service got slower, at a glance: the newest run beside the valid ones before it. It is no test."""

from collections.abc import Callable, Iterable
from statistics import median

from msgspec import UNSET, UnsetType

from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_operator.api.schedule_status import LINE_LIMIT, Figures, RunResult, Trend

VALID = "Valid"
Figure = Callable[[RunResult], float | int | UnsetType]
FIGURES: tuple[Figure, ...] = (lambda one: one.value, lambda one: one.p50_ns, lambda one: one.p99_ns)


def trend(results: tuple[RunResult, ...], local: Callable[[str], str]) -> Trend | UnsetType:
    """Of the last results, the newest first; `local` writes a time for the people of the schedule's zone."""
    newest = next((one for one in results if not isinstance(_main(one), UnsetType)), None)
    lines = tuple(_line(one, _before(one, results), local)[:LINE_LIMIT] for one in results)
    if newest is None:
        if not results:
            return UNSET
        glance = f"none of the last {len(results)} runs has figures"
        return Trend(glance=glance, run=results[0].name, runs=lines)
    before = _before(newest, results)
    if not before:
        glance = f"{_main_text(newest)}; no valid run of this template before it to compare with"
        return Trend(glance=glance, run=newest.name, runs=lines)
    change, middle = _changes(newest, before[0]), _medians(before)
    return Trend(
        glance=_glance(newest, before, change, middle),
        run=newest.name,
        compared_with=before[0].name,
        change=change,
        valid_runs=len(before),
        median=middle,
        runs=lines,
    )


def change_of(result: RunResult, results: tuple[RunResult, ...]) -> str:
    """The change of a run's p99, or of its score, against the valid run before it, for a column."""
    before = _before(result, results)
    return percent(_change(_main(result), _main(before[0]))) if before else ""


def percent(change: float | UnsetType) -> str:
    """A change as people write it."""
    return "" if isinstance(change, UnsetType) else f"{change:+.1%}"


def _before(result: RunResult, results: tuple[RunResult, ...]) -> tuple[RunResult, ...]:
    older = results[results.index(result) + 1 :]
    return tuple(one for one in older if one.outcome == VALID and one.template == result.template)


def _changes(new: RunResult, old: RunResult) -> Figures:
    value, p50, p99 = (_change(figure(new), figure(old)) for figure in FIGURES)
    return Figures(value=value, p50=p50, p99=p99)


def _change(new: float | UnsetType, old: float | UnsetType) -> float | UnsetType:
    if isinstance(new, UnsetType) or isinstance(old, UnsetType) or old == 0:
        return UNSET
    return new / old - 1


def _medians(results: Iterable[RunResult]) -> Figures:
    found = []
    for figure in FIGURES:
        values = [value for value in map(figure, results) if not isinstance(value, UnsetType)]
        found.append(float(median(values)) if values else UNSET)
    return Figures(value=found[0], p50=found[1], p99=found[2])


def _glance(newest: RunResult, before: tuple[RunResult, ...], change: Figures, middle: Figures) -> str:
    if _is_scored(newest):
        return (
            f"{_main_text(newest)}, {percent(change.value) or '-'} against the previous valid run "
            f"({result_text(before[0])}), {percent(_change(newest.value, middle.value)) or '-'} against the median of "
            f"{len(before)} valid before it. A comparison, not a test"
        )
    against_median = percent(_change(newest.p99_ns, middle.p99))
    return (
        f"p99 {_duration(newest.p99_ns)}, {percent(change.p99) or '-'} against the previous valid run "
        f"({_duration(before[0].p99_ns)}), {against_median or '-'} against the median of {len(before)} valid before it "
        f"({_duration(middle.p99)}); result {percent(change.value) or '-'}. A comparison, not a test"
    )


def _line(one: RunResult, before: tuple[RunResult, ...], local: Callable[[str], str]) -> str:
    parts = [local(one.time), one.outcome]
    if not isinstance(one.value, UnsetType):
        parts.append(result_text(one))
    if not isinstance(one.p99_ns, UnsetType):
        parts.append(f"p99 {_duration(one.p99_ns)}")
    if before and (change := percent(_change(_main(one), _main(before[0])))):
        parts.append(change)
    if one.reason:
        parts.append(one.reason)
    return "  ".join(parts)


def _is_scored(one: RunResult) -> bool:
    """Whether its value is a score of its answers, which has no unit."""
    return not isinstance(one.value, UnsetType) and not one.unit


def _main(one: RunResult) -> float | UnsetType:
    """What it is compared by first: its score, or else the tail of its latency in ns."""
    return one.value if _is_scored(one) else one.p99_ns


def _main_text(one: RunResult) -> str:
    return result_text(one) if _is_scored(one) else f"p99 {_duration(one.p99_ns)}"


def result_text(one: RunResult) -> str:
    """A result with its unit, or a score with its metric."""
    if isinstance(one.value, UnsetType):
        return ""
    if _is_scored(one):
        return f"{one.metric} {one.value:.4g}"
    return f"{one.value:,.0f} {one.unit}" if one.value >= 1000 else f"{one.value:.1f} {one.unit}"


def p99_text(one: RunResult) -> str:
    """A run's 99th percentile."""
    return "" if isinstance(one.p99_ns, UnsetType) else _duration(one.p99_ns)


def _duration(value: float | UnsetType) -> str:
    return "-" if isinstance(value, UnsetType) else format_duration_ns(value)

"""Figures of a report in words: the same in the shell, in the status and in its columns."""

from inferometer_loadgen.plan import Deviation
from inferometer_loadgen.report.schema import Report, Result
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_loadgen.verdict.wording import percentile_name


def result_words(result: Result) -> str | None:
    """The result with its unit: `41.1 samples/s`, `p90 4.2 ms`, `8 samples/query`; None where there is none."""
    match result.unit, result.value:
        case _, None:
            return None
        case "ns", value:
            return f"{percentile_name(result.percentile)} {format_duration_ns(value)}"
        case "samples/query", value:
            return f"{value:.0f} samples/query"
        case unit, value:
            return f"{figure(value)} {unit}"


def qps_of(result: Result) -> float | None:
    """Queries per second: as scheduled, or where answers pace the load, as they were completed."""
    return result.completed_qps if result.scheduled_qps is None else result.scheduled_qps


def figure(value: float) -> str:
    """A rate with a reader's precision."""
    return f"{value:,.1f}" if value < 1000 else f"{value:,.0f}"


def deviation_words(deviation: Deviation) -> str:
    """A deviation on one line: what was asked, what the edition fixes, and where it says so."""
    return f"{deviation.field}: {deviation.value}, not {deviation.fixed} ({deviation.source})"


def submittable_words(report: Report) -> str:
    """Whether it can be submitted and, in short, why not: false (own engine; 4 workers)."""
    if report.submittable:
        return "true"
    return f"false ({'; '.join(one.short for one in report.obstacles)})"

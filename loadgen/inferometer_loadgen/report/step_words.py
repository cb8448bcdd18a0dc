"""Steps of concurrency for people: a line for each, and which of them the result is."""

from collections.abc import Iterator

from inferometer_loadgen.report.schema import Report, StepReport
from inferometer_loadgen.report.words import figure
from inferometer_loadgen.spec.units import format_duration_ns
from inferometer_loadgen.verdict.wording import counted


def step_lines(report: Report) -> Iterator[str]:
    """The table, and what it comes to."""
    rows = [_cells(step) for step in report.steps]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"concurrency {'  '.join(cells)}".rstrip()
    yield _chosen(report)


def _cells(step: StepReport) -> tuple[str, ...]:
    rate = step.samples_per_second
    return (
        f"{step.concurrency:,}:",
        "no data" if rate is None else f"{figure(rate)} samples/s",
        f"p50 {_latency(step.p50_ns)}",
        f"p99 {_latency(step.p99_ns)}",
        counted(step.errors, "error", "errors"),
        step.verdict,
    )


def _chosen(report: Report) -> str:
    """A step in doubt that went faster may have been valid: then the best one that is known says how much at least."""
    chosen = next(step for step in report.steps if step.is_result)
    valid = sum(step.verdict == "Valid" for step in report.steps)
    steps = counted(len(report.steps), "step", "steps")
    if not valid:
        return f"result: of concurrency {chosen.concurrency:,}, since none of {steps} is Valid"
    doubtful = [
        f"{step.concurrency:,}"
        for step in report.steps
        if step.verdict == "Inconclusive" and (step.samples_per_second or 0) > (chosen.samples_per_second or 0)
    ]
    doubt = f"; faster, but in doubt: {', '.join(doubtful)}" if doubtful else ""
    return f"result: of concurrency {chosen.concurrency:,}, the fastest of {valid} Valid among {steps}{doubt}"


def _latency(latency_ns: int | None) -> str:
    return "no data" if latency_ns is None else format_duration_ns(latency_ns)

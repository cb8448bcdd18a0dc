"""What LoadGen says of early stopping, line by line."""

from inferometer_loadgen.mlperf_logs.numbers import ordinal_percentile
from inferometer_loadgen.report.schema import Report
from inferometer_loadgen.verdict.early_stopping import most_over, queries_needed

MULTI_STREAM_FRACTION = 0.99
"""SingleStream's log tells the percentile of MultiStream too, by which the checker infers that scenario's result."""


def is_met(report: Report) -> bool:
    """LoadGen's early_stopping_met. Offline needs none; of others it is not met where the plan did not ask for it."""
    found = report.result.early_stopping
    return report.plan.stream.scenario == "Offline" if found is None else found.met


def stopping_lines(report: Report) -> tuple[str, ...]:
    """None where the plan asks for no early stopping."""
    found = report.result.early_stopping
    if found is None:
        return ()
    queries = report.result.queries
    if found.over is not None:
        if found.met:
            return (" * Run successful.",)
        return (
            " * Run unsuccessful.",
            f" * Processed {queries} queries.",
            f" * Would need to run at least {found.needed - queries} more queries,",
            " with the run being successful if every additional",
            " query were under latency.",
        )
    if not found.met:
        return (
            f" * Only processed {queries} queries.",
            f" * Need to process at least {found.needed} queries for early stopping.",
        )
    left_out = (most_over(queries, report.result.percentile) or 1) - 1
    lines = [
        f" * Processed at least {found.needed} queries ({queries}).",
        f" * Would discard {left_out} highest latency queries.",
    ]
    if found.estimate_ns is not None:
        percentile = ordinal_percentile(report.result.percentile)
        lines.append(f" * Early stopping {percentile} percentile estimate: {found.estimate_ns}")
    return (*lines, *_of_multi_stream(report))


def _of_multi_stream(report: Report) -> tuple[str, ...]:
    """Whether SingleStream's queries are too few for it; where they are enough, the report has no estimate."""
    needed = queries_needed(1, MULTI_STREAM_FRACTION)
    if report.plan.stream.scenario != "SingleStream" or report.result.queries >= needed:
        return ()
    return (
        f" * Not enough queries processed for {ordinal_percentile(MULTI_STREAM_FRACTION)} percentile",
        " early stopping estimate (would need to process at",
        f" least {needed} total queries).",
    )

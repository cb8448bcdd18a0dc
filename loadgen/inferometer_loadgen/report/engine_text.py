"""What the official LoadGen says of a run, for people."""

from collections.abc import Iterator

from inferometer_loadgen.report.schema import OfficialReport
from inferometer_loadgen.report.words import figure
from inferometer_loadgen.spec.units import format_duration_ns


def engine_lines(official: OfficialReport) -> Iterator[str]:
    """Its word and figure beside the worker's own, and the way between both."""
    beside = {
        True: "and so do the worker's records",
        False: f"but the worker's records say {official.own_verdict}",
        None: "and does not know of the queries that failed",
    }[official.agrees]
    yield f"engine: LoadGen {official.version} says {official.verdict}, {beside}; {official.metric} {_value(official)}"
    delays = (("issue delay", official.issue_delay_p99_ns), ("hand-over to the worker", official.hand_over_p99_ns))
    known = [f"{name} p99 {format_duration_ns(delay_ns)}" for name, delay_ns in delays if delay_ns is not None]
    if known:
        yield f"  {', '.join(known)}"


def _value(official: OfficialReport) -> str:
    is_latency = official.metric.startswith("early_stopping_latency")
    return format_duration_ns(official.value) if is_latency else figure(official.value)

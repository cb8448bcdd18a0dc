"""What the official LoadGen found, read from its detail log (6.0.17, results.cc, LogDetail)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from inferometer_loadgen.verdict.reasons import ReasonType

PREFIX = ":::MLLOG "
METRICS = {
    "SingleStream": "early_stopping_latency_ss",
    "MultiStream": "early_stopping_latency_ms",
    "Server": "result_completed_samples_per_sec",
    "Offline": "result_samples_per_second",
}
"""The figure that a run is known by; the latencies are in nanoseconds, whatever their names say."""
LATENCY = re.compile(r"result_(?P<name>min|max|mean|[\d.]+)(?:_percentile)?(?P<query>(?:_per)?_query)?_latency_ns")
BROKEN: tuple[tuple[str, ReasonType, str], ...] = (
    ("result_perf_constraints_met", ReasonType.LATENCY_BOUND_EXCEEDED, "the percentile is over the bound"),
    ("early_stopping_met", ReasonType.EARLY_STOPPING_NOT_MET, "too few queries to be sure of the percentile"),
    ("result_min_duration_met", ReasonType.MIN_DURATION_NOT_MET, "the minimum duration was not reached"),
    ("result_min_queries_met", ReasonType.MIN_QUERIES_NOT_MET, "fewer queries than the minimum were sent"),
)  # fmt: skip
"""What makes a run INVALID, in the order in which reasons are reported."""


class LogError(Exception):
    """A detail log lacks what LoadGen writes of every performance run."""


@dataclass(frozen=True, slots=True)
class OfficialResult:
    """LoadGen's own word, why, and its figures."""

    is_valid: bool
    broken: tuple[tuple[ReasonType, str], ...]
    advice: str
    """In LoadGen's words: what makes it INVALID and what to do; empty where it is VALID."""
    metric: str
    """The key of its figure in the log."""
    value: float
    latency_ns: dict[str, int]
    """By LoadGen's name: mean, min, max, 50.00 and so on; in Offline since the beginning, as always there."""
    errors: tuple[str, ...]
    """What LoadGen itself calls errors."""


class _Line(msgspec.Struct, frozen=True):
    key: str
    value: object


def read_result(detail: str, scenario: str) -> OfficialResult:
    """The result in a detail log. Raises LogError where there is none."""
    lines = [_line(line) for line in detail.splitlines() if line.startswith(PREFIX)]
    values = {line.key: line.value for line in lines}
    validity, metric = values.get("result_validity"), METRICS[scenario]
    figure = values.get(metric)
    if validity not in ("VALID", "INVALID") or not isinstance(figure, int | float):
        raise LogError(f"LoadGen's detail log has no result_validity and {metric}")
    broken = tuple((type_, words) for key, type_, words in BROKEN if values.get(key) is False)
    if bool(broken) == (validity == "VALID"):
        raise LogError(f"LoadGen's detail log says {validity}, and that it met {'not ' if broken else ''}all rules")
    told = (values.get("result_invalid_reason"), values.get("early_stopping_result"))
    return OfficialResult(
        is_valid=not broken,
        broken=broken,
        advice=" ".join(" ".join(str(text) for text in told if text).replace(" * ", " ").split()) if broken else "",
        metric=metric,
        value=float(figure),
        latency_ns=dict(_latencies(values)),
        errors=tuple(str(line.value) for line in lines if line.key.startswith("error_")),
    )


def _latencies(values: dict[str, object]) -> Iterator[tuple[str, int]]:
    """Of queries where LoadGen tells of both queries and samples, in MultiStream."""
    found = [(match, value) for key, value in values.items() if (match := LATENCY.fullmatch(key))]
    for match, value in sorted(found, key=lambda item: item[0]["query"] or ""):
        if isinstance(value, int):
            yield match["name"], value


def _line(line: str) -> _Line:
    try:
        return msgspec.json.decode(line.removeprefix(PREFIX), type=_Line)
    except msgspec.DecodeError as error:
        raise LogError(f"LoadGen's detail log has a line that is none: {error}") from error

"""Triton's counters of one model in one replica: read from its metrics page, and their growth over a window.

Counters are per process and start at zero: a counter that fell is a server that began anew. What was not on the page is
absent; a page without the model's counters is no zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

from prometheus_client.parser import text_string_to_metric_families


@dataclass(frozen=True, slots=True)
class ModelCounters:
    """Sums over the model's versions, or one version; durations in microseconds, as Triton counts them."""

    successes: int
    failures: int
    inferences: int
    executions: int
    queue_us: int
    compute_us: int


@dataclass(frozen=True, slots=True)
class Absent:
    """No counters, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Growth:
    """What a replica did within a window; `restarted` when its counters fell meanwhile (they are absent then)."""

    counters: ModelCounters | Absent
    restarted: bool


_FIELD_OF = {
    "nv_inference_request_success": "successes",
    "nv_inference_request_failure": "failures",
    "nv_inference_count": "inferences",
    "nv_inference_exec_count": "executions",
    "nv_inference_queue_duration_us": "queue_us",
    "nv_inference_compute_input_duration_us": "compute_us",
    "nv_inference_compute_infer_duration_us": "compute_us",
    "nv_inference_compute_output_duration_us": "compute_us",
}


def parse_counters(page: str, model: str, version: str) -> ModelCounters | Absent:
    """The model's counters on a metrics page; an empty version sums over all."""
    totals = {field.name: 0.0 for field in fields(ModelCounters)}
    seen = False
    try:
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                field = _FIELD_OF.get(sample.name) or _FIELD_OF.get(sample.name.removesuffix("_total"))
                if field and _is_of(sample.labels, model, version):
                    totals[field] += sample.value
                    seen = True
    except ValueError as error:
        return Absent(f"the metrics page cannot be read: {error}")
    if not seen:
        return Absent(f"the metrics page has no counters of model {model}")
    return ModelCounters(**{name: int(value) for name, value in totals.items()})


def _is_of(labels: Mapping[str, str], model: str, version: str) -> bool:
    return labels.get("model") == model and (not version or labels.get("version") == version)


def growth(readings: Sequence[ModelCounters | Absent]) -> Growth:
    """The growth from the first reading to the last; those in between show a restart that the ends would hide."""
    if not readings:
        return Growth(Absent("the metrics were never read"), restarted=False)
    first, last = readings[0], readings[-1]
    read = [reading for reading in readings if isinstance(reading, ModelCounters)]
    restarted = any(_fell(earlier, later) for earlier, later in pairwise(read))
    if isinstance(first, Absent):
        return Growth(Absent(f"before the run: {first.reason}"), restarted)
    if isinstance(last, Absent):
        return Growth(Absent(f"after the run: {last.reason}"), restarted)
    if restarted:
        return Growth(Absent("the server restarted within the run"), restarted)
    grown = {field.name: getattr(last, field.name) - getattr(first, field.name) for field in fields(ModelCounters)}
    return Growth(ModelCounters(**grown), restarted)


def _fell(earlier: ModelCounters, later: ModelCounters) -> bool:
    return any(getattr(later, field.name) < getattr(earlier, field.name) for field in fields(ModelCounters))

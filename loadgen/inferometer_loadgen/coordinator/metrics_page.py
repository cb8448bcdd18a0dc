"""One model's counters from the page that Triton shows to Prometheus."""

from collections.abc import Mapping
from dataclasses import fields

from prometheus_client.parser import text_string_to_metric_families

from inferometer_loadgen.coordinator.counters import Absent, ModelCounters

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
        counters = ModelCounters(**{name: int(value) for name, value in totals.items()})
    except (ValueError, OverflowError) as error:
        return Absent(f"the metrics page cannot be read: {error}")
    if not seen:
        return Absent(f"the metrics page has no counters of model {model}")
    return counters


def _is_of(labels: Mapping[str, str], model: str, version: str) -> bool:
    return labels.get("model") == model and (not version or labels.get("version") == version)

"""The page as Prometheus reads it."""

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families

from inferometer_operator.metrics.page import Page
from inferometer_operator.run import Run
from inferometer_operator.schedules.schedule import Schedule

Samples = Mapping[str, float]


def page_text(runs: Iterable[Run] = (), schedules: Iterable[Schedule] = ()) -> str:
    return Page(CollectorRegistry(), runs, schedules).text().decode()


def families(text: str) -> list[Metric]:
    return list(text_string_to_metric_families(text))


def samples(text: str) -> dict[str, float]:
    """By name and labels as one would write them, without the labels that are the same everywhere."""
    found: dict[str, float] = {}
    for family in families(text):
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if value not in {"bench", "quickstart"}}
            written = ",".join(f"{name}={value}" for name, value in labels.items())
            found[f"{sample.name}{{{written}}}" if written else sample.name] = sample.value
    return found


def starting(text: str, prefix: str) -> dict[str, float]:
    return {name.removeprefix(prefix): value for name, value in samples(text).items() if name.startswith(prefix)}

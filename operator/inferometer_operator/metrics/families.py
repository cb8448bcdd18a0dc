"""Gauges that are filled one value at a time; a value that is not there makes no sample."""

from collections.abc import Iterator
from typing import Any

from msgspec import UnsetType
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

NS_PER_S = 1e9

type Value = float | int | bool | UnsetType | None
"""None and UNSET: nobody knows."""


class Families:
    """Families by name, in the order in which they were first declared."""

    def __init__(self, prefix: str, labels: tuple[str, ...]) -> None:
        self._prefix = prefix
        self._labels = labels
        self._found: dict[str, Metric] = {}

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._found.values())

    def gauge(self, name: str, text: str, *labels: str) -> "Family":
        """A gauge with the common labels and `labels`."""
        return self._declared(name, GaugeMetricFamily(self._prefix + name, text, labels=(*self._labels, *labels)))

    def counter(self, name: str, text: str) -> "Family":
        """A counter; its samples bear the ending `_total`."""
        return self._declared(name, CounterMetricFamily(self._prefix + name, text, labels=self._labels))

    def _declared(self, name: str, family: Metric) -> "Family":
        return Family(self._found.setdefault(name, family))


class Family:
    """One family to fill."""

    def __init__(self, metric: Any) -> None:
        self._metric = metric

    def add(self, labels: tuple[str, ...], value: Value) -> None:
        """A sample, where there is a value."""
        if value is not None and not isinstance(value, UnsetType):
            self._metric.add_metric(labels, float(value))

    def add_ns(self, labels: tuple[str, ...], value: int | float | UnsetType | None) -> None:
        """A sample in seconds of a value in nanoseconds, where there is one."""
        if value is not None and not isinstance(value, UnsetType):
            self.add(labels, value / NS_PER_S)

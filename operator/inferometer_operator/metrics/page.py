"""One page of everything, in Prometheus' text format."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric

from inferometer_operator.metrics.runs import run_families
from inferometer_operator.metrics.schedules import schedule_families
from inferometer_operator.run import Run
from inferometer_operator.schedules.schedule import Schedule


class Page:
    """A collector over the objects as they were, beside the operator's own registry."""

    def __init__(self, own: CollectorRegistry, runs: Iterable[Run], schedules: Iterable[Schedule]) -> None:
        self._own = own
        self._runs = tuple(runs)
        self._schedules = tuple(schedules)

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield from self._own.collect()
        yield from run_families(self._runs)
        yield from schedule_families(self._schedules)

    def text(self) -> bytes:
        """The page."""
        return generate_latest(self)

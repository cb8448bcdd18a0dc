"""What a Prometheus answers to the queries of a panel."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from urllib.request import urlopen

from inferometer_dev.dashboards.queries import substituted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT_S = 30
POINTS = 240
"""Of a line; about as many as a panel of half the width has pixels to tell apart."""
LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Series:
    """One series as a panel shows it."""

    name: str
    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]
    """Unix seconds and value; one for an instant query."""

    @property
    def last(self) -> float:
        """The newest value."""
        return self.points[-1][1]


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks as Grafana does, for one range."""

    url: str
    begin_s: float
    end_s: float
    scrape_interval_s: float
    variables: Mapping[str, str]

    @property
    def step_s(self) -> float:
        """Between two points of a line."""
        return max((self.end_s - self.begin_s) / POINTS, self.scrape_interval_s)

    def series(self, target: Mapping[str, Any]) -> list[Series]:
        """The series of one query of a panel."""
        expr = self.filled_in(target["expr"])
        if target.get("instant"):
            found = self._get("query", query=expr, time=self.end_s)
            return [_series(one, target, [one["value"]]) for one in found]
        found = self._get("query_range", query=expr, start=self.begin_s, end=self.end_s, step=self.step_s)
        return [_series(one, target, one["values"]) for one in found]

    def filled_in(self, expr: str) -> str:
        """The query with all variables in it, Grafana's own by its documented rules."""
        whole, step = self.end_s - self.begin_s, self.step_s
        grafanas = {
            "__interval": f"{step:.0f}s",
            "__interval_ms": f"{step * 1000:.0f}",
            "__rate_interval": f"{max(step + self.scrape_interval_s, 4 * self.scrape_interval_s):.0f}s",
            "__range": f"{whole:.0f}s",
            "__range_s": f"{whole:.0f}",
        }
        return substituted(expr, **grafanas, **self.variables)

    def _get(self, what: str, **query: str | float) -> list[dict[str, Any]]:
        with urlopen(f"{self.url}/api/v1/{what}?{urlencode(query)}", timeout=TIMEOUT_S) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found


def _series(found: Mapping[str, Any], target: Mapping[str, Any], values: Sequence[tuple[float, str]]) -> Series:
    labels = found["metric"]
    template = target.get("legendFormat", "")
    name = LABEL.sub(lambda label: labels.get(label[1], ""), template)
    if not template or template == "__auto":
        name = ", ".join(f"{key}={value}" for key, value in labels.items()) or target["refId"]
    return Series(name, labels, [(float(at), float(value)) for at, value in values])

"""What the dashboards and the alerts ask a Prometheus, and what it answers: as a table, and as data for pictures."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from e2e.cluster import Object
from inferometer_dev.dashboards.queries import PanelQuery, queries, substituted
from inferometer_dev.paths import REPO
from integration.prometheus.server import Prometheus

DASHBOARDS = REPO / "charts" / "inferometer" / "dashboards"
RULES = REPO / "charts" / "inferometer" / "rules" / "alerts.yaml"
FOLDER = REPO / "build" / "dashboards"
STEP_S = 2.0

PANELS = queries(DASHBOARDS)
ALERTS: list[Object] = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]


@dataclass(frozen=True)
class Answer:
    """The series of one query."""

    query: PanelQuery
    expr: str
    """As it was sent."""
    result: list[Any]
    """As Prometheus gives it: each series with `metric`, and `value` or `values`."""

    @property
    def sample(self) -> str:
        """The newest value of a series, in short."""
        if not self.result:
            return ""
        last = self.result[0].get("value") or self.result[0]["values"][-1]
        return f"{float(last[1]):.4g}"


def ask(
    prometheus: Prometheus, query: PanelQuery, variables: Mapping[str, str], start_s: float, end_s: float
) -> Answer:
    """A panel's query as Grafana would send it for the range."""
    expr = substituted(query.expr, **variables)
    if query.instant:
        found = prometheus.get("query", query=expr, time=str(end_s))
        return Answer(query, expr, found["result"])
    # Counted from the end, which is a point of its own: what was scraped last is in it.
    whole_s = (end_s - start_s) // STEP_S * STEP_S
    return Answer(query, expr, prometheus.query_range(expr, end_s - whole_s, end_s, STEP_S))


def selectors(prometheus: Prometheus, expr: str) -> list[str]:
    """The selectors inside an expression, as Prometheus itself reads it."""
    return list(dict.fromkeys(_selectors(prometheus.get("parse_query", query=expr))))


def _selectors(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _selectors(one)
    elif isinstance(node, dict):
        if node.get("type") in {"vectorSelector", "matrixSelector"}:
            words = (f"{one['name']}{one['type']}{json.dumps(one['value'])}" for one in node["matchers"])
            yield f"{{{','.join(words)}}}"
        for one in node.values():
            yield from _selectors(one)


def table(during: Mapping[PanelQuery, Answer], after: Iterable[Answer]) -> str:
    """Panel by panel: how many series it had while the run went on and after it, a value, and the query."""
    rows = [("dashboard", "panel", "", "during", "after", "value", "query")]
    for answer in after:
        one, before = answer.query, during[answer.query]
        sample = answer.sample or before.sample
        counts = (str(len(before.result)), str(len(answer.result)))
        rows.append((one.dashboard, one.panel, one.ref, *counts, sample, " ".join(answer.expr.split())))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    )


def save(during: Mapping[PanelQuery, Answer], after: Iterable[Answer]) -> Path:
    """The table, and the answers as data for pictures: of a query that is empty by now what it was during the run."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    answers = list(after)
    (FOLDER / "panels.txt").write_text(table(during, answers) + "\n")
    data = [
        asdict(answer.query) | {"sent": answer.expr, "result": answer.result or during[answer.query].result}
        for answer in answers
    ]
    (FOLDER / "panels.json").write_text(json.dumps(data))
    return FOLDER / "panels.txt"

"""What the dashboards ask Prometheus: each query of each panel, out of their JSON, with variables to be filled in.

Only the standard library is needed: a test that runs the queries has no use for what made the dashboards.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

type Needs = Literal["runs", "live", "schedules", "operator", "triton", "gpu"]
"""Whose series a query needs: the operator's of runs or schedules, a coordinator's, a Triton's, a GPU exporter's."""

NEEDS: tuple[tuple[str, Needs], ...] = (
    ("nv_gpu_", "gpu"),
    ("DCGM_FI_", "gpu"),
    ("inferometer_load_", "live"),
    ("nv_inference_", "triton"),
    ("inferometer_schedule_", "schedules"),
    ("inferometer_run", "runs"),
)
"""By the beginning of a name, the hardest to come by first; whatever has none of them is the operator's own."""

GRAFANAS = {
    "__interval": "15s",
    "__interval_ms": "15000",
    "__rate_interval": "30s",
    "__range": "1h",
    "__range_s": "3600",
}
"""What Grafana itself fills in."""
ANYTHING = ".*"
VARIABLE = re.compile(r"\$\{(?P<braced>[a-z_]\w*)(?::\w+)?\}|\$(?P<plain>[a-z_]\w*)", re.IGNORECASE)
"""Not `$1`, which is label_replace's."""


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """One query of a panel."""

    dashboard: str
    """The uid."""
    panel: str
    """The title."""
    ref: str
    expr: str
    instant: bool
    """For one moment, the end of the range. The others are for the whole range: some have points only there."""
    needs: Needs
    unit: str
    """Grafana's name of the panel's unit."""


def queries(folder: Path) -> list[PanelQuery]:
    """Those of all dashboards in a folder, by file, panel and letter; ValueError where there is none."""
    found = [one for path in sorted(folder.glob("*.json")) for one in queries_of(json.loads(path.read_text()))]
    if not found:
        raise ValueError(f"{folder}: no dashboard with a query. hint: run `make dashboards`")
    return found


def queries_of(dashboard: Mapping[str, Any]) -> Iterator[PanelQuery]:
    """Those of one dashboard, in the order of its panels."""
    for panel in panels_of(dashboard):
        unit = panel.get("fieldConfig", {}).get("defaults", {}).get("unit", "")
        for target in panel.get("targets", []):
            expr = target["expr"]
            yield PanelQuery(
                dashboard["uid"], panel["title"], target["refId"], expr, target.get("instant", False), needs(expr), unit
            )


def panels_of(dashboard: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The panels without their rows, whether a row is folded up or not."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels", [])
        else:
            yield panel


def needs(expr: str) -> Needs:
    """Whose series a query needs most."""
    return next((who for prefix, who in NEEDS if re.search(rf"\b{prefix}", expr)), "operator")


def substituted(expr: str, **variables: str) -> str:
    """The query as Grafana sends it. One that is not given is `.*`; `GRAFANAS` has the values of its own."""
    known = GRAFANAS | variables

    def value(match: re.Match[str]) -> str:
        return known.get(match["braced"] or match["plain"], ANYTHING)

    return VARIABLE.sub(value, expr)

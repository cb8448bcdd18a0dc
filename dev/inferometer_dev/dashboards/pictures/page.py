"""A dashboard as one picture, its panels where the grid has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from inferometer_dev.dashboards.pictures.drawing import draw
from inferometer_dev.dashboards.pictures.looks import FAINT, PAGE, TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from inferometer_dev.dashboards.pictures.asking import Asker

COLUMNS = 24
INCHES_A_COLUMN, INCHES_A_ROW = 0.75, 0.36
HEAD_INCHES = 0.5
DPI = 90
LEFT_IN = {"timeseries": 0.85, "heatmap": 0.55, "bargauge": 1.35, "state-timeline": 0.75}
"""Inches within a panel for the words beside its axis."""


def picture(dashboard: Mapping[str, Any], asker: Asker, out: Path) -> list[str]:
    """Writes a PNG; the titles of panels without data."""
    panels = dashboard["panels"]
    rows = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in panels)
    width, height = COLUMNS * INCHES_A_COLUMN, rows * INCHES_A_ROW + HEAD_INCHES
    figure = Figure(figsize=(width, height), facecolor=PAGE)
    figure.text(0.1 / width, 1 - 0.3 / height, dashboard["title"], color=TEXT, fontsize=14, weight="bold")
    empty = []
    for panel in panels:
        place = panel["gridPos"]
        left, top = place["x"] * INCHES_A_COLUMN, height - HEAD_INCHES - place["y"] * INCHES_A_ROW
        if panel["type"] == "row":
            figure.text(
                (left + 0.1) / width, (top - 0.26) / height, panel["title"], color=FAINT, fontsize=10, weight="bold"
            )
            continue
        pad_left = LEFT_IN.get(panel["type"], 0.08)
        across = place["w"] * INCHES_A_COLUMN - pad_left - 0.12
        down = place["h"] * INCHES_A_ROW - 0.5
        bottom = top - place["h"] * INCHES_A_ROW + 0.24
        axes = figure.add_axes(((left + pad_left) / width, bottom / height, across / width, down / height))
        if draw(axes, panel, asker) == 0:
            empty.append(panel["title"])
    figure.savefig(out, dpi=DPI)
    return empty

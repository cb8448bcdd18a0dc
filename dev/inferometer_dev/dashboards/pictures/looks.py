"""Grafana's colours and units, as far as the dashboards use them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PAGE, PANEL, TEXT, FAINT = "#111217", "#1c1f26", "#d5d6dc", "#8e8f98"
COLOURS = {
    "green": "#73bf69",
    "orange": "#ff9830",
    "red": "#f2495c",
    "blue": "#5794f2",
    "yellow": "#fade2a",
    "purple": "#b877d9",
    "dark-red": "#c4162a",
    "dark-blue": "#1f60c4",
    "light-blue": "#8ab8ff",
    "super-light-blue": "#c0d8ff",
    "text": TEXT,
}
PALETTE = ("#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#705da0", "#37872d", "#fade2a")
SECONDS = ((86400.0, "day"), (3600.0, "hour"), (60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
BYTES = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B"))
THOUSANDS = ((1e9, " Bil"), (1e6, " Mil"), (1e3, " K"), (1.0, ""))
PLAIN = {"reqps": " req/s", "ops": " ops/s", "watt": " W"}


def hexed(colour: str) -> str:
    """The colour for a name of Grafana's, or for itself."""
    return COLOURS.get(colour, colour)


def ink(ground: str) -> str:
    """What can be read on a colour."""
    red, green, blue = (int(ground[place : place + 2], 16) for place in (1, 3, 5))
    return "#15171c" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else TEXT


def written(value: float, unit: str, decimals: int | None = None) -> str:
    """A value in its unit."""
    if math.isnan(value):
        return "NaN"
    if unit == "s":
        return _scaled(value, SECONDS, decimals, " ")
    if unit == "bytes":
        return _scaled(value, BYTES, decimals, " ")
    if unit == "percentunit":
        return f"{value * 100:.{decimals or 0}f}%"
    if unit == "short":
        return _scaled(value, THOUSANDS, decimals, "")
    return f"{_number(value, decimals)}{PLAIN.get(unit, unit.removeprefix('suffix:') if 'suffix:' in unit else '')}"


def _scaled(value: float, scale: Sequence[tuple[float, str]], decimals: int | None, between: str) -> str:
    size, word = next((one for one in scale if abs(value) >= one[0]), scale[-1])
    return (
        f"{_number(value / size, decimals)}{between}{word}" if value else _number(0, decimals) + between + scale[-1][1]
    )


def _number(value: float, decimals: int | None) -> str:
    return f"{value:.3g}" if decimals is None else f"{value:.{decimals}f}"


def by_threshold(value: float, thresholds: Mapping[str, Any]) -> str:
    """The colour that a value has by thresholds."""
    steps = thresholds["steps"]
    return hexed([one["color"] for one in steps if one["value"] is None or value >= one["value"]][-1])


def overrides(panel: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """By a series' or a column's name its settings."""
    return {
        one["matcher"]["options"]: {setting["id"]: setting.get("value") for setting in one["properties"]}
        for one in panel["fieldConfig"]["overrides"]
    }


def colour_of(name: str, panel: Mapping[str, Any], otherwise: str) -> str:
    """A series' fixed colour, or another."""
    found = overrides(panel).get(name, {}).get("color", {})
    return hexed(found.get("fixedColor", otherwise))

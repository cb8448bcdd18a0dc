"""A panel of each kind, drawn into a place of its own."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import dates
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import Bbox

from inferometer_dev.dashboards.pictures.looks import (
    FAINT,
    PALETTE,
    PANEL,
    TEXT,
    by_threshold,
    colour_of,
    hexed,
    ink,
    overrides,
    written,
)
from inferometer_dev.dashboards.pictures.tables import merged, organized

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from inferometer_dev.dashboards.pictures.asking import Asker, Series

SMALL, MIDDLE = 6.5, 8.0
MOST_IN_LEGEND = 7
MOST_ROWS = 18


def draw(axes: Axes, panel: Mapping[str, Any], asker: Asker) -> int:
    """Draws a panel; how many series it has."""
    frames = [asker.series(target) for target in panel["targets"]]
    series = [one for frame in frames for one in frame]
    axes.set_facecolor(PANEL)
    axes.set_title(panel["title"], loc="left", color=TEXT, fontsize=MIDDLE, pad=4)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(colors=FAINT, labelsize=SMALL, length=0)
    if not series:
        _no_data(axes, panel)
    elif panel["type"] == "table":
        _table(axes, panel, frames)
    else:
        KINDS[panel["type"]](axes, panel, series, asker)
    return len(series)


def _defaults(panel: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = panel["fieldConfig"]["defaults"]
    return found


def _written(value: float, panel: Mapping[str, Any]) -> str:
    defaults = _defaults(panel)
    for mapping in defaults.get("mappings", []):
        if (word := mapping["options"].get(f"{value:g}")) is not None:
            return str(word["text"])
    return written(value, defaults["unit"], defaults.get("decimals"))


def _no_data(axes: Axes, panel: Mapping[str, Any]) -> None:
    axes.set_axis_off()
    word = _defaults(panel).get("noValue") or "No data"
    axes.text(0.5, 0.5, word, color=FAINT, fontsize=MIDDLE, ha="center", va="center", transform=axes.transAxes)


def _time_axis(axes: Axes, asker: Asker) -> None:
    axes.set_xlim(_moment(asker.begin_s), _moment(asker.end_s))
    locator = _locator(6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, show_offset=False))  # type: ignore[no-untyped-call]  # matplotlib's


def _moment(at_s: float) -> Any:
    return dates.date2num(datetime.fromtimestamp(at_s, UTC))  # type: ignore[no-untyped-call]  # matplotlib's


def _locator(most: int) -> dates.AutoDateLocator:
    return dates.AutoDateLocator(minticks=1, maxticks=most)  # type: ignore[no-untyped-call]  # matplotlib's


def _columns(series: Series, step_s: float, *, spanned: bool) -> tuple[list[Any], list[float]]:
    """Times and values; a gap where a point is missing, unless lines lead over gaps."""
    times: list[Any] = []
    values: list[float] = []
    for index, (at, value) in enumerate(series.points):
        if index and not spanned and at - series.points[index - 1][0] > 1.5 * step_s:
            times.append(_moment(at - step_s))
            values.append(float("nan"))
        times.append(_moment(at))
        values.append(value)
    return times, values


def _graph(axes: Axes, panel: Mapping[str, Any], series: Sequence[Series], asker: Asker) -> None:
    custom = _defaults(panel)["custom"]
    points, settings = custom.get("showPoints") == "always", overrides(panel)
    colours = [colour_of(one.name, panel, PALETTE[index % len(PALETTE)]) for index, one in enumerate(series)]
    if custom.get("stacking", {}).get("mode") == "normal":
        _stacked(axes, series, colours)
    else:
        drawstyle = "steps-post" if custom.get("lineInterpolation") == "stepAfter" else "default"
        for one, colour in zip(series, colours, strict=True):
            times, values = _columns(one, asker.step_s, spanned=points)
            marker = "o" if points or len(values) == 1 else ""
            axes.plot(
                times,
                values,
                color=colour,
                linewidth=settings.get(one.name, {}).get("custom.lineWidth", 1.5) * 0.8,
                linestyle="--" if settings.get(one.name, {}).get("custom.lineStyle", {}).get("fill") == "dash" else "-",
                marker=marker,
                markersize=3.5,
                drawstyle=drawstyle,
                label=one.name,
            )
    if custom.get("thresholdsStyle", {}).get("mode") == "dashed":
        for step in _defaults(panel)["thresholds"]["steps"][1:]:
            axes.axhline(step["value"], color=hexed(step["color"]), linestyle="--", linewidth=0.8)
    lowest = min(value for one in series for _, value in one.points)
    axes.set_ylim(min(0.0, 1.1 * lowest), max(1.3 * axes.get_ylim()[1], 1e-9))
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=_defaults(panel).get("decimals") == 0))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _written(value, panel)))
    axes.grid(color="#2c3038", linewidth=0.5)
    _time_axis(axes, asker)
    _legend(axes, panel, series)


def _stacked(axes: Axes, series: Sequence[Series], colours: Sequence[str]) -> None:
    every = sorted({at for one in series for at, _ in one.points})
    heights = [[dict(one.points).get(at, 0.0) for at in every] for one in series]
    axes.stackplot(
        [_moment(at) for at in every], heights, colors=colours, alpha=0.75, labels=[one.name for one in series]
    )


def _legend(axes: Axes, panel: Mapping[str, Any], series: Sequence[Series]) -> None:
    handles, names = axes.get_legend_handles_labels()
    lasts = {one.name: _written(one.last, panel) for one in series}
    shown = [f"{name}  {lasts.get(name, '')}" for name in names]
    legend = axes.legend(
        handles[:MOST_IN_LEGEND],
        shown[:MOST_IN_LEGEND],
        fontsize=SMALL - 1,
        loc="upper left",
        frameon=True,
        facecolor=PANEL,
        edgecolor="none",
        framealpha=0.6,
        labelcolor=TEXT,
        handlelength=1.2,
        borderpad=0.2,
        labelspacing=0.2,
    )
    legend.set_zorder(5)


def _figure(axes: Axes, panel: Mapping[str, Any], series: Sequence[Series], _asker: Asker) -> None:
    axes.set_axis_off()
    options = panel["options"]
    named = options["textMode"] == "name"
    filled = options["colorMode"].startswith("background")
    for index, one in enumerate(series):
        colour = colour_of(one.name, panel, by_threshold(one.last, _defaults(panel)["thresholds"]))
        for mapping in _defaults(panel).get("mappings", []):
            colour = hexed(mapping["options"].get(f"{one.last:g}", {}).get("color", colour))
        words = one.name if named else _written(one.last, panel)
        if filled:
            axes.axhspan(1 - (index + 1) / len(series), 1 - index / len(series), color=colour)
        middle = 1 - (index + 0.5) / len(series)
        written_in = ink(colour) if filled else colour
        axes.text(0.5, middle, words, color=written_in, fontsize=13, weight="bold", ha="center", va="center")
        if not named and (len(series) > 1 or "{{" in panel["targets"][0]["legendFormat"]):
            axes.text(0.02, middle, one.name, color=written_in, fontsize=SMALL, ha="left", va="center")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)


def _bars(axes: Axes, panel: Mapping[str, Any], series: Sequence[Series], _asker: Asker) -> None:
    defaults = _defaults(panel)
    order = list(reversed(series))
    values = [one.last for one in order]
    colours = [colour_of(one.name, panel, by_threshold(one.last, defaults["thresholds"])) for one in order]
    low, high = defaults.get("min", 0), defaults.get("max", max([*values, 1e-12]))
    places = list(range(len(order)))
    axes.barh(places, [high - low] * len(order), left=low, color="#262a33", height=0.7)
    axes.barh(places, [min(max(value, low), high) - low for value in values], left=low, color=colours, height=0.7)
    for place, value in zip(places, values, strict=True):
        axes.text(high, place, _written(value, panel) + " ", color=TEXT, fontsize=SMALL, ha="right", va="center")
    axes.set_yticks(places, [one.name for one in order])
    axes.set_xticks([])
    axes.set_ylim(-0.6, max(len(order) - 0.4, 2.6))


def _density(axes: Axes, panel: Mapping[str, Any], series: Sequence[Series], asker: Asker) -> None:
    buckets = sorted(series, key=lambda one: float(one.labels["le"]))
    every = sorted({at for one in buckets for at, _ in one.points})
    counts = np.array([[dict(one.points).get(at, 0.0) for at in every] for one in buckets])
    counts = np.diff(counts, axis=0, prepend=0).clip(min=0)
    counts[counts == 0] = np.nan
    times = [_moment(at) for at in every]
    axes.pcolormesh(times, range(len(buckets)), np.sqrt(counts), cmap="Blues", shading="nearest")
    names = [
        one.labels["le"] if one.labels["le"] == "+Inf" else _written(float(one.labels["le"]), panel) for one in buckets
    ]
    axes.set_yticks(range(len(buckets)), names, fontsize=SMALL - 1.5)
    _time_axis(axes, asker)


def _timeline(axes: Axes, panel: Mapping[str, Any], series: Sequence[Series], asker: Asker) -> None:
    words = _defaults(panel)["mappings"][0]["options"]
    width = asker.step_s / 86400
    for place, one in enumerate(reversed(series)):
        told = ""
        for at, value in one.points:
            word = words[f"{value:g}"]
            axes.broken_barh([(_moment(at), width)], (place - 0.4, 0.8), color=hexed(word["color"]))
            if word["text"] != told:
                told = word["text"]
                axes.text(_moment(at), place, f" {told}", color=ink(hexed(word["color"])), fontsize=SMALL, va="center")
    axes.set_yticks(range(len(series)), [one.name for one in reversed(series)])
    _time_axis(axes, asker)


def _table(axes: Axes, panel: Mapping[str, Any], frames: Sequence[Sequence[Series]]) -> None:
    axes.set_axis_off()
    titles, rows = organized(merged(frames), panel)
    settings = overrides(panel)
    titles = [one for one in titles if not settings.get(one, {}).get("custom.hidden")]
    cells = [[_cell(row.get(title), settings.get(title, {}), panel) for title in titles] for row in rows[:MOST_ROWS]]
    if not cells:
        return
    lengths = [max(len(title), *(len(line[place][0]) for line in cells)) + 2 for place, title in enumerate(titles)]
    tall = min(1 / (len(cells) + 1), 0.1 if panel["gridPos"]["h"] > 5 else 0.4)
    drawn = axes.table(
        cellText=[[text for text, _ in line] for line in cells],
        cellColours=[[colour for _, colour in line] for line in cells],
        colLabels=[textwrap.shorten(title, 22) for title in titles],
        colColours=[PANEL] * len(titles),
        colWidths=[length / sum(lengths) for length in lengths],
        cellLoc="left",
        bbox=Bbox.from_bounds(0, 1 - tall * (len(cells) + 1), 1, tall * (len(cells) + 1)),
    )
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(SMALL)
    for (line, place), cell in drawn.get_celld().items():
        cell.set_edgecolor("#2c3038")
        cell.PAD = 0.03
        cell.get_text().set_color(TEXT if line == 0 else ink(cells[line - 1][place][1]))


def _cell(value: Any, settings: Mapping[str, Any], panel: Mapping[str, Any]) -> tuple[str, str]:
    if value is None or value == "":
        return "", PANEL
    number = isinstance(value, float)
    text = written(value, settings.get("unit", _defaults(panel)["unit"]), settings.get("decimals")) if number else value
    for mapping in settings.get("mappings", []):
        if (word := mapping["options"].get(f"{value:g}" if number else value)) is not None:
            return str(word["text"]), hexed(word["color"])
    if number and "thresholds" in settings:
        return text, by_threshold(value, settings["thresholds"])
    return text, PANEL


KINDS = {"timeseries": _graph, "stat": _figure, "bargauge": _bars, "heatmap": _density, "state-timeline": _timeline}

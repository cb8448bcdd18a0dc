"""The kinds of panels that the dashboards are made of, each with what no panel may lack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    timeseries,
)
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import heatmap as heatmap_model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from inferometer_dev.dashboards.colours import PLAIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from grafana_foundation_sdk.cog.builder import Builder
    from grafana_foundation_sdk.cog.variants import Dataquery

type Overrides = Mapping[str, list[model.DynamicConfigValue]]
type Panel = Builder[model.Panel]

DATASOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")


@dataclass(frozen=True, slots=True)
class Query:
    """One query and what its series are called."""

    expr: str
    legend: str = "__auto"


@dataclass(frozen=True, slots=True)
class About:
    """What every panel says of itself."""

    title: str
    text: str
    """What it shows, and what to do when it looks bad."""
    unit: str
    width: int
    height: int
    decimals: int | None = None
    thresholds: tuple[model.Threshold, ...] = PLAIN
    overrides: Overrides = field(default_factory=dict)
    mappings: tuple[model.ValueMapping, ...] = ()
    no_value: str | None = None


class _Common(Protocol):
    """What the builders of all kinds have."""

    def title(self, title: str) -> Self: ...
    def description(self, description: str) -> Self: ...
    def datasource(self, datasource: model.DataSourceRef) -> Self: ...
    def unit(self, unit: str) -> Self: ...
    def span(self, w: int) -> Self: ...
    def height(self, h: int) -> Self: ...
    def decimals(self, decimals: float) -> Self: ...
    def no_value(self, no_value: str) -> Self: ...
    def mappings(self, mappings: list[model.ValueMapping]) -> Self: ...
    def thresholds(self, thresholds: Builder[model.ThresholdsConfig]) -> Self: ...
    def override_by_name(self, name: str, properties: list[model.DynamicConfigValue]) -> Self: ...
    def with_target(self, target: Builder[Dataquery]) -> Self: ...


def target(query: Query, ref: str, *, instant: bool, format_: PromQueryFormat) -> prometheus.Dataquery:
    """A query as the data source takes it."""
    asked = prometheus.Dataquery().ref_id(ref).expr(query.expr).legend_format(query.legend).format(format_)
    asked.datasource(DATASOURCE)
    return asked.instant() if instant else asked.range()


def begun[P: _Common](
    panel: P,
    about: About,
    queries: Sequence[Query],
    *,
    instant: bool,
    format_: PromQueryFormat = PromQueryFormat.TIME_SERIES,
) -> P:
    """A panel with all that About says, and its queries A, B, C."""
    panel.title(about.title).description(about.text).datasource(DATASOURCE)
    panel.unit(about.unit).span(about.width).height(about.height)
    panel.thresholds(dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(list(about.thresholds)))
    if about.decimals is not None:
        panel.decimals(about.decimals)
    if about.no_value is not None:
        panel.no_value(about.no_value)
    if about.mappings:
        panel.mappings(list(about.mappings))
    for name, settings in about.overrides.items():
        panel.override_by_name(name, settings)
    for index, query in enumerate(queries):
        panel.with_target(target(query, chr(ord("A") + index), instant=instant, format_=format_))
    return panel


def figure(about: About, *queries: Query, named: bool = False, filled: bool = True) -> Panel:
    """One figure for now, or the name of the one series that is there (`named`)."""
    panel = begun(stat.Panel(), about, queries, instant=True)
    panel.graph_mode(common_model.BigValueGraphMode.NONE)
    panel.text_mode(common_model.BigValueTextMode.NAME if named else common_model.BigValueTextMode.AUTO)
    background = common_model.BigValueColorMode.BACKGROUND_SOLID
    panel.color_mode(background if filled else common_model.BigValueColorMode.VALUE)
    return panel.reduce_options(_last())


def bars(about: About, *queries: Query, least: float = 0, most: float | None = None) -> Panel:
    """A bar a series, for now."""
    panel = begun(bargauge.Panel(), about, queries, instant=True)
    panel.orientation(common_model.VizOrientation.HORIZONTAL).display_mode(common_model.BarGaugeDisplayMode.BASIC)
    panel.value_mode(common_model.BarGaugeValueMode.TEXT).show_unfilled(True).min(least)
    if most is not None:
        panel.max(most)
    return panel.reduce_options(_last())


def graph(
    about: About,
    *queries: Query,
    stacked: bool = False,
    points: bool = False,
    steps: bool = False,
    line_at_thresholds: bool = False,
    calcs: Sequence[str] = ("lastNotNull", "max"),
) -> Panel:
    """Lines over time. `points`: each point is an event, such as a run, and the line leads from one to the next."""
    panel = begun(timeseries.Panel(), about, queries, instant=False)
    panel.color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    panel.line_width(2).fill_opacity(60 if stacked else 8).axis_soft_min(0)
    panel.show_points(common_model.VisibilityMode.ALWAYS if points else common_model.VisibilityMode.NEVER)
    if points:
        panel.span_nulls(True).point_size(8).fill_opacity(0).line_width(1)
    if steps:
        panel.line_interpolation(common_model.LineInterpolation.STEP_AFTER)
    if stacked:
        panel.stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL).group("A")).line_width(0)
    if line_at_thresholds:
        style = common_model.GraphThresholdsStyleMode.DASHED
        panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(style))
    panel.tooltip(
        common.VizTooltipOptions().mode(common_model.TooltipDisplayMode.MULTI).sort(common_model.SortOrder.DESCENDING)
    )
    legend = common.VizLegendOptions().show_legend(True).placement(common_model.LegendPlacement.BOTTOM)
    return panel.legend(legend.display_mode(common_model.LegendDisplayMode.TABLE).calcs(list(calcs)))


def density(about: About, query: Query) -> Panel:
    """A histogram over time; the query is of its buckets, by `le`."""
    panel = begun(heatmap.Panel(), about, [query], instant=False, format_=PromQueryFormat.HEATMAP)
    colour = heatmap.HeatmapColorOptions().mode(heatmap_model.HeatmapColorMode.SCHEME).scheme("Blues").steps(64)
    panel.calculate(False).color(colour.scale(heatmap_model.HeatmapColorScale.EXPONENTIAL).exponent(0.5).fill(""))
    panel.scale_distribution(common.ScaleDistributionConfig().type(common_model.ScaleDistribution.LINEAR))
    return panel.y_axis(heatmap.YAxisConfig().unit(about.unit)).cell_values(heatmap.CellValues().unit("short"))


def timeline(about: About, *queries: Query) -> Panel:
    """A bar a series, in pieces that are named and coloured by the mappings of their values."""
    panel = begun(statetimeline.Panel(), about, queries, instant=False)
    panel.show_value(common_model.VisibilityMode.AUTO).row_height(0.8).fill_opacity(90).line_width(0).merge_values(True)
    return panel.legend(common.VizLegendOptions().show_legend(True).placement(common_model.LegendPlacement.BOTTOM))


def _last() -> common.ReduceDataOptions:
    return common.ReduceDataOptions().calcs(["lastNotNull"]).values(False).fields("")

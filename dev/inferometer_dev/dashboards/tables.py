"""Tables: several instant queries, a row for each set of labels that they share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from inferometer_dev.dashboards.panels import About, Panel, Query, begun

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Column:
    """A column: of a label, or of a query's values."""

    title: str
    label: str = ""
    query: str = ""
    """Empty: the column is a label's."""
    unit: str = ""
    decimals: int | None = None
    colours: model.ValueMap | None = None
    """Words or values that colour their cell."""
    thresholds: tuple[model.Threshold, ...] = ()
    """Values that colour their cell."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Title and address."""
    hidden: bool = False
    """Only there for the links of other columns."""
    width: int | None = None


def rows(about: About, *columns: Column, sorted_by: str, descending: bool = False) -> Panel:
    """A table. A query that gives no column of its own, but labels, bears its label in `query` as well."""
    asked = [one for one in columns if one.query]
    names = _names(asked)
    panel = begun(
        table.Panel(), about, [Query(one.query) for one in asked], instant=True, format_=PromQueryFormat.TABLE
    )
    order = [names.get(id(one), one.label) if not one.label else one.label for one in columns]
    titles = dict(zip(order, (one.title for one in columns), strict=True))
    left_out = {"Time": True} | {names[id(one)]: True for one in asked if one.label}
    panel.with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
    panel.with_transformation(
        model.DataTransformerConfig(
            id_val="organize",
            options={
                "excludeByName": left_out,
                "includeByName": {},
                "indexByName": {name: index for index, name in enumerate(order)},
                "renameByName": titles,
            },
        )
    )
    for one in columns:
        if settings := _settings(one):
            panel.override_by_name(one.title, settings)
    panel.filterable(True)
    return panel.sort_by([common.TableSortByFieldState().display_name(sorted_by).desc(descending)])


def _names(asked: list[Column]) -> dict[int, str]:
    """What Grafana calls the values of each query: `Value` where there is one only."""
    if len(asked) == 1:
        return {id(asked[0]): "Value"}
    return {id(one): f"Value #{chr(ord('A') + index)}" for index, one in enumerate(asked)}


def _settings(column: Column) -> list[model.DynamicConfigValue]:
    found: dict[str, Any] = {}
    if column.unit:
        found["unit"] = column.unit
    if column.decimals is not None:
        found["decimals"] = column.decimals
    if column.width is not None:
        found["custom.width"] = column.width
    if column.hidden:
        found["custom.hidden"] = True
    if column.colours is not None:
        found["mappings"] = [column.colours.to_json() | {"options": _plain(column.colours)}]
    if column.thresholds:
        found["thresholds"] = {"mode": "absolute", "steps": [one.to_json() for one in column.thresholds]}
        found["color"] = {"mode": "thresholds"}
    if column.colours is not None or column.thresholds:
        found["custom.cellOptions"] = {"type": "color-background", "mode": "basic"}
    if column.links:
        found["links"] = [{"title": title, "url": url} for title, url in column.links.items()]
    return [model.DynamicConfigValue(id_val=name, value=value) for name, value in found.items()]


def _plain(mapping: model.ValueMap) -> dict[str, object]:
    return {value: shown.to_json() for value, shown in mapping.options.items()}

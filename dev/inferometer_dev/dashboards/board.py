"""A dashboard out of rows of panels, with what all of ours share: tags, variables, links to each other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from inferometer_dev.dashboards.panels import DATASOURCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inferometer_dev.dashboards.panels import Panel

UIDS = {
    "overview": "inferometer-overview",
    "run": "inferometer-run",
    "schedules": "inferometer-schedules",
    "operator": "inferometer-operator",
}
"""Fixed, so that links and bookmarks survive an import."""
TITLES = {
    "overview": "Inferometer / Overview",
    "run": "Inferometer / Run",
    "schedules": "Inferometer / Schedules",
    "operator": "Inferometer / Operator",
}
TO_RUN = f"/d/{UIDS['run']}?${{datasource:queryparam}}&var-namespace=${{__data.fields.namespace}}"
TO_RUN += "&var-benchmark=${__data.fields.benchmark}"
"""A link from a table with these two labels."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading; their widths fill lines of 24."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a dashboard shows at first, and how often it asks again."""

    since: str
    refresh: str


def board(name: str, text: str, span: Span, variables: Sequence[dashboard.QueryVariable], rows: Sequence[Row]) -> str:
    """The JSON of a dashboard: the same bytes each time."""
    made = dashboard.Dashboard(TITLES[name]).uid(UIDS[name]).description(text).tags(["inferometer"])
    made.time(span.since, "now").refresh(span.refresh).timezone("browser")
    made.tooltip(model.DashboardCursorSync.CROSSHAIR)
    made.with_variable(dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"))
    for variable in variables:
        made.with_variable(variable)
    for other in UIDS:
        if other != name:
            made.link(_link_to(other))
    for row in rows:
        made.with_row(dashboard.Row(row.title))
        for panel in row.panels:
            made.with_panel(panel)
    built = made.build()
    for number, one in enumerate(built.panels or [], start=1):
        one.id_val = number
    return encoded(built)


def encoded(built: model.Dashboard) -> str:
    """JSON as it lies in the chart."""
    return json.dumps(built, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def one_of(name: str, label: str, query: str) -> dashboard.QueryVariable:
    """A variable with one value out of those of a label."""
    variable = dashboard.QueryVariable(name).label(label).datasource(DATASOURCE)
    variable.query({"query": query, "refId": "StandardVariableQuery"})
    variable.refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
    return variable.sort(model.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC)


def some_of(name: str, label: str, query: str) -> dashboard.QueryVariable:
    """A variable with any number of values, all at first; all of them include a label that is not there."""
    everything = model.VariableOption(text="All", value="$__all", selected=True)
    return one_of(name, label, query).multi(True).include_all(True).all_value(".*").current(everything)


def _link_to(other: str) -> dashboard.DashboardLink:
    link = dashboard.DashboardLink(TITLES[other].partition(" / ")[2]).type(model.DashboardLinkType.LINK)
    return link.url(f"/d/{UIDS[other]}?${{datasource:queryparam}}").keep_time(True).icon("dashboard")

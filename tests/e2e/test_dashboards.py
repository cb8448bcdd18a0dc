"""Each query of each panel, and each selector of each alert, finds series in a real Prometheus that watched real runs.

The Prometheus runs in the cluster and finds what it scrapes by the pods' annotations, as a user's would. GPUs there are
none: their series come from a stand-in that replays the shapes of dcgm-exporter's and of Triton's.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e import monitored
from e2e.asked import ALERTS, DASHBOARDS, FOLDER, PANELS, STEP_S, Answer, ask, save, selectors, table
from e2e.cluster import Bench, bench_namespace, is_finished
from e2e.faults import held_back
from inferometer_dev.dashboards.pictures.asking import Asker
from inferometer_dev.dashboards.pictures.page import picture
from inferometer_dev.dashboards.queries import PanelQuery, substituted
from inferometer_dev.monitoring.install import install_prometheus, remove_prometheus
from integration.prometheus.server import Prometheus

pytestmark = pytest.mark.timeout(400)

LIVE = {"live", "triton", "gpu", "operator"}
"""Whose series are there while a run goes on: a panel that needs them must show it, not only its history."""
WHILE_IT_RUNS = {"live", "triton"}
"""Whose pods are gone after it: what asks for this moment has nothing to show then."""

RATE_INTERVAL = "8s"
"""As Grafana reckons it from a data source's scrape interval: four scrapes."""

SUBSTITUTE = "vector(0)"
"""What some queries show where there is nothing: such a query is never empty."""

FINE_STEP_S = 1.0
"""No coarser than the scrapes: a phase may last for one of them only."""


@dataclass
class Watched:
    """What Prometheus answered while the run went on and after it."""

    url: str
    prometheus: Prometheus
    began_s: float
    ended_s: float
    namespace: str
    during: dict[PanelQuery, Answer]
    after: dict[PanelQuery, Answer]

    def empty(self, expr: str) -> list[str]:
        """The selectors inside an expression that never found a series."""
        asked = selectors(self.prometheus, expr)
        assert asked
        return [one for one in asked if not self.history(one)]

    def history(self, promql: str) -> list[Any]:
        """The series of all the time."""
        return self.prometheus.query_range(promql, self.began_s, self.ended_s, FINE_STEP_S)


@pytest.fixture(scope="module")
def url(operator: int) -> Iterator[str]:
    """Where this machine reaches the Prometheus in the cluster."""
    yield install_prometheus()
    remove_prometheus()


@pytest.fixture(scope="module")
def watched(url: str) -> Iterator[Watched]:
    prometheus = Prometheus(url.removeprefix("http://"))
    with bench_namespace() as bench:
        began_s = time.time()
        monitored.start_gpu_exporter(bench)
        monitored.start_schedule(bench)
        monitored.fail(bench)
        monitored.starve(bench, prometheus)
        bench.apply(monitored.watched_run())
        variables = {"namespace": bench.namespace, "benchmark": monitored.RUN, "__rate_interval": RATE_INTERVAL}
        # What ends it is its report, which is kept from the operator until Prometheus has seen it waiting.
        with held_back("GET /v1/report"):
            during = _while_it_runs(bench, prometheus, variables, began_s)
            finishing = f'inferometer_run_phase{{{_of_the_run(bench)},phase="Finishing"}}'
            bench.wait_until(lambda: bool(prometheus.query(finishing)), 60, "seen to be finishing")
        status = bench.wait(monitored.RUN, is_finished, 90, "finished")["status"]
        assert status["result"]["errors"] == 0, status["reasons"]
        bench.wait_until(lambda: monitored.valid_runs(bench) >= 2, 120, "done with two runs of the schedule")
        verdict = f"inferometer_run_verdict{{{_of_the_run(bench)}}}"
        trend = f'inferometer_schedule_change_ratio{{namespace="{bench.namespace}"}}'
        bench.wait_until(lambda: bool(prometheus.query(f"{verdict} and on (namespace) {trend}")), 20, "scraped")
        _await_a_scrape(bench, prometheus)
        ended_s = time.time()
        after = {one: ask(prometheus, one, variables, began_s, ended_s) for one in PANELS}
        print(f"\n{table(during, after.values())}\nsaved: {save(during, after.values())}")
        yield Watched(url, prometheus, began_s, ended_s, bench.namespace, during, after)


def _while_it_runs(
    bench: Bench, prometheus: Prometheus, variables: dict[str, str], began_s: float
) -> dict[PanelQuery, Answer]:
    """Asks each query at half time, and one that finds nothing at each scrape until the load has ended."""
    state = f"inferometer_load_state{{{_of_the_run(bench)}}} == 1"
    completed = f"sum(inferometer_load_queries_completed_total{{{_of_the_run(bench)}}})"
    half = f"{completed} > max(inferometer_run_planned_queries{{{_of_the_run(bench)}}}) / 2"
    bench.wait_until(lambda: bool(prometheus.query(half)), 90, "seen half done")
    found = {one: ask(prometheus, one, variables, began_s, time.time()) for one in PANELS}
    while _states(prometheus, state) == {"Running"}:
        _await_a_scrape(bench, prometheus)
        empty = [one for one, answer in found.items() if not answer.result]
        found |= {one: ask(prometheus, one, variables, began_s, time.time()) for one in empty}
    return found


def _await_a_scrape(bench: Bench, prometheus: Prometheus) -> None:
    newest = "max(timestamp(inferometer_operator_build_info))"
    ((_, before_s),) = prometheus.query(newest)
    bench.wait_until(lambda: bool(prometheus.query(f"{newest} > {before_s}")), 20, "scraped again")


def _of_the_run(bench: Bench) -> str:
    return f'benchmark="{monitored.RUN}",namespace="{bench.namespace}"'


def _states(prometheus: Prometheus, promql: str) -> set[str]:
    return {labels["state"] for labels, _ in prometheus.query(promql)}


def _name(query: PanelQuery) -> str:
    return f"{query.dashboard}: {query.panel} {query.ref}"


@pytest.mark.parametrize("query", PANELS, ids=_name)
def test_a_panel_finds_series_while_a_run_goes_on_and_after_it(watched: Watched, query: PanelQuery) -> None:
    during, after = watched.during[query], watched.after[query]

    if query.needs in LIVE:
        assert during.result, f"{_name(query)} is empty while a run goes on: {during.expr}"
    if not (query.instant and query.needs in WHILE_IT_RUNS):
        assert after.result, f"{_name(query)} is empty after the run: {after.expr}"


@pytest.mark.parametrize("query", [one for one in PANELS if SUBSTITUTE in one.expr or one.needs == "gpu"], ids=_name)
def test_each_part_of_a_query_that_has_another_to_fall_back_on_finds_series(
    watched: Watched, query: PanelQuery
) -> None:
    assert watched.empty(substituted(query.expr, namespace=watched.namespace)) == []


@pytest.mark.parametrize("dashboard", sorted(DASHBOARDS.glob("*.json")), ids=lambda path: path.stem)
def test_a_dashboard_is_drawn_with_data_in_each_panel(watched: Watched, dashboard: Path) -> None:
    variables = {"namespace": watched.namespace, "benchmark": monitored.RUN}
    asker = Asker(watched.url, watched.began_s, watched.ended_s, STEP_S, variables)

    assert picture(json.loads(dashboard.read_text()), asker, FOLDER / f"{dashboard.stem}.png") == []


@pytest.mark.parametrize("alert", ALERTS, ids=[one["alert"] for one in ALERTS])
def test_each_selector_of_an_alert_finds_series(watched: Watched, alert: dict[str, str]) -> None:
    assert watched.empty(alert["expr"]) == []


def test_all_targets_were_found_by_their_annotations_and_answered(watched: Watched) -> None:
    up = watched.history("up")
    pods = {one["metric"]["pod"].rstrip("-0123456789") for one in up if any(float(value) for _, value in one["values"])}

    servers, coordinators = f"{monitored.RUN}-server", f"{monitored.RUN}-coordinator"
    assert {servers, coordinators, monitored.EXPORTER} <= pods
    assert any(one["metric"]["namespace"] == "inferometer-system" for one in up)

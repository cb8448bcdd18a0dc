"""The dashboards in the chart: complete, consistent, and what the code makes."""

import json
import re
from itertools import combinations
from typing import get_args

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.parser import text_string_to_metric_families

from inferometer_dev.dashboards.board import UIDS, encoded
from inferometer_dev.dashboards.colours import OUTCOMES, PHASES, STATES, VERDICTS
from inferometer_dev.dashboards.generate import FOLDER, dashboards, main
from inferometer_dev.dashboards.queries import GRAFANAS, panels_of, queries, queries_of, substituted
from inferometer_loadgen.protocol.api import RunState
from inferometer_loadgen.verdict.judge import Word
from inferometer_operator.metrics.runs import PHASES as ALL_PHASES
from unit.operator_tests.metrics.test_documentation import a_page_with_everything

FILES = {path.name: path.read_text() for path in sorted(FOLDER.glob("*.json"))}
BOARDS = {name: json.loads(text) for name, text in FILES.items()}
PANELS = [(board["uid"], panel) for board in BOARDS.values() for panel in panels_of(board)]
QUERIES = queries(FOLDER) if BOARDS else []

TRITONS = {
    "nv_inference_request_success",
    "nv_inference_request_failure",
    "nv_inference_count",
    "nv_inference_exec_count",
    "nv_inference_queue_duration_us",
    "nv_inference_compute_input_duration_us",
    "nv_inference_compute_infer_duration_us",
    "nv_inference_compute_output_duration_us",
    "nv_inference_pending_request_count",
    "nv_gpu_utilization",
    "nv_gpu_power_usage",
    "nv_gpu_memory_used_bytes",
}
"""Triton's metrics guide, those that a Triton exports without further flags."""
DCGMS = {"DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_FB_USED", "DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_XID_ERRORS"}
"""dcgm-exporter's default-counters.csv."""
OF_ANY_PROCESS = {"process_start_time_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total"}
OF_ANY_PROCESS |= {"process_open_fds", "up"}
METRIC = re.compile(r"\b(?:inferometer|nv|process|DCGM)_\w+|\bup\b")
FUNCTIONS_AND_LABELS = re.compile(r'"[^"]*"|\b(?:by|on|group_left)\s*\([^)]*\)')


def of_ours() -> set[str]:
    """What our pages have, by name; of histograms the buckets."""
    families = text_string_to_metric_families(a_page_with_everything())
    return {sample.name for family in families for sample in family.samples}


KNOWN = of_ours() | TRITONS | DCGMS | OF_ANY_PROCESS


def test_the_chart_has_the_four_that_the_code_makes():
    """`make dashboards` writes them; the order of bytes is the code's alone, so that a change shows as itself."""
    assert dict(dashboards()) == FILES
    assert {board["uid"] for board in BOARDS.values()} == set(UIDS.values())


def test_what_is_stale_is_named_and_left_alone_by_a_check_and_put_right_without(tmp_path, capsys):
    (tmp_path / "run.json").write_text("{}")
    (tmp_path / "of-old.json").write_text("{}")

    assert main(["--check", "--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert all(name in said for name in ("run.json", "of-old.json", "overview.json", "make dashboards"))
    assert main(["--folder", str(tmp_path)]) == 0
    assert {path.name: path.read_text() for path in tmp_path.glob("*.json")} == FILES
    assert main(["--check", "--folder", str(tmp_path)]) == 0


@pytest.mark.parametrize("name", BOARDS)
def test_grafanas_own_models_read_it_and_write_the_same_again(name):
    plugins.register_default_plugins()

    assert json.loads(encoded(Dashboard.from_json(BOARDS[name]))) == BOARDS[name]


@pytest.mark.parametrize("name", BOARDS)
def test_it_can_be_imported_by_hand_anywhere(name):
    board = BOARDS[name]
    source = next(one for one in board["templating"]["list"] if one["name"] == "datasource")

    assert source["type"] == "datasource"
    assert source["query"] == "prometheus"
    assert "__inputs" not in board
    assert "id" not in board
    used = set(re.findall(r'"uid": "([^"]*)"', FILES[name])) - {board["uid"]}
    assert used == {"${datasource}"}


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=lambda one: one if isinstance(one, str) else one["title"])
def test_a_panel_says_what_it_shows_in_which_unit_and_from_where(board, panel):
    del board
    defaults = panel["fieldConfig"]["defaults"]

    assert panel["title"]
    assert panel["description"].endswith(".")
    assert len(panel["description"]) > 30
    assert defaults["unit"]
    assert defaults["thresholds"]["steps"][0]["value"] is None
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["datasource"] == panel["datasource"]
        assert target["expr"].strip()
        assert target["legendFormat"]
    if panel["type"] == "timeseries":
        assert panel["options"]["legend"]["showLegend"] is True


@pytest.mark.parametrize("name", BOARDS)
def test_titles_are_unique_for_they_are_how_people_speak_of_panels(name):
    titles = [panel["title"] for panel in panels_of(BOARDS[name])]

    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("query", QUERIES, ids=lambda one: f"{one.dashboard}/{one.panel}/{one.ref}")
def test_a_query_asks_for_what_exists(query):
    asked = set(METRIC.findall(FUNCTIONS_AND_LABELS.sub("", query.expr)))

    assert asked
    assert asked <= KNOWN


@pytest.mark.parametrize("name", BOARDS)
def test_variables_that_are_used_are_there_and_those_that_are_there_are_used(name):
    board = BOARDS[name]
    there = {one["name"]: one for one in board["templating"]["list"]}
    texts = [one.expr for one in queries_of(board)]
    texts += [one["query"]["query"] for one in there.values() if one["type"] == "query"]
    used = {word for text in texts for word in re.findall(r"\$\{?([A-Za-z_]\w*)", text)}

    assert used - set(GRAFANAS) == set(there) - {"datasource"}
    for one in there.values():
        if one["type"] == "query":
            assert set(re.findall(r"label_values\((\w+)", one["query"]["query"])) <= KNOWN
            assert substituted(one["query"]["query"]).count("$") == 0


@pytest.mark.parametrize("name", BOARDS)
def test_panels_fill_their_lines_and_none_lies_on_another(name):
    places = [one["gridPos"] for one in BOARDS[name]["panels"]]
    cells = [{(x, y) for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])} for p in places]

    assert all(not one & other for one, other in combinations(cells, 2))
    assert all(p["x"] + p["w"] <= 24 for p in places)
    for y in {p["y"] for p in places}:
        assert sum(p["w"] for p in places if p["y"] == y) % 24 == 0


def test_links_lead_to_dashboards_of_ours_with_the_data_source():
    found = [re.findall(r'"url": "([^"]*)"', text) for text in FILES.values()]
    urls = [url for one in found for url in one]

    assert {url.partition("?${datasource:queryparam}")[0] for url in urls} == {f"/d/{uid}" for uid in UIDS.values()}
    assert (
        "&var-namespace=${__data.fields.namespace}&var-benchmark=${__data.fields.benchmark}" in FILES["overview.json"]
    )


def test_every_verdict_outcome_phase_and_state_has_a_colour_of_its_own():
    assert set(VERDICTS) == set(get_args(Word.__value__))
    assert VERDICTS.items() <= OUTCOMES.items()
    assert set(OUTCOMES) == {*VERDICTS, "Failed", "Deleted"}
    assert set(PHASES) == set(ALL_PHASES)
    assert set(STATES) == set(RunState)
    assert (VERDICTS["Valid"], VERDICTS["Invalid"], VERDICTS["Inconclusive"]) == ("green", "red", "orange")

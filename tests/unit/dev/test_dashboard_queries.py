"""The queries of dashboards, read out of their JSON."""

import json

import pytest

from inferometer_dev.dashboards.queries import PanelQuery, queries, queries_of, substituted

RATE = 'rate(nv_inference_count{pod=~"$benchmark-server-.+"}[$__rate_interval])'
A_DASHBOARD = {
    "uid": "inferometer-run",
    "panels": [
        {"type": "row", "title": "Servers", "panels": []},
        {
            "type": "timeseries",
            "title": "Batch size",
            "fieldConfig": {"defaults": {"unit": "short"}},
            "targets": [{"refId": "A", "expr": RATE}],
        },
        {
            "type": "row",
            "title": "Folded up",
            "panels": [
                {"type": "stat", "title": "Up", "targets": [{"refId": "A", "expr": "up", "instant": True}]},
            ],
        },
    ],
}


def test_each_query_is_found_also_in_a_row_that_is_folded_up():
    assert list(queries_of(A_DASHBOARD)) == [
        PanelQuery("inferometer-run", "Batch size", "A", RATE, instant=False, needs="triton", unit="short"),
        PanelQuery("inferometer-run", "Up", "A", "up", instant=True, needs="operator", unit=""),
    ]


def test_a_folder_is_read_file_by_file(tmp_path):
    (tmp_path / "b.json").write_text(json.dumps(A_DASHBOARD | {"uid": "b"}))
    (tmp_path / "a.json").write_text(json.dumps(A_DASHBOARD | {"uid": "a"}))

    assert [one.dashboard for one in queries(tmp_path)] == ["a", "a", "b", "b"]


def test_a_folder_without_dashboards_is_refused_for_else_nothing_would_be_tested(tmp_path):
    with pytest.raises(ValueError, match="make dashboards"):
        queries(tmp_path)


@pytest.mark.parametrize(
    ("expr", "needs"),
    [
        ("inferometer_load_state or inferometer_run_phase", "live"),
        ("nv_gpu_utilization or DCGM_FI_DEV_GPU_UTIL", "gpu"),
        ("inferometer_schedule_info * inferometer_run_info", "schedules"),
        ("inferometer_runs", "runs"),
        ("inferometer_operator_queue_depth", "operator"),
        ("process_cpu_seconds_total", "operator"),
    ],
)
def test_a_query_needs_the_series_that_are_the_hardest_to_come_by(expr, needs):
    panel = {"type": "stat", "title": "t", "targets": [{"refId": "A", "expr": expr}]}

    assert [one.needs for one in queries_of({"uid": "u", "panels": [panel]})] == [needs]


@pytest.mark.parametrize(
    ("expr", "sent"),
    [
        (RATE, 'rate(nv_inference_count{pod=~"nightly-server-.+"}[30s])'),
        ('up{a=~"${benchmark:regex}", b=~"${namespace}"}', 'up{a=~"nightly", b=~".*"}'),
        ('label_replace(x, "a", "$1", "b", "(.+)")', 'label_replace(x, "a", "$1", "b", "(.+)")'),
        ("x offset $__interval < $__interval_ms / 1000", "x offset 15s < 15000 / 1000"),
    ],
    ids=["plain", "in braces, and one that is not given", "a group is no variable", "Grafana's own"],
)
def test_variables_are_filled_in_as_grafana_does(expr, sent):
    assert substituted(expr, benchmark="nightly") == sent


def test_grafanas_own_can_be_given_too():
    assert substituted("rate(x[$__rate_interval])", __rate_interval="4s") == "rate(x[4s])"

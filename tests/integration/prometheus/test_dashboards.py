"""The dashboards' queries: read by Prometheus' own tool, and run against a Prometheus that has seen a pretended fleet.

That they have series beside real runs is the end-to-end test's part.
"""

import json
import subprocess
import time
from collections.abc import Iterator

import pytest
import yaml

from inferometer_dev.dashboards.generate import FOLDER
from inferometer_dev.dashboards.pictures.asking import Asker
from inferometer_dev.dashboards.pictures.page import picture
from inferometer_dev.dashboards.queries import queries, substituted
from inferometer_dev.gotools import binary

from .fleet import HOURS, LIVE, LIVE_S
from .fleet_live import recorded
from .server import Prometheus, prometheus
from .test_alerts import REPOSITORY, RULES


@pytest.mark.parametrize("dashboard", sorted({one.dashboard for one in queries(FOLDER)}))
def test_promtool_can_read_every_query(dashboard, tmp_path):
    rules = [
        {"record": f"query_{number}", "expr": substituted(one.expr), "labels": {"panel": one.panel}}
        for number, one in enumerate(queries(FOLDER))
        if one.dashboard == dashboard
    ]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": dashboard, "rules": rules}]}))

    ended = subprocess.run(
        [str(binary("promtool")), "check", "rules", "--lint-fatal", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"SUCCESS: {len(rules)} rules found" in ended.stdout + ended.stderr


def test_the_documented_configuration_is_one(tmp_path):
    page = (REPOSITORY / "docs" / "dashboards.md").read_text()
    (tmp_path / "prometheus.yml").write_text(page.partition("```yaml\n")[2].partition("```")[0])

    ended = subprocess.run(
        [str(binary("promtool")), "check", "config", "--lint=all", "--lint-fatal", str(tmp_path / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr


LOOKBACK = "--query.lookback-delta=61s"
"""A scraped series that vanishes ends at once; one out of a file would be there for five minutes more."""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory) -> Iterator[tuple[Prometheus, float]]:
    """A Prometheus that has seen twelve hours of a pretended fleet, and when they ended."""
    folder = tmp_path_factory.mktemp("prometheus")
    end_s = float(int(time.time()))
    recorded(end_s).store(folder)
    with prometheus(folder, [], RULES, LOOKBACK) as server:
        await_ready(server)
        yield server, end_s


def await_ready(server: Prometheus) -> None:
    deadline = time.monotonic() + 60
    while server.get("query", query="vector(1)") is None:
        assert time.monotonic() < deadline, "Prometheus did not answer within a minute"
        time.sleep(0.1)  # the pace of asking


@pytest.mark.parametrize("one", queries(FOLDER), ids=lambda one: f"{one.dashboard}/{one.panel}/{one.ref}")
def test_a_query_finds_its_series_in_what_our_own_pages_show(one, fleet):
    server, end_s = fleet
    expr = substituted(one.expr, benchmark=LIVE if one.dashboard == "inferometer-run" else ".*")
    if one.instant:
        found = server.get("query", query=expr, time=str(end_s))["result"]
    else:
        begin_s = end_s - LIVE_S if one.needs in {"live", "triton", "gpu"} else end_s - HOURS * 3600
        step = "15" if one.needs in {"live", "triton", "gpu"} else "60"
        expr = expr if step == "15" else substituted(one.expr, __rate_interval="4m", __interval="1m")
        found = server.get("query_range", query=expr, start=str(begin_s), end=str(end_s), step=step)["result"]

    assert found
    assert any(
        float(value) == float(value) for series in found for _, value in series.get("values", [series.get("value")])
    )


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_dashboard_can_be_drawn_with_data_in_every_panel(path, fleet, tmp_path):
    server, end_s = fleet
    minutes, interval_s = (LIVE_S / 60, 5.0) if path.stem == "run" else (HOURS * 60, 60.0)
    asker = Asker(server.url, end_s - minutes * 60, end_s, interval_s, {"benchmark": LIVE})

    empty = picture(json.loads(path.read_text()), asker, tmp_path / "picture.png")

    assert empty == []
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")

"""A schedule on a real node: each slot runs once, whoever dies; its status tells the trend; it takes its runs along."""

from datetime import datetime

import pytest
import yaml

from e2e.cluster import Bench, Object
from e2e.faults import await_operator, kill_operator
from inferometer_dev.paths import REPO

EXAMPLE = REPO / "examples" / "schedule.yaml"
RUN = "inferencebenchmark"

pytestmark = pytest.mark.timeout(300)


def each_minute() -> Object:
    """The example, with a run of five seconds at each full minute."""
    document: Object = yaml.safe_load(EXAMPLE.read_text())
    document["metadata"] = {"name": "often"}
    document["spec"] |= {"schedule": "* * * * *", "concurrencyPolicy": "Forbid"}
    document["spec"]["template"]["spec"]["load"]["minDuration"] = "5s"
    return document


def results(bench: Bench) -> list[Object]:
    found: list[Object] = bench.get("ibs", "often").get("status", {}).get("results", [])
    return found


def test_slots_run_once_each_and_their_results_are_set_beside_each_other(bench: Bench) -> None:
    bench.apply(each_minute())
    bench.wait_until(lambda: len(results(bench)) >= 1, 120, "done with its first run")
    kill_operator()
    await_operator()
    bench.wait_until(lambda: len(results(bench)) >= 2, 150, "done with its second run")

    found = results(bench)
    assert len({one["name"] for one in found}) == len(found)
    assert all(datetime.fromisoformat(one["time"]).second == 0 for one in found)
    assert all(one["outcome"] in {"Valid", "Invalid", "Inconclusive"} for one in found), found
    described = bench.kubectl("describe", "ibs", "often")
    assert "Glance:" in described
    assert all(one["name"] in described for one in found)
    header, row = bench.kubectl("get", "ibs").splitlines()
    assert header.startswith("NAME")
    assert "* * * * *" in row

    bench.kubectl("delete", "ibs", "often", "--wait=true")
    bench.wait_until(lambda: not bench.items(RUN) and not bench.items("pods"), 60, "rid of its runs and their pods")

"""Deleting a benchmark removes all that it made, at any moment."""

import pytest

from e2e.cluster import Bench, Object, condition, quickstart

EVERYTHING = "pods,secrets,configmaps,services,jobs"


def is_measuring(status: Object) -> bool:
    return bool(status.get("progress", {}).get("percent", 0))


def is_accepted(status: Object) -> bool:
    return condition(status, "Accepted").get("status") == "True"


@pytest.mark.parametrize("moment", [is_accepted, is_measuring], ids=["while servers start", "in mid-run"])
def test_deleting_a_benchmark_leaves_nothing_behind(bench: Bench, moment: object) -> None:
    assert callable(moment)
    bench.apply(quickstart("gone", **{"load.minDuration": "10m"}))
    bench.wait("gone", moment, 120, "there yet")
    assert bench.of_run("gone", EVERYTHING) != []

    bench.kubectl("delete", "ib", "gone", "--wait=true")

    bench.wait_until(lambda: bench.of_run("gone", EVERYTHING) == [], 30, "rid of everything")

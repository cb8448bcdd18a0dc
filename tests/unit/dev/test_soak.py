"""What a soak counts, and what it calls good."""

import json
from dataclasses import replace

import pytest

from inferometer_dev.soak import HEADER, USER, Sample, cells, count_requests, line

GOOD = Sample(run=3, at_s=90.0, verdict="Valid", took_s=12.34, memory_mib=81.2, requests=140, left=0, restarts=0)


def test_a_watch_that_begins_and_ends_is_one_request_and_others_do_not_count() -> None:
    said = [("a", USER), ("b", USER), ("b", USER), ("c", "system:serviceaccount:kube-system:job-controller")]
    log = [json.dumps({"auditID": id_, "user": {"username": user}}).encode() for id_, user in said]

    assert count_requests(log) == 2


def test_a_line_stands_under_its_header() -> None:
    assert line(cells(GOOD)).split() == ["3", "1.5", "Valid", "12.3", "81.2", "140", "0"]
    assert len(line(cells(GOOD))) == len(line(HEADER))


@pytest.mark.parametrize("change", [{"verdict": "WorkerLost"}, {"left": 1}, {"restarts": 1}])
def test_a_run_is_not_good_that_failed_or_left_something_or_whose_operator_died(change: dict[str, object]) -> None:
    assert GOOD.is_good
    assert not replace(GOOD, **change).is_good  # type: ignore[arg-type]

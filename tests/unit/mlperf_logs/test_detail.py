"""A report's detail log, read as the submission checker reads one."""

import json

import pytest
from msgspec.structs import replace

from inferometer_loadgen.mlperf_logs.detail import detail_text
from unit.report.reports import a_report


def read(text: str) -> dict[str, object]:
    assert text.startswith(":::MLLOG")
    lines = [json.loads(line.removeprefix(":::MLLOG ")) for line in text.splitlines()]
    return {line["key"]: line["value"] for line in lines}


def with_scenario(scenario: str):
    report = a_report()
    return replace(report, plan=replace(report.plan, stream=replace(report.plan.stream, scenario=scenario)))


def test_a_server_run_tells_its_verdict_and_metric() -> None:
    log = read(detail_text(a_report()))
    assert log["result_validity"] == "VALID"
    assert log["result_completed_samples_per_sec"] == 40.1
    assert log["result_99.00_percentile_latency_ns"] == 15_200_000


@pytest.mark.parametrize("verdict", ["Invalid", "Inconclusive"])
def test_what_is_not_valid_is_invalid(verdict: str) -> None:
    assert read(detail_text(a_report(verdict=verdict)))["result_validity"] == "INVALID"


def test_offline_is_one_query_of_all_samples() -> None:
    log = read(detail_text(with_scenario("Offline")))
    assert (log["effective_min_query_count"], log["effective_samples_per_query"]) == (1, 880)  # 10% more than it needs
    assert log["result_query_count"] == 1


def test_it_never_claims_to_be_the_official_package() -> None:
    assert not [key for key in read(detail_text(a_report())) if key.startswith("loadgen_")]


def test_an_unknown_percentile_is_left_out() -> None:
    log = read(detail_text(a_report(latency={"p999_ns": None})))
    assert "result_99.90_percentile_latency_ns" not in log


@pytest.mark.parametrize("scenario", ["Replay", "Concurrency"])
def test_a_scenario_that_mlperf_lacks_has_none(scenario: str) -> None:
    with pytest.raises(ValueError, match=f"scenario {scenario}: MLPerf has no logs"):
        detail_text(with_scenario(scenario))

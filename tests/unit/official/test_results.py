"""LoadGen's detail log, as the package itself has written it."""

import pytest

from inferometer_loadgen.official.results import METRICS, LogError, read_result
from inferometer_loadgen.verdict import ReasonType
from unit.mlperf_logs.official_logs import read_detail
from unit.official.tests_of_loadgen import a_plan, answered_at_once

BROKEN_BY_NOTHING = """\
:::MLLOG {"key": "result_validity", "value": "INVALID"}
:::MLLOG {"key": "result_completed_samples_per_sec", "value": 9}
"""


@pytest.mark.parametrize("scenario", METRICS)
def test_a_valid_run_is_read(scenario):
    queries = {"MultiStream": 700, "Server": 500}.get(scenario, 100)
    detail = answered_at_once(a_plan(scenario, min_queries=queries, min_duration_ns=0)).logs.detail

    result = read_result(detail, scenario)

    assert result.is_valid
    assert (result.broken, result.advice, result.errors) == ((), "", ())
    written = read_detail(detail)
    assert result.value == written[METRICS[scenario]]
    assert set(result.latency_ns) == {"min", "max", "mean", "50.00", "90.00", "95.00", "97.00", "99.00", "99.90"}
    of_queries = "per_query_" if scenario == "MultiStream" else ""
    assert result.latency_ns["99.00"] == written[f"result_99.00_percentile_{of_queries}latency_ns"]


def test_what_makes_a_run_invalid_is_typed_and_advised_in_its_own_words():
    result = read_result(answered_at_once(a_plan("Server", bound_ns=1)).logs.detail, "Server")

    assert not result.is_valid
    assert [type_ for type_, _ in result.broken] == [
        ReasonType.LATENCY_BOUND_EXCEEDED,
        ReasonType.EARLY_STOPPING_NOT_MET,
    ]
    assert result.advice.startswith("Reduce target QPS to improve latency.")


def test_a_closed_loop_that_ran_out_of_queries_says_what_it_lacked():
    plan = a_plan("SingleStream", min_duration_ns=5_000_000_000, min_queries=1)

    result = read_result(answered_at_once(plan).logs.detail, "SingleStream")

    assert ReasonType.MIN_DURATION_NOT_MET in [type_ for type_, _ in result.broken]
    assert "Decrease the expected latency" in result.advice
    assert "Ran out of generated queries" in result.errors[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":::MLLOG {",
        ':::MLLOG {"key": "result_validity", "value": "VALID"}',
        BROKEN_BY_NOTHING,
    ],
)
def test_a_log_without_a_result_is_refused(text):
    with pytest.raises(LogError):
        read_result(text, "Server")

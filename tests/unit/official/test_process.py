"""The official LoadGen in its process: the plan's settings, the plan's stream, and deaths that are told."""

import pytest
from msgspec.structs import replace

from inferometer_loadgen.mlperf_logs.settings import effective_settings
from inferometer_loadgen.official.process import LoadGenProcess, OfficialEndedError, last_words
from inferometer_loadgen.stream import make_stream
from unit.mlperf_logs.official_logs import read_detail
from unit.official.tests_of_loadgen import a_plan, answered_at_once, run_to_its_end, settings

HANG_ON_THE_LATENCY = {"effective_target_qps"}
"""Of closed loops LoadGen tells the rate that follows from the latency that it was told to expect."""


@pytest.mark.parametrize("scenario", ["SingleStream", "MultiStream", "Server", "Offline"])
def test_it_takes_the_plans_settings_and_asks_the_plans_stream(scenario):
    plan = a_plan(scenario)

    asked = answered_at_once(plan)

    detail = read_detail(asked.logs.detail)
    ours = effective_settings(plan.stream, plan.judge)
    left_out = HANG_ON_THE_LATENCY if scenario in {"SingleStream", "MultiStream"} else set()
    assert {key: detail[key] for key in ours if key not in left_out} == {
        key: value for key, value in ours.items() if key not in left_out
    }
    per_row = plan.stream.samples_per_query
    rows = None if scenario in {"Server", "Offline"} else len(asked.samples) // per_row
    assert asked.samples == make_stream(plan.stream, rows).sample.tolist()
    assert asked.logs.version == "6.0.17"
    assert detail["sut_name"] == "a system"


@pytest.mark.parametrize("order", ["Unique", "Same", "Permutations"])
def test_each_order_is_loadgens_too(order):
    plan = a_plan("Server", order=order, same_index=3)

    asked = answered_at_once(plan)

    assert asked.samples == make_stream(plan.stream).sample.tolist()


def test_settings_that_it_refuses_are_told_in_its_own_words():
    process = LoadGenProcess(settings("Server", qsl_rng_seed=-1), lambda: "")

    with pytest.raises(OfficialEndedError, match=r"ended with code 1; it said: .*incompatible function arguments"):
        run_to_its_end(process)


def test_settings_that_crash_it_are_told():
    bad = {"performance_issue_unique": True, "sample_concatenate_permutation": True, "min_duration_ms": 100}
    process = LoadGenProcess(settings("MultiStream", **bad), lambda: "")

    with pytest.raises(OfficialEndedError, match=r"ended with (signal SIG|code 1; it said: .*IndexError)"):
        run_to_its_end(process)


def test_a_warm_up_says_how_many_queries_it_lays_out():
    plan = a_plan("SingleStream")
    few = replace(plan, stream=replace(plan.stream, min_duration_ns=1_000_000_000))

    laid_out = read_detail(answered_at_once(few).logs.detail)["generated_query_count"]

    # 1 s at 1 ms, and twice that.
    assert laid_out == 2_001


def test_of_much_that_was_said_the_last_lines_are_told_on_one():
    assert last_words("") == "nothing"
    assert last_words("one\ntwo\n\n  three\n  ~~~^^^\nfour\n") == "two | three | four"
    assert len(last_words("9" * 10_000)) == 600

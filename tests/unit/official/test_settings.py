"""From a plan to LoadGen's settings."""

import pytest
from msgspec.structs import replace

from inferometer_loadgen.official.settings import settings_of
from unit.official.tests_of_loadgen import a_plan


def test_a_server_is_told_its_rate_its_bound_and_its_seeds():
    values = settings_of(a_plan("Server", bound_ns=15_000_000), None).values

    assert values["server_target_qps"] == 1000.0
    assert values["server_target_latency_ns"] == 15_000_000
    assert values["server_target_latency_percentile"] == 0.99
    assert (values["qsl_rng_seed"], values["sample_index_rng_seed"], values["schedule_rng_seed"]) == (1, 2, 3)
    assert (values["min_duration_ms"], values["min_query_count"]) == (300, 100)


@pytest.mark.parametrize(
    ("scenario", "warm_ns", "expected_ns"),
    [("SingleStream", 4_000_000, 4_000_000), ("SingleStream", None, 1_000_000), ("MultiStream", None, 8_000_000)],
)
def test_a_closed_loop_is_expected_to_be_as_fast_as_its_warm_up(scenario, warm_ns, expected_ns):
    values = settings_of(a_plan(scenario), warm_ns).values

    name = {"SingleStream": "single_stream", "MultiStream": "multi_stream"}[scenario]
    assert values[f"{name}_expected_latency_ns"] == expected_ns


def test_a_scenario_that_is_not_loadgens_has_no_settings():
    plan = a_plan("Server")
    with pytest.raises(ValueError, match="no scenario Replay"):
        settings_of(replace(plan, stream=replace(plan.stream, scenario="Replay")), None)
